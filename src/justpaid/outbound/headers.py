"""Which header fields a request may carry, and how an answer's are read.

Guarantee: no text put into a header can end it, add another, or change how the message is framed.
"""

import re
from collections.abc import Iterable
from typing import Final

MAX_HEADER_LENGTH: Final = 8000

_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}")
_FORBIDDEN_VALUE: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")
# The client writes these itself, or they speak about the connection and not the message.
OWN_HEADERS: Final = frozenset(
    (
        "connection",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    )
)


def header_problem(name: str, value: str) -> str | None:
    """Say what is wrong with a header field, or None; the message never quotes the value."""
    if not _NAME.fullmatch(name):
        return "is not a header name"
    if name.lower() in OWN_HEADERS:
        return "cannot be set: the client writes this header itself"
    if len(value) > MAX_HEADER_LENGTH:
        return f"is longer than {MAX_HEADER_LENGTH} characters"
    if _FORBIDDEN_VALUE.search(value):
        return "holds a line break or another control character"
    return None


def read_headers(raw: Iterable[tuple[bytes, bytes]]) -> tuple[tuple[str, str], ...]:
    """Decode an answer's header fields: names in lower case, values as clean text."""
    return tuple((_decode(name).lower(), _decode(value)) for name, value in raw)


def _decode(raw: bytes) -> str:
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    return text.replace("\0", "\ufffd")
