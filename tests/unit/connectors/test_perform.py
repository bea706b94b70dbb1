"""Performing an action against real servers: what each end proves."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from decimal import Decimal

import pytest
from aiohttp import web

from justpaid import exact_json
from justpaid.connectors.http import build_request
from justpaid.connectors.model import ActionDone, ActionFailed, Delivery, FailureCode
from justpaid.connectors.perform import perform
from justpaid.exact_json import JsonObject
from justpaid.outbound.messages import Credential
from tests.unit.outbound.sending import SECRET, bearer, echo, make_client
from tests.unit.outbound.servers import http_server, raw_server

_KEY = "key-of-this-effect"


async def _perform(
    config: JsonObject, credential: Credential | None = None, timeout_seconds: float = 10
) -> ActionDone | ActionFailed:
    async with make_client() as client:
        return await perform(
            client,
            build_request(config),
            credential=credential,
            key=_KEY,
            timeout_seconds=timeout_seconds,
        )


def _answering(
    status: int = 200,
    body: bytes = b"",
    content_type: str = "application/json",
    **headers: str,
) -> Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]:
    async def handler(_request: web.BaseRequest) -> web.StreamResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(
            status=status, body=body, headers={"Content-Type": content_type, **named}
        )

    return handler


async def test_an_answer_becomes_the_output_with_exact_numbers() -> None:
    """A step reads status, headers and a body whose amounts kept their digits."""
    handler = _answering(201, b'\xef\xbb\xbf{"amount":2.90}', Location="/42", X_A="1")
    async with http_server(handler) as port:
        done = await _perform({"method": "POST", "url": f"http://127.0.0.1:{port}/", "json": {}})
    assert isinstance(done, ActionDone)
    assert done.output["status"] == 201
    body = done.output["body"]
    assert body == {"amount": Decimal("2.90")}
    assert exact_json.encode_text(body) == '{"amount":2.90}'
    headers = done.output["headers"]
    assert isinstance(headers, dict)
    assert headers["x-a"] == "1"
    assert done.receipt == {"status": 201, "location": "/42"}


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        (b"", "application/json", None),
        (b'{"a":', "application/json", '{"a":'),
        (b"[" * 100 + b"]" * 100, "application/json", "[" * 100 + "]" * 100),
        (b"1e5000", "application/json", "1e5000"),
        (b'"a\\u0000"', "application/json", '"a\\u0000"'),
        (b"[1]", "application/problem+json", [1]),
        (b"[1]", "text/plain", "[1]"),
        (b"caf\xe9", "text/plain; charset=iso-8859-1", "café"),
        (b"caf\xe9", "text/plain", "caf\ufffd"),
        (b"+2AA-", "text/plain; charset=utf-7", "+2AA-"),
        (b"a\0b", "text/plain", "a\ufffdb"),
        (b"x", "nonsense", "x"),
    ],
)
async def test_any_body_is_read_as_json_or_text(
    body: bytes, content_type: str, expected: object
) -> None:
    """No body makes a step fail because of how it is written, or stores what storage refuses."""
    async with http_server(_answering(200, body, content_type)) as port:
        done = await _perform({"url": f"http://127.0.0.1:{port}/"})
    assert isinstance(done, ActionDone)
    assert done.output["body"] == expected
    assert exact_json.bounded(done.output)[1] == []


@pytest.mark.parametrize(
    ("status", "may_pass", "delivery"),
    [
        (400, False, Delivery.REFUSED),
        (401, False, Delivery.REFUSED),
        (404, False, Delivery.REFUSED),
        (409, False, Delivery.REFUSED),
        (422, False, Delivery.REFUSED),
        (408, True, Delivery.UNCERTAIN),
        (425, True, Delivery.UNCERTAIN),
        (429, True, Delivery.NONE),
        (500, True, Delivery.UNCERTAIN),
        (503, True, Delivery.UNCERTAIN),
        (302, False, Delivery.UNCERTAIN),
        (307, False, Delivery.UNCERTAIN),
    ],
)
async def test_each_status_proves_what_it_proves(
    status: int, delivery: Delivery, *, may_pass: bool
) -> None:
    """Only a definite refusal lets the next try be a new effect; only passing ones are retried."""
    handler = _answering(status, b'{"message":"no"}', Retry_After="7", Location="/elsewhere")
    async with http_server(handler) as port:
        config: JsonObject = {"method": "POST", "url": f"http://127.0.0.1:{port}/", "json": {}}
        failed = await _perform(config)
        done = await _perform(config | {"failOnStatus": False})
    assert isinstance(failed, ActionFailed)
    assert failed.code is FailureCode.HTTP_STATUS
    assert (failed.may_pass, failed.delivery) == (may_pass, delivery)
    assert failed.retry_after_seconds == (7 if may_pass else None)
    assert failed.details == {"status": status, "body": {"message": "no"}}
    assert isinstance(done, ActionDone)
    assert done.output["status"] == status


async def test_nobody_listening_proves_that_nothing_was_sent() -> None:
    """A refused connection may be tried again, also for an unsafe action."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{held.getsockname()[1]}/"
        failed = await _perform({"method": "POST", "url": url, "idempotency": "none"})
    assert isinstance(failed, ActionFailed)
    assert failed.code is FailureCode.NETWORK
    assert failed.may_pass
    assert failed.delivery is Delivery.NONE


