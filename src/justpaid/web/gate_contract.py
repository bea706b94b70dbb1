"""What the gate needs of the rooms above it, as plain values and protocols.

The gate stands at the edge and knows neither how keys are stored nor how budgets are counted: the
composition hands it a directory, a limiter and a counter of failures that keep these promises.
"""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import Any, Final, NamedTuple, Protocol, TypeAlias
from uuid import UUID

from justpaid.scopes import Category
from justpaid.web.caller import Caller

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers: TypeAlias = Sequence[tuple[bytes, bytes]]
Network: TypeAlias = IPv4Network | IPv6Network

IDENTITY_KEY: Final = "justpaid.identity"  # where the gate puts who calls into the scope
HEADERS_KEY: Final = "justpaid.headers"  # and the request's headers by their names
HEAD_KEY: Final = "justpaid.head"  # in the scope of a HEAD, which goes on as a GET


class Decision(NamedTuple):
    """What a budget says to one request; the three moments in it are one and the same.

    `retry_after_seconds` is 0 while another request would be accepted now, else whole seconds of at
    least 1 until one will be; `resets_at` is that moment in epoch seconds.
    """

    accepted: bool
    limit: int
    remaining: int
    retry_after_seconds: int
    resets_at: int


async def decided(said: Decision | Awaitable[Decision]) -> Decision:
    """Wait for a decision, if it is not there at once."""
    return said if isinstance(said, Decision) else await said


class Limiter(Protocol):
    """Counts requests against budgets a minute: in memory at once, or in a shared store."""

    def check(
        self, subject_id: UUID, category: Category, limit: int
    ) -> Decision | Awaitable[Decision]:
        """Spend one request of the budget if it holds one."""
        ...

    def peek(
        self, subject_id: UUID, category: Category, limit: int
    ) -> Decision | Awaitable[Decision]:
        """Say what `check` would, without spending."""
        ...


class FailureCounter(Protocol):
    """Counts failed authentications by address."""

    def count(self, address: str | None) -> Decision | Awaitable[Decision]:
        """Count one failure; not accepted means that the address is over its limit."""
        ...

    def is_spent(self, address: str | None) -> bool:
        """Say whether the next failure from this address would be over its limit."""
        ...


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a credential proves, and on which terms: made once per credential, shared by requests.

    `company` is the company's id as log lines show it. `shut_because` is the sentence for a
    credential that is known and no longer valid. Moments are epoch seconds. `notice_headers` go on
    answers from `notice_from` on.
    """

    caller: Caller
    subject_id: UUID
    company: str
    limits: Mapping[Category, int]
    shut_because: str | None = None
    expires_at: float | None = None
    networks: tuple[Network, ...] = ()
    notice_from: float | None = None
    notice_headers: tuple[tuple[bytes, bytes], ...] = ()


class Directory(Protocol):
    """Finds who holds a key, as things stand now."""

    def find_cached(self, key: str) -> Identity | None:
        """Return the key's holder if that is known for certain without asking anybody."""
        ...

    async def find(self, key: str, *, is_trusted: bool) -> Identity | None:
        """Return the key's holder whatever the key's status, or None for no stored key.

        `is_trusted` is False for an address over its failure limit: such a question may cost
        little. Raises Unavailable when nobody can say.
        """
        ...


class FinishedRequest(NamedTuple):
    """One answered request, as usage counting sees it."""

    identity: Identity
    method: str
    route: str | None
    status: int
    address: str | None
    headers: Mapping[bytes, bytes]


# Gives who stands behind a session cookie, or None when the request carries none; raises AppError.
SessionReader: TypeAlias = Callable[[Scope, Mapping[bytes, bytes]], Awaitable[Identity | None]]
# Looks at a request of a public admin route before it passes; raises AppError.
PublicCheck: TypeAlias = Callable[[Scope, Mapping[bytes, bytes]], None]


@dataclass(frozen=True, slots=True)
class GateHooks:
    """What others want to hear of: all optional, all called in the request's path, so quick.

    `on_identified` hears of every admitted credential and its address, `on_finished` of every
    answer to one, `on_key_in_url` of a query string that holds what may be a key, as it came.
    """

    on_identified: Callable[[Identity, str | None], None] | None = None
    on_finished: Callable[[FinishedRequest], None] | None = None
    on_key_in_url: Callable[[bytes, str | None], None] | None = None
    read_session: SessionReader | None = None
    check_public: PublicCheck | None = None
