"""How the gate answers: the headers of every answer, and the refusals it gives itself.

`t`, `X-RateLimit-Reset` and `Retry-After` are written from one decision, so they cannot disagree.
"""

import http
from collections.abc import Awaitable
from functools import lru_cache
from typing import Final

from justpaid.errors import AppError, RateLimited, Unauthenticated
from justpaid.scopes import Category
from justpaid.web.errors import METHOD_NOT_ALLOWED, error_body, kind_of
from justpaid.web.gate_contract import Decision, Message, Send

HeaderList = list[tuple[bytes, bytes]]

WINDOW_SECONDS: Final = 60

_CHALLENGE: Final = (b"www-authenticate", b'ApiKey realm="JustPaid Workflows"')
_JSON: Final = (b"content-type", b"application/json")


class MethodNotAllowed(AppError):
    """The path exists, the method does not."""


def limit_headers(policy: str, decision: Decision) -> HeaderList:
    """Write what a budget says (draft-ietf-httpapi-ratelimit-headers-10, and the older trio)."""
    _, limit, remaining, wait, resets_at = decision
    policy_header, limit_header, head = _fixed_headers(policy, limit)
    return [
        policy_header,
        (b"ratelimit", b"%br=%d;t=%d" % (head, remaining, wait)),
        limit_header,
        (b"x-ratelimit-remaining", b"%d" % remaining),
        (b"x-ratelimit-reset", b"%d" % resets_at),
    ]


@lru_cache(maxsize=1024)
def _fixed_headers(
    policy: str, limit: int
) -> tuple[tuple[bytes, bytes], tuple[bytes, bytes], bytes]:
    name = f'"{policy}";'.encode()
    window = b"%bq=%d;w=%d" % (name, limit, WINDOW_SECONDS)
    return (b"ratelimit-policy", window), (b"x-ratelimit-limit", b"%d" % limit), name


def over_limit(category: Category, decision: Decision) -> RateLimited:
    """Make the refusal of a spent budget."""
    wait = decision.retry_after_seconds
    return RateLimited(
        f"Your limit of {decision.limit} {category.value} requests a minute is reached. "
        f"Try again in {wait} {'second' if wait == 1 else 'seconds'}.",
        retry_after_seconds=wait,
    )


def status_of(error: AppError) -> tuple[int, str]:
    """Find the status and code of a refusal."""
    return METHOD_NOT_ALLOWED if isinstance(error, MethodNotAllowed) else kind_of(error)


async def send_refusal(
    send: Send, error: AppError, request_id: str, headers: HeaderList, *, with_body: bool
) -> int:
    """Answer with an error envelope; return its status."""
    status, code = status_of(error)
    body = error_body(code, error.message, request_id, error.problems)
    all_headers = [*headers, _JSON, (b"content-length", b"%d" % len(body))]
    if isinstance(error, Unauthenticated):
        all_headers.append(_CHALLENGE)
    retry_after: int | None = getattr(error, "retry_after_seconds", None)
    if retry_after is not None:
        all_headers.append((b"retry-after", b"%d" % retry_after))
    await send({"type": "http.response.start", "status": status, "headers": all_headers})
    await send({"type": "http.response.body", "body": body if with_body else b""})
    return status


class HeaderSender:
    """Sends what the application answers, with the gate's headers added and the status kept."""

    __slots__ = ("_headers", "_send", "_with_body", "status")

    def __init__(self, send: Send, headers: HeaderList, *, with_body: bool = True) -> None:
        self._send = send
        self._headers = headers
        self._with_body = with_body
        self.status: int = http.HTTPStatus.INTERNAL_SERVER_ERROR  # until the answer begins

    def __call__(self, message: Message) -> Awaitable[None]:
        """Pass one ASGI message on; no coroutine of its own, which would cost as much again."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message.get("headers", ()), *self._headers]
        elif not self._with_body and message["type"] == "http.response.body":
            message["body"] = b""
        return self._send(message)