async def test_a_blocked_address_is_not_worth_a_retry() -> None:
    """A step aimed inside fails at once, and nothing was sent."""
    failed = await _perform({"method": "POST", "url": "http://169.254.169.254/"})
    assert isinstance(failed, ActionFailed)
    assert (failed.code, failed.may_pass, failed.delivery) == (
        FailureCode.NETWORK,
        False,
        Delivery.NONE,
    )


async def test_silence_and_resets_leave_the_outcome_open() -> None:
    """What may have been delivered is never called undelivered."""

    async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read(-1)

    async def closing(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")

    for talk, code, timeout_seconds in (
        (silent, FailureCode.TIMEOUT, 0.2),
        (closing, FailureCode.NETWORK, 10),
    ):
        async with raw_server(talk) as port:
            config: JsonObject = {"method": "POST", "url": f"http://127.0.0.1:{port}/"}
            failed = await _perform(config, timeout_seconds=timeout_seconds)
        assert isinstance(failed, ActionFailed)
        assert failed.code is code
        assert failed.may_pass
        assert failed.delivery is Delivery.UNCERTAIN


async def test_an_output_larger_than_a_step_may_keep_fails_without_a_retry() -> None:
    """A large answer to an effect is not asked for again."""
    async with http_server(_answering(200, b"x" * (1 << 20), "text/plain")) as port:
        failed = await _perform({"method": "POST", "url": f"http://127.0.0.1:{port}/"})
    assert isinstance(failed, ActionFailed)
    assert failed.code is FailureCode.OUTPUT_TOO_LARGE
    assert not failed.may_pass
    assert failed.delivery is Delivery.UNCERTAIN


async def test_a_keyed_request_carries_the_effects_key() -> None:
    """The receiver can tell a repeat from a new effect."""
    async with http_server(echo) as port:
        done = await _perform({"method": "POST", "url": f"http://127.0.0.1:{port}/", "json": 1})
    assert isinstance(done, ActionDone)
    assert f'"Idempotency-Key":"{_KEY}"' in exact_json.encode_text(done.output)


async def test_a_credential_is_refused_for_an_origin_it_does_not_list() -> None:
    """Whoever writes a workflow cannot aim a connection at a host of their own."""
    seen: list[str] = []

    async def handler(request: web.BaseRequest) -> web.Response:
        seen.append(request.path)
        return web.Response()

    async with http_server(handler) as port:
        failed = await _perform(
            {"url": f"http://127.0.0.1:{port}/"}, bearer("https://api.example.com")
        )
    assert isinstance(failed, ActionFailed)
    assert failed.code is FailureCode.CONNECTION
    assert "https://api.example.com" in failed.message
    assert seen == []


async def test_an_echoed_credential_is_masked_in_output_error_and_capture() -> None:
    """A provider that repeats our secret does not bring it into the run's record."""
    async with http_server(echo) as port:
        credential = bearer(f"http://127.0.0.1:{port}")
        done = await _perform({"url": f"http://127.0.0.1:{port}/"}, credential)
    assert isinstance(done, ActionDone)
    shown = exact_json.encode_text([done.output, done.receipt, done.capture])
    assert SECRET not in shown
    assert "Bearer ***" in shown

    async with http_server(_answering(400, f'{{"sent":"{SECRET}"}}'.encode())) as port:
        credential = bearer(f"http://127.0.0.1:{port}")
        failed = await _perform({"url": f"http://127.0.0.1:{port}/"}, credential)
    assert isinstance(failed, ActionFailed)
    assert SECRET not in exact_json.encode_text([failed.message, failed.details, failed.capture])


async def test_a_read_follows_redirects_and_an_effect_does_not() -> None:
    """A GET reaches the page that moved; a PUT goes to one place only."""

    async def handler(request: web.BaseRequest) -> web.Response:
        if request.path == "/":
            return web.Response(status=307, headers={"Location": "/there"})
        return web.Response(text="arrived")

    async with http_server(handler) as port:
        url = f"http://127.0.0.1:{port}/"
        read = await _perform({"url": url})
        effect = await _perform({"method": "PUT", "url": url})
    assert isinstance(read, ActionDone)
    assert read.output["body"] == "arrived"
    assert isinstance(effect, ActionFailed)
    assert "never redirected" in effect.message


async def test_a_secret_at_the_edge_of_what_an_error_keeps_is_masked_whole() -> None:
    """An error keeps the beginning of a body, and no half of a secret that lies across its end."""
    body = b"x" * (4096 - len(SECRET) // 2) + SECRET.encode() + b"y" * 100
    async with http_server(_answering(400, body, "text/plain")) as port:
        origin = f"http://127.0.0.1:{port}"
        failed = await _perform({"url": f"{origin}/"}, bearer(origin))
    assert isinstance(failed, ActionFailed)
    shown = failed.details["body"]
    assert isinstance(shown, str)
    assert SECRET[: len(SECRET) // 2] not in shown
    assert len(shown) <= 4096


@pytest.mark.parametrize("line", [b"101 Switching Protocols", b"000 Nothing"])
async def test_what_is_no_final_answer_is_no_success(line: bytes) -> None:
    """A status below 200 does not say that the request was carried out."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 " + line + b"\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    async with raw_server(talk) as port:
        failed = await _perform({"url": f"http://127.0.0.1:{port}/"})
    assert isinstance(failed, ActionFailed)
    assert (failed.code, failed.delivery) == (FailureCode.NETWORK, Delivery.UNCERTAIN)
