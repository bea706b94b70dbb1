"""The guarded HTTP client.

Guarantee: every connection goes to an address that was checked for that very connection; a
credential goes only to the origins it is bound to; an effect is never redirected; and whether a
failed request may have been delivered is told from what was observed, never guessed.
"""

import asyncio
import ssl
from contextvars import ContextVar
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self
from urllib.parse import urljoin

import aiohttp
from aiohttp.connector import Connection
from aiohttp.tracing import Trace
from typing_extensions import override
from yarl import URL

from justpaid.clock import Clock, now
from justpaid.outbound.addresses import parse_address
from justpaid.outbound.capture import Exchange
from justpaid.outbound.failures import (
    blocked_message,
    explain_connect,
    explain_exchange,
    unreadable,
)
from justpaid.outbound.headers import header_problem, read_headers
from justpaid.outbound.messages import (
    Credential,
    Headers,
    MaybeSent,
    NotSent,
    Outcome,
    Reason,
    Request,
    Response,
)
from justpaid.outbound.policy import OutboundPolicy
from justpaid.outbound.resolver import (
    BlockedAddress,
    GuardedResolver,
    Resolve,
    check_address,
    resolve_by_system,
)
from justpaid.outbound.retry_after import retry_after_seconds
from justpaid.outbound.urls import InvalidUrl, Origin, Target, parse_url

MAX_REDIRECTS: Final = 5
_MAX_CHECKED: Final = 1024

_REDIRECTS: Final = frozenset((301, 302, 303, 307, 308))
_READS: Final = frozenset(("GET", "HEAD"))
_KEPT_ACROSS_ORIGINS: Final = frozenset(("accept", "accept-language", "user-agent"))


@dataclass(slots=True)
class _Progress:
    """What is known about one send while it is under way."""

    exchange: Exchange
    place: str
    is_connected: bool = False
    status: int | None = None


_under_way: ContextVar[_Progress] = ContextVar("under_way")


class _TellingConnector(aiohttp.TCPConnector):
    """Tells whoever sends when a connection stands: from then on bytes may leave.

    The client's own tracing would tell it too, with a tenth of all that a request costs.
    """

    @override
    async def connect(
        self, req: aiohttp.ClientRequest, traces: list[Trace], timeout: aiohttp.ClientTimeout
    ) -> Connection:
        """Return a kept or a new connection."""
        connection = await super().connect(req, traces, timeout)
        _under_way.get().is_connected = True
        return connection


