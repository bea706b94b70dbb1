"""What leaves, what is blocked, and what counts as delivered."""

import asyncio
import socket
from collections.abc import Sequence
from pathlib import Path

import pytest

from justpaid.outbound.messages import (
    MaybeSent,
    NotSent,
    Reason,
    Request,
    Response,
)
from tests.unit.outbound.sending import (
    echo,
    make_client,
    names,
    send,
)
from tests.unit.outbound.servers import certificate, http_server, raw_server


async def test_a_request_arrives_as_it_was_given() -> None:
    """Method, path, query, headers and body reach the server, and nothing of ours besides."""
    async with http_server(echo) as port:
        url = f"http://127.0.0.1:{port}/a%2Fb?x=1%262"
        headers = (("X-Note", "hello"), ("Content-Type", "application/json"))
        outcome = await send(make_client(), Request("POST", url, headers, b'{"amount":2.90}'))
    assert isinstance(outcome, Response)
    assert outcome.status == 200
    assert b'"path":"/a%2Fb?x=1%262"' in outcome.body
    assert b'"X-Note":"hello"' in outcome.body
    assert b'{\\"amount\\":2.90}' in outcome.body
    assert b"Cookie" not in outcome.body


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "169.254.169.254",
        "10.0.0.1",
    ],
)
async def test_an_internal_address_is_blocked_before_anything_leaves(host: str) -> None:
    """No URL that names an internal address makes a connection."""
    outcome = await send(make_client(allow=""), Request("GET", f"http://{host}/"))
    assert isinstance(outcome, NotSent)
    assert outcome.reason is Reason.BLOCKED
    assert "JUSTPAID_OUTBOUND_ALLOW" in outcome.message


@pytest.mark.parametrize("url", ["http://2130706433/", "http://0x7f.1/", "http://u:p@example.com/"])
async def test_a_doubtful_url_is_never_opened(url: str) -> None:
    """A numeric spelling of loopback, or a credential in a URL, is refused unsent."""
    outcome = await send(make_client(), Request("GET", url))
    assert isinstance(outcome, NotSent)
    assert outcome.reason is Reason.INVALID


async def test_a_name_is_refused_when_any_of_its_addresses_is_internal() -> None:
    """A public address beside an internal one does not open the internal one."""
    resolve, _ = names(["93.184.216.34", "127.0.0.1"])
    outcome = await send(make_client("", resolve=resolve), Request("GET", "http://mixed.test/"))
    assert isinstance(outcome, NotSent)
    assert outcome.reason is Reason.BLOCKED


async def test_a_name_that_is_rebound_reaches_only_the_address_that_was_checked() -> None:
    """There is one look-up for a connection: the checked address is the one dialled."""
    async with http_server(echo) as port:
        resolve, asked = names(["127.0.0.1"], ["127.0.0.9"])
        client = make_client("127.0.0.1", resolve=resolve)
        request = Request("GET", f"http://rebind.test:{port}/", reuses_connection=False)
        async with client:
            first = await client.send(request, timeout_seconds=10)
            assert asked == ["rebind.test"]
            second = await client.send(request, timeout_seconds=10)
    assert isinstance(first, Response)
    assert isinstance(second, NotSent)
    assert second.reason is Reason.BLOCKED


async def test_an_exception_for_a_host_and_port_opens_that_place_only() -> None:
    """An operator's entry `host:port` does not open the host's other ports."""
    async with http_server(echo) as port, http_server(echo) as other:
        resolve, _ = names(["127.0.0.1"])
        client = make_client(f"erp.test:{port}", resolve=resolve)
        async with client:
            opened = await client.send(
                Request("GET", f"http://ERP.test:{port}/"), timeout_seconds=10
            )
            closed = await client.send(
                Request("GET", f"http://erp.test:{other}/"), timeout_seconds=10
            )
    assert isinstance(opened, Response)
    assert isinstance(closed, NotSent)


async def test_a_name_that_does_not_exist_proves_non_delivery() -> None:
    """An effect may be tried again after a failed look-up."""

    async def resolve(_host: str, _port: int) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    for attempt in (resolve, names([])[0]):
        outcome = await send(make_client(resolve=attempt), Request("POST", "http://nowhere.test/"))
        assert isinstance(outcome, NotSent)
        assert outcome.reason is Reason.NAME_NOT_FOUND


