"""Functions on any value: conversion, presence, JSON, and digests of text."""

import base64 as encoding
import hashlib
import uuid
from typing import Final

from justpaid import exact_json
from justpaid.errors import InvalidInput
from justpaid.exact_json import JsonValue
from justpaid.expressions import arguments, decimals, values
from justpaid.expressions.arguments import wrong
from justpaid.expressions.budget import Budget
from justpaid.expressions.errors import Fault
from justpaid.expressions.values import is_number, is_truthy, shortened

_BOOLEANS: Final = {
    "true": True,
    "yes": True,
    "1": True,
    "false": False,
    "no": False,
    "0": False,
    "": False,
}
_NAMESPACES: Final = {
    "dns": uuid.NAMESPACE_DNS,
    "url": uuid.NAMESPACE_URL,
    "oid": uuid.NAMESPACE_OID,
    "x500": uuid.NAMESPACE_X500,
}
_JSON_CHARACTERS_PER_UNIT: Final = 8


def number(budget: Budget, value: JsonValue) -> JsonValue:
    """Read a number from a string, with its digits; a number stays as it is."""
    if is_number(value):
        return value
    if isinstance(value, str):
        budget.charge_text(len(value))
        found = decimals.numeric(value)
        if found is not None:
            return found
    raise wrong(0, "a number or a string that holds one", value)


def string(budget: Budget, value: JsonValue) -> JsonValue:
    """Write a value as a template does."""
    return values.to_text(value, budget)


def boolean(_budget: Budget, value: JsonValue) -> JsonValue:
    """Read true or false, also from the usual words; other values by whether they count as true."""
    if not isinstance(value, str):
        return is_truthy(value)
    found = _BOOLEANS.get(value.strip().lower()) if len(value) <= 40 else None  # noqa: PLR2004  no word is longer
    if found is None:
        raise wrong(0, "a boolean or one of true, yes, 1, false, no, 0", value)
    return found


def to_json(budget: Budget, value: JsonValue) -> JsonValue:
    """Write a value as JSON."""
    text = values.to_json(value, budget)
    budget.charge_text(len(text))
    return text


def parse_json(budget: Budget, value: JsonValue) -> JsonValue:
    """Read JSON, with exact numbers."""
    text = arguments.text(value, 0)
    budget.charge(1 + len(text) // _JSON_CHARACTERS_PER_UNIT)
    try:
        return exact_json.parse(text)
    except InvalidInput as error:
        problem = error.problems[0]
        place = f" at {shortened(problem.field)}" if problem.field else ""
        raise Fault(f"not JSON: {problem.message}{place}", argument=0) from None


def default(_budget: Budget, value: JsonValue, other: JsonValue) -> JsonValue:
    """Return the value, or the other when it is null or empty text."""
    return other if value is None or value == "" else value


def coalesce(_budget: Budget, *candidates: JsonValue) -> JsonValue:
    """Return the first value that is not null."""
    return next((value for value in candidates if value is not None), None)


def is_empty(_budget: Budget, value: JsonValue) -> JsonValue:
    """Tell whether a value is null, empty text, an empty array or an empty object."""
    return value is None or (isinstance(value, str | list | dict) and not value)


def exists(_budget: Budget, value: JsonValue) -> JsonValue:
    """Tell whether a value is not null."""
    return value is not None


def type_of(_budget: Budget, value: JsonValue) -> JsonValue:
    """Name a value's type."""
    return values.type_name(value)


def raw(_budget: Budget, value: JsonValue) -> JsonValue:
    """Return the value; as a whole template it asks an HTML body not to escape it."""
    return value


def base64(budget: Budget, value: JsonValue) -> JsonValue:
    """Encode a string's UTF-8 in base 64."""
    data = _utf8(budget, value, 0)
    return encoding.b64encode(data).decode("ascii")


def sha256(budget: Budget, value: JsonValue) -> JsonValue:
    """Return the SHA-256 of a string's UTF-8, in hexadecimal."""
    return hashlib.sha256(_utf8(budget, value, 0)).hexdigest()


def uuid5(budget: Budget, namespace: JsonValue, name: JsonValue) -> JsonValue:
    """Return the UUID of a name in a namespace: a UUID, or dns, url, oid or x500."""
    space = arguments.text(namespace, 0)
    text = _utf8(budget, name, 1).decode()
    known = _NAMESPACES.get(space)
    try:
        return str(uuid.uuid5(known or uuid.UUID(space), text))
    except ValueError:
        raise wrong(0, "a UUID, or one of dns, url, oid and x500", namespace) from None


def _utf8(budget: Budget, value: JsonValue, argument: int) -> bytes:
    text = arguments.text(value, argument)
    budget.charge_text(4 * len(text))
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise Fault("the string holds half of a surrogate pair", argument=argument) from None
