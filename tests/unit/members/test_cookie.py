"""The session's cookie and token: what is written, and what is read back."""

from typing import Any

import pytest

from justpaid.members.cookie import SessionCookie
from justpaid.members.tokens import hash_token, is_token, new_token

PLAIN = SessionCookie.of_address("http://127.0.0.1:8080")
SECURE = SessionCookie.of_address("https://workflows.example.com")
TOKEN = new_token()


def _scope(*cookies: str) -> dict[str, Any]:
    return {"headers": [(b"cookie", cookie.encode("latin-1")) for cookie in cookies]}


def test_attributes() -> None:
    """No script reads the cookie, no other site's form sends it, https alone carries it."""
    assert PLAIN.set_header(TOKEN, 60) == (
        f"justpaid_session={TOKEN}; Path=/; Max-Age=60; HttpOnly; SameSite=Lax"
    )
    assert SECURE.set_header(TOKEN, 60) == (
        f"__Host-justpaid_session={TOKEN}; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure"
    )
    assert "Max-Age=0" in SECURE.clear_header()


def test_reading() -> None:
    """The cookie is found among others, also where HTTP/2 splits the header."""
    assert PLAIN.read(_scope(f"a=1; justpaid_session={TOKEN}; b=2")) == TOKEN
    assert PLAIN.read(_scope("a=1", f"justpaid_session={TOKEN}")) == TOKEN
    assert PLAIN.read(_scope(f"justpaid_session={TOKEN}; justpaid_session={TOKEN}")) == TOKEN


@pytest.mark.parametrize(
    "cookies",
    [
        (),
        ("",),
        ("justpaid_session",),
        ("justpaid_session=",),
        ("justpaid_session=short",),
        (f"justpaid_session={TOKEN}x",),
        (f"justpaid_session={TOKEN[:-1]}é",),
        (f"xjustpaid_session={TOKEN}",),
        (f"__Host-justpaid_session={TOKEN}",),
        (f"justpaid_session={TOKEN}; justpaid_session={new_token()}",),
    ],
)
def test_what_is_no_session(cookies: tuple[str, ...]) -> None:
    """A missing, malformed or ambiguous cookie is none, and never looked up."""
    assert PLAIN.read(_scope(*cookies)) is None


def test_tokens() -> None:
    """Tokens have 256 bits, differ, and are stored as something else."""
    assert is_token(TOKEN)
    assert new_token() != TOKEN
    assert hash_token(TOKEN) != hash_token(TOKEN[:-1])
    assert len(hash_token(TOKEN)) == 32