async def test_a_refused_connection_proves_non_delivery() -> None:
    """An effect may be tried again when nobody listened."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{held.getsockname()[1]}/"
        outcome = await send(make_client(), Request("POST", url))
    assert isinstance(outcome, NotSent)
    assert outcome.reason is Reason.REFUSED


async def test_tls_is_verified_against_the_host_name(tmp_path: Path) -> None:
    """A trusted certificate of another host, or an unknown one, is a proven non-delivery."""
    server, trusting = certificate(tmp_path, "billing.test")
    resolve, _ = names(["127.0.0.1"])
    async with http_server(echo, tls=server) as port:
        good = await send(
            make_client(resolve=resolve, tls=trusting),
            Request("POST", f"https://billing.test:{port}/"),
        )
        other_host = await send(
            make_client(resolve=resolve, tls=trusting),
            Request("POST", f"https://other.test:{port}/"),
        )
        unknown = await send(
            make_client(resolve=resolve), Request("POST", f"https://billing.test:{port}/")
        )
    assert isinstance(good, Response)
    for outcome in (other_host, unknown):
        assert isinstance(outcome, NotSent)
        assert outcome.reason is Reason.TLS


async def test_speaking_plain_text_to_a_tls_port_is_no_delivery() -> None:
    """A failed handshake is a proven non-delivery too."""

    async def talk(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()

    async with raw_server(talk) as port:
        outcome = await send(make_client(), Request("POST", f"https://127.0.0.1:{port}/"))
    assert isinstance(outcome, NotSent)
    assert outcome.reason is Reason.TLS


async def test_silence_after_the_request_may_be_a_delivery() -> None:
    """A time-out after the connection stood never counts as not sent."""

    async def talk(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read(-1)

    async with raw_server(talk) as port:
        outcome = await send(
            make_client(), Request("POST", f"http://127.0.0.1:{port}/"), timeout_seconds=0.2
        )
    assert isinstance(outcome, MaybeSent)
    assert outcome.reason is Reason.TIMEOUT
    assert outcome.status is None


async def test_an_answer_that_trickles_for_ever_is_cut() -> None:
    """The time-out bounds the whole exchange, not the gap between two bytes."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.wait([asyncio.ensure_future(reader.read(1))], timeout=0.01)

    async with raw_server(talk) as port:
        outcome = await send(
            make_client(), Request("GET", f"http://127.0.0.1:{port}/"), timeout_seconds=0.2
        )
    assert isinstance(outcome, MaybeSent)
    assert outcome.reason is Reason.TIMEOUT
    assert outcome.status == 200


async def test_a_slow_name_server_proves_non_delivery() -> None:
    """A time-out before any connection is one of the cases in which nothing was sent."""

    async def resolve(_host: str, _port: int) -> Sequence[str]:
        await asyncio.Event().wait()
        return []

    outcome = await send(
        make_client(resolve=resolve), Request("POST", "http://slow.test/"), timeout_seconds=0.05
    )
    assert isinstance(outcome, NotSent)
    assert outcome.reason is Reason.TIMEOUT


async def test_a_connection_closed_without_an_answer_may_be_a_delivery() -> None:
    """A reset after the request was written never counts as not sent."""

    async def talk(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")

    async with raw_server(talk) as port:
        outcome = await send(make_client(), Request("POST", f"http://127.0.0.1:{port}/", body=b"x"))
    assert isinstance(outcome, MaybeSent)
    assert outcome.reason is Reason.RESET


@pytest.mark.parametrize(
    "answer",
    [
        b"garbage\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Encoding: gzip\r\n\r\nplain",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
        b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 100_000 + b"\r\n\r\n",
    ],
)
async def test_an_answer_that_cannot_be_read_may_be_a_delivery(answer: bytes) -> None:
    """A broken answer is an outcome, never an exception of a library."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()

    async with raw_server(talk) as port:
        outcome = await send(make_client(), Request("POST", f"http://127.0.0.1:{port}/"))
    assert isinstance(outcome, MaybeSent)
    assert outcome.reason in {Reason.PROTOCOL, Reason.RESET}


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "a\0b"])
async def test_a_header_value_cannot_break_out(value: str) -> None:
    """Nothing is sent when a header holds a line break."""
    outcome = await send(make_client(), Request("GET", "http://127.0.0.1:1/", (("X-A", value),)))
    assert isinstance(outcome, NotSent)
    assert outcome.reason is Reason.INVALID
