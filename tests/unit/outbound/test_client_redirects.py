"""Redirects, and where a credential may go."""

from pathlib import Path

import pytest
from aiohttp import web

from justpaid.outbound.messages import (
    MaybeSent,
    Reason,
    Request,
    Response,
)
from tests.unit.outbound.sending import SECRET, bearer, echo, make_client, send
from tests.unit.outbound.servers import certificate, http_server


async def test_redirects_of_a_read_are_followed_and_checked_again() -> None:
    """A public page cannot send a read to the metadata service."""

    async def handler(request: web.BaseRequest) -> web.Response:
        if request.path == "/":
            return web.Response(status=302, headers={"Location": "/there"})
        if request.path == "/there":
            return web.Response(text="arrived")
        return web.Response(
            status=302, headers={"Location": "http://169.254.169.254/latest/meta-data"}
        )

    async with http_server(handler) as port:
        followed = await send(
            make_client(), Request("GET", f"http://127.0.0.1:{port}/", follows_redirects=True)
        )
        blocked = await send(
            make_client(), Request("GET", f"http://127.0.0.1:{port}/out", follows_redirects=True)
        )
    assert isinstance(followed, Response)
    assert followed.body == b"arrived"
    assert followed.url.endswith("/there")
    assert isinstance(blocked, MaybeSent)
    assert blocked.reason is Reason.BLOCKED


@pytest.mark.parametrize(
    "location", ["http://127.0.0.1:1/", "ftp://x/", "http://u:p@x/", "https://0x7f.1/", "http://["]
)
async def test_a_redirect_to_a_weaker_or_doubtful_place_is_not_followed(
    tmp_path: Path, location: str
) -> None:
    """What was asked over TLS is never asked again in the clear."""
    server, trusting = certificate(tmp_path, "127.0.0.1")

    async def handler(_request: web.BaseRequest) -> web.Response:
        return web.Response(status=307, headers={"Location": location})

    async with http_server(handler, tls=server) as port:
        request = Request("GET", f"https://127.0.0.1:{port}/", follows_redirects=True)
        outcome = await send(make_client(tls=trusting), request)
    assert isinstance(outcome, MaybeSent)
    assert outcome.reason is Reason.REDIRECT


async def test_a_chain_of_redirects_ends_at_five() -> None:
    """A redirect loop costs six requests and then is an outcome."""
    seen: list[str] = []

    async def handler(request: web.BaseRequest) -> web.Response:
        seen.append(request.path)
        return web.Response(status=302, headers={"Location": "/again"})

    async with http_server(handler) as port:
        outcome = await send(
            make_client(), Request("GET", f"http://127.0.0.1:{port}/", follows_redirects=True)
        )
    assert isinstance(outcome, MaybeSent)
    assert outcome.reason is Reason.REDIRECT
    assert len(seen) == 6


async def test_an_effect_is_never_redirected() -> None:
    """A POST goes to one place, also when it is told to follow."""
    seen: list[str] = []

    async def handler(request: web.BaseRequest) -> web.Response:
        seen.append(request.path)
        return web.Response(status=307, headers={"Location": "/again"})

    async with http_server(handler) as port:
        outcome = await send(
            make_client(), Request("POST", f"http://127.0.0.1:{port}/", follows_redirects=True)
        )
    assert isinstance(outcome, Response)
    assert outcome.status == 307
    assert seen == ["/"]


async def test_a_credential_goes_only_to_the_origins_it_is_bound_to() -> None:
    """A connection cannot be aimed at another host, port or scheme."""
    async with http_server(echo) as port, http_server(echo) as other:
        credential = bearer(f"http://127.0.0.1:{port}")
        listed = await send(make_client(), Request("GET", f"http://127.0.0.1:{port}/"), credential)
        unlisted = await send(
            make_client(), Request("GET", f"http://127.0.0.1:{other}/"), credential
        )
    assert isinstance(listed, Response)
    assert SECRET.encode() in listed.body
    assert isinstance(unlisted, Response)
    assert SECRET.encode() not in unlisted.body


async def test_a_redirect_to_another_origin_drops_credentials_and_private_headers() -> None:
    """What was meant for one host is not told to the next, even one the credential lists."""
    async with http_server(echo) as other:

        async def handler(_request: web.BaseRequest) -> web.Response:
            location = f"http://127.0.0.1:{other}/"
            return web.Response(status=302, headers={"Location": location})

        async with http_server(handler) as port:
            credential = bearer(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{other}")
            headers = (("Cookie", "session=1"), ("X-Api-Key", "mine"), ("Accept", "text/plain"))
            request = Request("GET", f"http://127.0.0.1:{port}/", headers, follows_redirects=True)
            outcome = await send(make_client(), request, credential)
    assert isinstance(outcome, Response)
    assert b"text/plain" in outcome.body
    for absent in (SECRET.encode(), b"session=1", b"mine"):
        assert absent not in outcome.body


async def test_the_credential_replaces_a_header_of_the_same_name() -> None:
    """A request never carries two Authorization headers."""
    async with http_server(echo) as port:
        credential = bearer(f"http://127.0.0.1:{port}")
        headers = (("authorization", "Basic mine"),)
        request = Request("GET", f"http://127.0.0.1:{port}/", headers)
        outcome = await send(make_client(), request, credential)
    assert isinstance(outcome, Response)
    assert b"Basic mine" not in outcome.body
    assert SECRET.encode() in outcome.body
