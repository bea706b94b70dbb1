"""What may be asked of a connection."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from justpaid.connections.changes import (
    ConnectionChange,
    NewConnection,
    check_change,
    check_new,
)
from justpaid.connections.model import AuthType, Connection, ConnectionStatus
from justpaid.errors import InvalidInput
from justpaid.ids import new_id

_API = "https://api.example.com"
_NEW = NewConnection("Billing", "http", {"token": "tok-123456789"}, allowed_origins=[_API])
_NOW = datetime(2026, 3, 1, tzinfo=UTC)
_STORED = Connection(
    id=new_id(),
    company_id=new_id(),
    name="Billing",
    provider="http",
    status=ConnectionStatus.ACTIVE,
    auth_type=AuthType.BEARER,
    external_account_id=None,
    scopes=(),
    allowed_origins=(_API, "https://files.example.com"),
    test_url=f"{_API}/me",
    hints={"token": "…6789"},
    expires_at=None,
    last_used_at=None,
    last_error=None,
    created_by="key_1",
    created_at=_NOW,
    updated_at=_NOW,
)


def _fields(refusal: pytest.ExceptionInfo[InvalidInput]) -> list[str]:
    return [problem.field for problem in refusal.value.problems]


def test_a_new_connection_is_normalised() -> None:
    """Origins are stored in the one form that is compared at the wire."""
    asked = replace(
        _NEW,
        allowed_origins=["HTTPS://API.example.com:443/", _API, "http://[::1]:8080"],
        test_url=f"{_API}/v1/me?x=1",
    )
    checked = check_new(asked)
    assert checked.auth_type is AuthType.BEARER
    assert checked.allowed_origins == (_API, "http://[::1]:8080")
    assert checked.test_url == f"{_API}/v1/me?x=1"
    assert checked.hints == {"token": "…6789"}


@pytest.mark.parametrize(
    ("asked", "fields"),
    [
        (replace(_NEW, name="  "), ["name"]),
        (replace(_NEW, provider="stripe"), ["provider"]),
        (replace(_NEW, allowed_origins=[]), ["allowedOrigins"]),
        (replace(_NEW, allowed_origins=[_API] * 21), ["allowedOrigins"]),
        (replace(_NEW, allowed_origins=[_API, f"{_API}/path", "*"]),
         ["allowedOrigins[1]", "allowedOrigins[2]"]),
        (replace(_NEW, allowed_origins=["https://user:pw@example.com"]), ["allowedOrigins[0]"]),
        (replace(_NEW, test_url="https://other.example.com/"), ["testUrl"]),
        (replace(_NEW, test_url="ftp://x/"), ["testUrl"]),
        (replace(_NEW, auth_type=AuthType.OAUTH2), ["authType"]),
        (replace(_NEW, auth_type=AuthType.BASIC),
         ["credentials.token", "credentials.username", "credentials.password"]),
        (replace(_NEW, credentials={"nonsense": 1}), ["authType"]),
        (NewConnection("", "x", {"y": 1}), ["name", "provider", "authType", "allowedOrigins"]),
    ],
)  # fmt: skip
def test_everything_wrong_with_a_new_connection_is_named(
    asked: NewConnection, fields: list[str]
) -> None:
    """A person sees all mistakes at once, each at its field."""
    with pytest.raises(InvalidInput) as refusal:
        check_new(asked)
    assert _fields(refusal) == fields


def test_a_change_leaves_what_it_does_not_name() -> None:
    """Renaming a connection touches neither its secret nor where that may go."""
    changed, secrets = check_change(_STORED, ConnectionChange(name="Invoices"))
    assert secrets is None
    assert changed == replace(_STORED, name="Invoices")


def test_new_credentials_change_type_and_hint() -> None:
    """A rotated secret shows its own hint."""
    change = ConnectionChange(credentials={"username": "u", "password": "another-password"})
    changed, secrets = check_change(_STORED, change)
    assert secrets == {"username": "u", "password": "another-password"}
    assert changed.auth_type is AuthType.BASIC
    assert changed.hints == {"username": "u", "password": "…word"}


def test_an_unreadable_credential_cannot_be_sent_anywhere_new() -> None:
    """Who may change connections still cannot get at a secret by allowing a host of their own."""
    evil = ConnectionChange(allowed_origins=[_API, "https://evil.example"], test_url=None)
    with pytest.raises(InvalidInput) as refusal:
        check_change(_STORED, evil)
    assert _fields(refusal) == ["credentials"]
    with_secret = replace(evil, credentials={"token": "tok-known-to-me"})
    changed, _ = check_change(_STORED, with_secret)
    assert changed.allowed_origins == (_API, "https://evil.example")


def test_origins_can_be_taken_away_without_the_credential() -> None:
    """Narrowing where a secret may go needs no secret."""
    changed, secrets = check_change(_STORED, ConnectionChange(allowed_origins=[_API]))
    assert secrets is None
    assert changed.allowed_origins == (_API,)


def test_a_test_address_must_stay_at_an_allowed_origin() -> None:
    """Taking an origin away does not leave a test that reads there."""
    gone = ConnectionChange(allowed_origins=["https://files.example.com"])
    with pytest.raises(InvalidInput) as refusal:
        check_change(_STORED, gone)
    assert _fields(refusal) == ["testUrl"]
    changed, _ = check_change(_STORED, replace(gone, clears_test_url=True))
    assert changed.test_url is None


def test_another_auth_type_needs_credentials() -> None:
    """A stored token does not become a password."""
    with pytest.raises(InvalidInput) as refusal:
        check_change(_STORED, ConnectionChange(auth_type=AuthType.BASIC))
    assert _fields(refusal) == ["credentials"]
