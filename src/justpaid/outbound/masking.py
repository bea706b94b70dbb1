"""Replaces the values of known secrets in any JSON value or text: the second net.

Guarantee: no text of a masked value contains a known secret of eight characters or more, as it
is, as JSON writes it, or percent-encoded. Shorter values would tear up ordinary text and are left.
"""

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Final
from urllib.parse import quote, quote_plus

from justpaid.exact_json import JsonValue, encode_text

MASK: Final = "***"
# What people write there themselves is a secret all the same; a connection's is not in it at all.
_SECRET_HEADERS: Final = frozenset(
    {"authorization", "proxy-authorization", "cookie", "x-api-key", "api-key", "x-auth-token"}
)
MIN_SECRET_LENGTH: Final = 8


class Masker:
    """A set of secrets, ready to be masked; its repr and errors tell none of them."""

    __slots__ = ("_pattern", "longest")

    def __init__(self, secrets: Iterable[str]) -> None:
        spellings = {
            spelling
            for secret in secrets
            if len(secret) >= MIN_SECRET_LENGTH
            for spelling in _spellings(secret)
        }
        # Longest first, so that a secret that contains another leaves no rest.
        ordered = sorted(spellings, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, ordered))) if ordered else None
        self.longest = len(ordered[0]) if ordered else 0

    def mask_text(self, text: str) -> str:
        """Return a text with every known secret replaced."""
        return self._pattern.sub(MASK, text) if self._pattern else text

    def mask(self, value: JsonValue) -> JsonValue:
        """Return a JSON value with every known secret replaced, keys and numbers included."""
        return self._mask(value) if self._pattern else value

    def _mask(self, value: JsonValue) -> JsonValue:
        if isinstance(value, str):
            return self.mask_text(value)
        if isinstance(value, dict):
            return {self.mask_text(key): self._mask(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._mask(item) for item in value]
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            text = encode_text(value)
            return value if self.mask_text(text) == text else MASK
        return value


NOTHING_TO_MASK: Final = Masker(())


def _spellings(secret: str) -> Iterable[str]:
    as_json = encode_text(secret)[1:-1]
    yield secret
    yield as_json
    yield as_json.replace("/", "\\/")  # as some encoders write a slash
    yield quote(secret, safe="", errors="replace")
    yield quote_plus(secret, errors="replace")


def mask_headers(headers: JsonValue) -> JsonValue:
    """Return headers, an object or a list of pairs, without what secret ones hold."""
    if isinstance(headers, dict):
        return {name: mask_header(name, value) for name, value in headers.items()}
    if isinstance(headers, list):
        return [
            [pair[0], mask_header(str(pair[0]), pair[1])]
            if isinstance(pair, list) and len(pair) > 1
            else pair
            for pair in headers
        ]
    return headers


def mask_header(name: str, value: JsonValue) -> JsonValue:
    """Return what a header holds, or the mask where its name says that this is a secret."""
    return MASK if name.lower() in _SECRET_HEADERS and value is not None else value