class OutboundClient:
    """Sends requests under a policy; one for each process, closed at its end."""

    def __init__(
        self,
        policy: OutboundPolicy,
        *,
        resolve: Resolve = resolve_by_system,
        tls: ssl.SSLContext | None = None,
        clock: Clock = now,
    ) -> None:
        self._policy = policy
        self._resolver = GuardedResolver(policy, resolve)
        self._tls = tls
        self._clock = clock
        self._sessions: dict[bool, aiohttp.ClientSession] = {}
        # Origins that are names, or addresses that passed: the policy never changes.
        self._checked: set[Origin] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection."""
        for session in self._sessions.values():
            await session.close()
        self._sessions.clear()

    async def send(
        self, request: Request, credential: Credential | None = None, *, timeout_seconds: float
    ) -> Outcome:
        """Send one request and read its answer; never raises for what the network does.

        `timeout_seconds` bounds it all: name, connection, redirects, body. The credential is
        added only where its origin is listed; the caller decides what its absence means.
        """
        exchange = Exchange(request.method, request.url, request.headers, body=request.body)
        problem = _request_problem(request, credential)
        if problem is not None:
            return NotSent(Reason.INVALID, problem, exchange)
        progress = _Progress(exchange, "the server")
        try:
            async with asyncio.timeout(timeout_seconds):
                return await self._follow(request, credential, progress)
        except TimeoutError:
            return _failed(
                progress, Reason.TIMEOUT, f"{progress.place} gave no answer in {timeout_seconds} s"
            )

    async def _follow(
        self, request: Request, credential: Credential | None, progress: _Progress
    ) -> Outcome:
        try:
            target = parse_url(request.url)
        except InvalidUrl as error:
            return _failed(progress, Reason.INVALID, str(error))
        headers = request.headers
        follows = request.follows_redirects and request.method in _READS and not request.body
        for _ in range(MAX_REDIRECTS + 1):
            outcome = await self._hop(request, target, headers, credential, progress)
            if not (follows and isinstance(outcome, Response) and outcome.status in _REDIRECTS):
                return outcome
            location = outcome.header("location")
            if location is None:
                return outcome
            redirected = _redirect(target, location)
            if isinstance(redirected, str):
                return _failed(progress, Reason.REDIRECT, redirected)
            if redirected.origin != target.origin:
                credential = None
                headers = tuple(
                    (name, value) for name, value in headers if name.lower() in _KEPT_ACROSS_ORIGINS
                )
            target = redirected
            progress.exchange.redirects += 1
        return _failed(
            progress, Reason.REDIRECT, f"{progress.place} redirects more than {MAX_REDIRECTS} times"
        )

    async def _hop(
        self,
        request: Request,
        target: Target,
        headers: Headers,
        credential: Credential | None,
        progress: _Progress,
    ) -> Outcome:
        origin = target.origin
        progress.place = origin.text
        if credential is not None and origin not in credential.origins:
            credential = None
        exchange = progress.exchange
        exchange.url, exchange.headers = target.text, headers
        exchange.credential_header = credential.header_name if credential else None
        try:
            self._check_literal(origin)
            return await self._exchange(request, target, headers, credential, progress)
        except BlockedAddress:
            return _failed(progress, Reason.BLOCKED, blocked_message(progress.place))
        except aiohttp.ClientConnectorError as error:
            return _failed(progress, *explain_connect(error, progress.place))
        except (aiohttp.ClientError, ConnectionError, ssl.SSLError) as error:
            return _failed(progress, *explain_exchange(error, progress.place))

    def _check_literal(self, origin: Origin) -> None:
        """Check a host that is an address: it is not looked up, so the resolver never sees it."""
        if origin in self._checked:
            return
        if parse_address(origin.host) is not None:
            check_address(self._policy, origin.host, origin.port, origin.host)
        if len(self._checked) >= _MAX_CHECKED:
            self._checked.clear()
        self._checked.add(origin)

    async def _exchange(
        self,
        request: Request,
        target: Target,
        headers: Headers,
        credential: Credential | None,
        progress: _Progress,
    ) -> Outcome:
        session = self._session(reuses_connection=request.reuses_connection)
        _under_way.set(progress)
        async with session.request(
            request.method,
            URL(target.text, encoded=True),
            headers=_wire_headers(headers, credential, self._policy.user_agent),
            data=request.body or None,
            allow_redirects=False,
        ) as answer:
            exchange = progress.exchange
            exchange.status = progress.status = answer.status
            exchange.answer_headers = read_headers(answer.raw_headers)
            if answer.status < 200:  # noqa: PLR2004  no final answer, such as 101 unasked
                answer.close()
                return _failed(progress, *unreadable(progress.place))
            body = await self._read(answer)
            if body is None:
                limit = self._policy.max_response_bytes
                return _failed(
                    progress, Reason.TOO_LARGE, f"the answer is larger than {limit} bytes"
                )
            exchange.answer_body = body
            retry_after = next((v for k, v in exchange.answer_headers if k == "retry-after"), None)
            return Response(
                answer.status,
                exchange.answer_headers,
                body,
                target.text,
                retry_after_seconds(retry_after, self._clock()),
                exchange,
            )

    async def _read(self, answer: aiohttp.ClientResponse) -> bytes | None:
        """Read the decompressed body; None, and the connection cut, when it passes the limit."""
        parts = bytearray()
        async for part in answer.content.iter_any():
            parts += part
            if len(parts) > self._policy.max_response_bytes:
                answer.close()
                return None
        return bytes(parts)

    def _session(self, *, reuses_connection: bool) -> aiohttp.ClientSession:
        session = self._sessions.get(reuses_connection)
        if session is None:
            session = self._open_session(reuses_connection=reuses_connection)
            self._sessions[reuses_connection] = session
        return session

    def _open_session(self, *, reuses_connection: bool) -> aiohttp.ClientSession:
        connector = _TellingConnector(
            resolver=self._resolver,
            use_dns_cache=False,
            ssl=True if self._tls is None else self._tls,
            limit=0,
            limit_per_host=self._policy.connections_per_host,
            force_close=not reuses_connection,
        )
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("Content-Type",),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
            trust_env=False,
        )


def _request_problem(request: Request, credential: Credential | None) -> str | None:
    fields = list(request.headers)
    if credential is not None:
        fields.append((credential.header_name, credential.header_value))
    for name, value in fields:
        problem = header_problem(name, value)
        if problem is not None:
            return f"header {name!r} {problem}"
    return None


def _wire_headers(
    headers: Headers, credential: Credential | None, user_agent: str
) -> list[tuple[str, str]]:
    names = {name.lower() for name, _ in headers}
    wire = list(headers) if "user-agent" in names else [*headers, ("User-Agent", user_agent)]
    if credential is None:
        return wire
    own = credential.header_name.lower()
    kept = [(name, value) for name, value in wire if name.lower() != own]
    return [*kept, (credential.header_name, credential.header_value)]


def _redirect(target: Target, location: str) -> Target | str:
    """Return where a redirect leads, or why it is not followed."""
    try:
        redirected = parse_url(urljoin(target.text, location))
    except ValueError as error:
        return f"the redirect cannot be followed: {error}"
    if target.origin.scheme == "https" and redirected.origin.scheme != "https":
        return "the redirect leads from https to http"
    return redirected


def _failed(progress: _Progress, reason: Reason, message: str) -> NotSent | MaybeSent:
    """Decide from what was observed whether anything can have been delivered."""
    if progress.is_connected:
        return MaybeSent(reason, message, progress.exchange, progress.status)
    return NotSent(reason, message, progress.exchange)
