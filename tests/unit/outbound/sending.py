"""How the client's tests make a client, send, and echo."""

import ssl
from collections.abc import Sequence
from datetime import UTC, datetime

from aiohttp import web

from justpaid.exact_json import encode_text
from justpaid.outbound.client import OutboundClient
from justpaid.outbound.messages import (
    Credential,
    Outcome,
    Request,
)
from justpaid.outbound.policy import OutboundPolicy, parse_allow
from justpaid.outbound.resolver import Resolve
from justpaid.outbound.urls import parse_origin

LOOPBACK = "127.0.0.0/8"
SECRET = "planted-secret-value"
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def make_client(
    allow: str = LOOPBACK,
    *,
    resolve: Resolve | None = None,
    tls: ssl.SSLContext | None = None,
    max_response_bytes: int = 10 * 1024 * 1024,
) -> OutboundClient:
    """Make a client that may reach what `allow` names, with a clock that stands still."""
    policy = OutboundPolicy(allow=parse_allow(allow), max_response_bytes=max_response_bytes)
    given = {} if resolve is None else {"resolve": resolve}
    return OutboundClient(policy, tls=tls, clock=lambda: NOW, **given)


def names(*answers: Sequence[str]) -> tuple[Resolve, list[str]]:
    """Make a resolver that gives these answers in turn, and the list of what it was asked."""
    asked: list[str] = []

    async def resolve(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        return answers[min(len(asked), len(answers)) - 1]

    return resolve, asked


async def send(
    client: OutboundClient,
    request: Request,
    credential: Credential | None = None,
    timeout_seconds: float = 10,
) -> Outcome:
    """Send one request and close the client."""
    async with client:
        return await client.send(request, credential, timeout_seconds=timeout_seconds)


async def echo(request: web.BaseRequest) -> web.Response:
    """Answer with what arrived, as JSON."""
    body = await request.read()
    seen = {
        "method": request.method,
        "path": request.path_qs,
        "headers": dict(request.headers),
        "body": body.decode(),
    }
    return web.Response(body=encode_text(seen).encode(), content_type="application/json")


def bearer(*origins: str) -> Credential:
    """Make a credential bound to these origins, with the planted secret."""
    return Credential(
        "Authorization",
        f"Bearer {SECRET}",
        frozenset(parse_origin(origin) for origin in origins),
        (SECRET,),
    )


def part_of(value: object, *path: str) -> object:
    """Reach into nested objects."""
    for key in path:
        assert isinstance(value, dict)
        value = value[key]
    return value
