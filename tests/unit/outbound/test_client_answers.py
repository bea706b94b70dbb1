"""Answers, connections, and the record kept of an exchange."""

import asyncio
import gzip
import logging
import zlib

import pytest
from aiohttp import web

from justpaid.exact_json import encode_text
from justpaid.outbound.client import OutboundClient
from justpaid.outbound.masking import MASK, NOTHING_TO_MASK, Masker
from justpaid.outbound.messages import (
    MaybeSent,
    Reason,
    Request,
    Response,
)
from justpaid.outbound.policy import OutboundPolicy, parse_allow
from tests.unit.outbound.sending import (
    LOOPBACK,
    SECRET,
    bearer,
    echo,
    make_client,
    part_of,
    send,
)
from tests.unit.outbound.servers import http_server


async def test_an_oversize_answer_is_cut() -> None:
    """A server cannot fill the worker's memory."""

    async def handler(_request: web.BaseRequest) -> web.Response:
        return web.Response(body=b"x" * 5000)

    async with http_server(handler) as port:
        url = f"http://127.0.0.1:{port}/"
        cut = await send(make_client(max_response_bytes=4999), Request("GET", url))
        whole = await send(make_client(max_response_bytes=5000), Request("GET", url))
    assert isinstance(cut, MaybeSent)
    assert cut.reason is Reason.TOO_LARGE
    assert cut.status == 200
    assert isinstance(whole, Response)


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_the_limit_counts_decompressed_bytes(encoding: str) -> None:
    """A small compressed answer that unpacks to a huge one is cut while it unpacks."""
    plain = b"\0" * (50 * 1024 * 1024)
    packed = gzip.compress(plain) if encoding == "gzip" else zlib.compress(plain)
    assert len(packed) < 100_000

    async def handler(_request: web.BaseRequest) -> web.Response:
        return web.Response(body=packed, headers={"Content-Encoding": encoding})

    async with http_server(handler) as port:
        outcome = await send(make_client(), Request("GET", f"http://127.0.0.1:{port}/"))
    assert isinstance(outcome, MaybeSent)
    assert outcome.reason is Reason.TOO_LARGE


async def test_a_compressed_answer_is_unpacked() -> None:
    """Ordinary compression works."""

    async def handler(_request: web.BaseRequest) -> web.Response:
        return web.Response(body=gzip.compress(b"hello"), headers={"Content-Encoding": "gzip"})

    async with http_server(handler) as port:
        outcome = await send(make_client(), Request("GET", f"http://127.0.0.1:{port}/"))
    assert isinstance(outcome, Response)
    assert outcome.body == b"hello"


async def test_retry_after_is_read() -> None:
    """The engine learns how long a provider asks to wait."""

    async def handler(_request: web.BaseRequest) -> web.Response:
        return web.Response(status=429, headers={"Retry-After": "Sun, 01 Mar 2026 12:00:30 GMT"})

    async with http_server(handler) as port:
        outcome = await send(make_client(), Request("POST", f"http://127.0.0.1:{port}/"))
    assert isinstance(outcome, Response)
    assert outcome.retry_after_seconds == 30


async def test_connections_are_kept_unless_a_request_wants_its_own() -> None:
    """Reads share a connection; an effect that cannot be repeated never rides on an old one."""
    peers: list[object] = []

    async def handler(request: web.BaseRequest) -> web.Response:
        assert request.transport is not None
        peers.append(request.transport.get_extra_info("peername"))
        return web.Response(text="ok")

    async with http_server(handler) as port, make_client() as client:
        url = f"http://127.0.0.1:{port}/"
        for reuses in (True, True, False, False):
            request = Request("POST", url, reuses_connection=reuses)
            assert isinstance(await client.send(request, timeout_seconds=10), Response)
    assert peers[0] == peers[1]
    assert len(set(peers)) == 3


async def test_one_host_gets_a_bounded_number_of_connections() -> None:
    """A burst of steps does not open a connection each."""
    active = 0
    most = 0
    released = asyncio.Event()

    async def handler(_request: web.BaseRequest) -> web.Response:
        nonlocal active, most
        active += 1
        most = max(most, active)
        if active == 2:
            released.set()
        await released.wait()
        active -= 1
        return web.Response()

    policy = OutboundPolicy(allow=parse_allow(LOOPBACK), connections_per_host=2)
    async with http_server(handler) as port, OutboundClient(policy) as client:
        request = Request("GET", f"http://127.0.0.1:{port}/")
        outcomes = await asyncio.gather(
            *(client.send(request, timeout_seconds=10) for _ in range(8))
        )
    assert all(isinstance(outcome, Response) for outcome in outcomes)
    assert most == 2


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
async def test_proxy_variables_of_the_environment_are_not_read(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """The environment cannot route the service's traffic, and its credentials, elsewhere."""
    monkeypatch.setenv(variable, "http://127.0.0.1:1")
    async with http_server(echo) as port:
        outcome = await send(make_client(), Request("GET", f"http://127.0.0.1:{port}/"))
    assert isinstance(outcome, Response)


async def test_cookies_are_not_kept_between_requests() -> None:
    """One company's session at a provider never rides along with another's request."""

    async def handler(request: web.BaseRequest) -> web.Response:
        answer = web.Response(text=request.headers.get("Cookie", "none"))
        answer.set_cookie("session", "1")
        return answer

    async with http_server(handler) as port, make_client() as client:
        for _ in range(2):
            outcome = await client.send(
                Request("GET", f"http://127.0.0.1:{port}/"), timeout_seconds=10
            )
            assert isinstance(outcome, Response)
            assert outcome.body == b"none"


async def test_a_capture_keeps_the_first_64_kib_of_a_body() -> None:
    """Debug records stay small, and a secret at the cut leaves no half of itself."""
    body = b"x" * (64 * 1024 - 5) + SECRET.encode() + b"y" * 100_000

    async def handler(_request: web.BaseRequest) -> web.Response:
        return web.Response(body=body)

    async with http_server(handler) as port:
        outcome = await send(make_client(), Request("GET", f"http://127.0.0.1:{port}/"))
    capture = outcome.exchange.capture(Masker((SECRET,)))
    kept = part_of(capture, "response", "body")
    assert kept == "x" * (64 * 1024 - 5) + MASK + "yy"
    assert part_of(capture, "response", "bodyBytes") == len(body)
    assert SECRET[:5] in str(part_of(outcome.exchange.capture(NOTHING_TO_MASK), "response", "body"))


async def test_a_planted_credential_is_in_no_repr_log_or_capture(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Whoever reads logs, errors or a step's debug capture finds no secret, echoed or sent."""
    caplog.set_level(logging.DEBUG)
    async with http_server(echo) as port:
        credential = bearer(f"http://127.0.0.1:{port}")
        request = Request("POST", f"http://127.0.0.1:{port}/", body=b"amount=1")
        outcome = await send(make_client(), request, credential)
    assert isinstance(outcome, Response)
    assert SECRET.encode() in outcome.body
    capture = outcome.exchange.capture(Masker(credential.secrets))
    shown = repr(credential) + repr(request) + repr(outcome) + caplog.text + encode_text(capture)
    assert SECRET not in shown
    headers = part_of(capture, "request", "headers")
    assert isinstance(headers, list)
    assert ["Authorization", MASK] in headers
    assert part_of(capture, "request", "body") == "amount=1"
