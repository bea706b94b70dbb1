"""A key's terms as an operator writes and reads them on the command line."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from justpaid.api_keys.key_format import KEY_LENGTH, PREFIX, is_well_formed
from justpaid.api_keys.key_view import show_key
from justpaid.api_keys.model import ApiKey
from justpaid.errors import InvalidInput, Problem
from justpaid.exact_json import JsonObject
from justpaid.ids import Prefix, encode_id
from justpaid.scopes import Category, Scope

_SPAN: Final = re.compile(r"(\d{1,5})([hdw])")
_SPAN_UNITS: Final = {"h": "hours", "d": "days", "w": "weeks"}
_LIMIT: Final = re.compile(r"([a-z]+)=(\d{1,9})")


def parse_scopes(text: str) -> frozenset[Scope]:
    """Read `workflows:read,runs:read`, or `all`. Raises InvalidInput naming the unknown one."""
    if text.strip() == "all":
        return frozenset(Scope)
    found: set[Scope] = set()
    for part in filter(None, (part.strip() for part in text.split(","))):
        if part not in set(Scope):
            raise _wrong("--scopes", f"{part!r} is no scope; take {', '.join(Scope)}, or all")
        found.add(Scope(part))
    return frozenset(found)


def parse_expiry(text: str, now: datetime) -> datetime:
    """Read a span from now (`12h`, `90d`, `26w`), a date, or a moment; without a zone it is UTC."""
    span = _SPAN.fullmatch(text)
    if span is not None:
        return now + timedelta(**{_SPAN_UNITS[span[2]]: int(span[1])})
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        message = f"{text!r} is neither a span such as 90d nor a date such as 2027-01-31"
        raise _wrong("--expires", message) from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def parse_limits(texts: Sequence[str]) -> dict[Category, int]:
    """Read `execute=1000`, once or more."""
    found: dict[Category, int] = {}
    for text in texts:
        parts = _LIMIT.fullmatch(text)
        if parts is None or parts[1] not in set(Category):
            choices = " or ".join(f"{category}=N" for category in Category)
            raise _wrong("--limit", f"{text!r} is not {choices}, N requests a minute")
        found[Category(parts[1])] = int(parts[2])
    return found


def find_form_problem(text: str) -> str | None:
    """Say why a text cannot be a key, without repeating any of it; None when it can."""
    if is_well_formed(text):
        return None
    if not text:
        return "There is nothing on stdin."
    if not text.startswith(PREFIX):
        return f"A key starts with {PREFIX}; this does not."
    if len(text) != KEY_LENGTH:
        return f"A key has {KEY_LENGTH} characters; this has {len(text)}."
    if not text.removeprefix(PREFIX).isalnum() or not text.isascii():
        return f"After {PREFIX} a key has letters and digits alone; this has something else."
    return "The checksum is wrong: a character was changed or mixed up on the way."


def key_shape(key: ApiKey) -> JsonObject:
    """Write a key as the admin API does, and whose it is."""
    return {**show_key(key), "companyId": encode_id(Prefix.COMPANY, key.company_id)}


def _wrong(option: str, message: str) -> InvalidInput:
    return InvalidInput("The key is not valid.", [Problem(option, message)])
