"""Whose pages may act: Origin and Host against the service's own address."""

from ipaddress import ip_network
from typing import Any

import pytest

from justpaid.errors import Forbidden
from justpaid.web.same_origin import SameOrigin

PROXY = "10.0.0.9"
LOCAL = SameOrigin(None)
PUBLIC = SameOrigin("https://Workflows.example.com", [ip_network("10.0.0.0/24")])


def _scope(client: str = "192.0.2.1", scheme: str = "http") -> dict[str, Any]:
    return {"client": (client, 1), "scheme": scheme}


def _allows(
    rule: SameOrigin, scope: dict[str, Any], headers: dict[str, str], *, may_lack: bool = False
) -> bool:
    raw = {name.encode(): value.encode() for name, value in headers.items()}
    try:
        rule.require_host(scope, raw)
        rule.require_origin(scope, raw, may_lack=may_lack)
    except Forbidden:
        return False
    return True


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("localhost", "http://localhost"),
        ("localhost:80", "http://localhost"),
        ("LOCALHOST:8080", "http://localhost:8080"),
        ("[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_own_pages_by_the_address_asked(host: str, origin: str) -> None:
    """Without a public address, a page may act on the host that it was loaded from."""
    assert _allows(LOCAL, _scope(), {"host": host, "origin": origin})


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "null",
        "http://127.0.0.1",
        "http://127.0.0.1:9090",
        "https://127.0.0.1:8080",
        "http://localhost:8080",
        "http://evil.test",
        "http://127.0.0.1:8080.evil.test",
        "http://127.0.0.1:8080/",
        "http://127.0.0.1:8080 http://evil.test",
    ],
)
def test_other_pages_are_refused(origin: str) -> None:
    """Another port, scheme or host, and a page without an address, are other sites."""
    assert not _allows(LOCAL, _scope(), {"host": "127.0.0.1:8080", "origin": origin})


def test_no_origin_at_all() -> None:
    """An act of a session needs an Origin; a public act may come without one."""
    host = {"host": "127.0.0.1:8080"}
    assert not _allows(LOCAL, _scope(), host)
    assert _allows(LOCAL, _scope(), host, may_lack=True)
    assert not _allows(LOCAL, _scope(), host | {"origin": "http://evil.test"}, may_lack=True)


@pytest.mark.parametrize(
    ("host", "origin", "is_allowed"),
    [
        ("workflows.example.com", "https://workflows.example.com", True),
        ("workflows.example.com:443", "https://workflows.example.com", True),
        ("workflows.example.com", "http://workflows.example.com", False),
        ("workflows.example.com", "https://example.com", False),
        ("127.0.0.1:8080", "https://workflows.example.com", False),
        ("evil.test", "https://evil.test", False),
        ("", "https://workflows.example.com", False),
    ],
)
def test_the_public_address(host: str, origin: str, is_allowed: bool) -> None:  # noqa: FBT001  the table's column
    """With a public address both Host and Origin must be its own."""
    assert _allows(PUBLIC, _scope(), {"host": host, "origin": origin}) is is_allowed


def test_forwarded_headers_count_from_named_proxies_alone() -> None:
    """Only a proxy that the operator named may say by which host it was asked."""
    sent = {"host": "backend:8080", "origin": "https://workflows.example.com"}
    forwarded = {"x-forwarded-host": "spoofed.test, workflows.example.com"}
    assert _allows(PUBLIC, _scope(PROXY), sent | forwarded)
    assert not _allows(PUBLIC, _scope("192.0.2.1"), sent | forwarded)
    behind = SameOrigin(None, [ip_network("10.0.0.0/24")])
    own = {"host": "app.test", "origin": "https://app.test", "x-forwarded-proto": "https"}
    assert _allows(behind, _scope(PROXY), own)
    assert not _allows(behind, _scope(), own)
