"""Random tokens of sessions and links: shown once, stored as a hash, useless when read from it."""

import hashlib
import re
import secrets
from typing import Final

_BYTES: Final = 32  # 256 bits, so a plain hash cannot be searched
_FORM: Final = re.compile(r"[A-Za-z0-9_-]{43}")


def new_token() -> str:
    """Make a token of 43 characters that stand unescaped in a cookie and in a fragment."""
    return secrets.token_urlsafe(_BYTES)


def is_token(text: str) -> bool:
    """Say whether a text has the form of a token; what has not is never looked up."""
    return _FORM.fullmatch(text) is not None


def hash_token(token: str) -> bytes:
    """Compute what is stored of a token."""
    return hashlib.sha256(b"justpaid-token-1:" + token.encode()).digest()
