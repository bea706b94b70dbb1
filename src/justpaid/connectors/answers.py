"""Reads an answer into a step's output: JSON with exact numbers, else text."""

import re
from collections.abc import Iterable
from typing import Final

from justpaid import exact_json
from justpaid.errors import InvalidInput
from justpaid.exact_json import JsonObject, JsonValue
from justpaid.outbound.masking import Masker
from justpaid.outbound.messages import Response

MAX_OUTPUT_BYTES: Final = 1 << 20

_CHARSET: Final = re.compile(r';\s*charset="?([A-Za-z0-9_-]{1,40})', re.IGNORECASE)
_BOM: Final = b"\xef\xbb\xbf"
# A charset is the sender's word; only ones that cannot make half characters are taken.
_CHARSETS: Final = frozenset(("utf-8", "us-ascii", "iso-8859-1", "windows-1252", "utf-16"))
_TEXT_SHOWN_CHARACTERS: Final = 4096
# JSON writes a character of text in six bytes at most.
_SURELY_SMALL_BYTES: Final = MAX_OUTPUT_BYTES // 8


def read_output(response: Response) -> JsonObject:
    """Return `{status, headers, body}`."""
    return {
        "status": response.status,
        "headers": _join(response.headers),
        "body": read_body(response),
    }


def read_body(response: Response) -> JsonValue:
    """Return the body: parsed when its type is JSON, otherwise text; None when it is empty."""
    raw = response.body
    if not raw:
        return None
    content_type = response.header("content-type") or ""
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type == "application/json" or media_type.endswith("+json"):
        try:
            return exact_json.parse(raw.removeprefix(_BOM))
        except InvalidInput:
            pass  # what is no JSON, or out of bounds, is still worth reading as text
    charset = _CHARSET.search(content_type)
    return _text(raw, charset.group(1).lower() if charset else None)


def is_too_large(response: Response, output: JsonObject) -> bool:
    """Say whether an output is larger than a step may keep."""
    if len(response.body) <= _SURELY_SMALL_BYTES:
        return False
    return len(exact_json.encode(output)) > MAX_OUTPUT_BYTES


def shown_body(response: Response, masker: Masker) -> JsonValue:
    """Return as much of a body as an error's record keeps, masked before it is cut."""
    if len(response.body) <= _TEXT_SHOWN_CHARACTERS:
        return masker.mask(read_body(response))
    # A secret of n characters takes at most 4n bytes; it must lie whole in what is masked.
    head = response.body[: _TEXT_SHOWN_CHARACTERS + 4 * masker.longest]
    return masker.mask_text(_text(head, None))[:_TEXT_SHOWN_CHARACTERS]


def _join(headers: Iterable[tuple[str, str]]) -> JsonObject:
    joined: JsonObject = {}
    for name, value in headers:
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined


def _text(raw: bytes, charset: str | None) -> str:
    encoding = charset if charset in _CHARSETS else "utf-8"
    return raw.decode(encoding, errors="replace").replace("\0", "\ufffd")
