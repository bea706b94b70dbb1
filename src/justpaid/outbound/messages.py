"""What goes through the outbound client: requests, credentials, and outcomes as values.

An outcome is one of three: `Response` (an answer came, whatever its status), `NotSent` (it is
proven that nothing was delivered) and `MaybeSent` (it may have been delivered).
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from justpaid.outbound.capture import Exchange
from justpaid.outbound.urls import Origin

Headers: TypeAlias = tuple[tuple[str, str], ...]


class Reason(StrEnum):
    """Why there is no answer."""

    INVALID = "invalid"
    BLOCKED = "blocked"
    NAME_NOT_FOUND = "name_not_found"
    REFUSED = "refused"
    TLS = "tls"
    TIMEOUT = "timeout"
    RESET = "reset"
    PROTOCOL = "protocol"
    REDIRECT = "redirect"
    TOO_LARGE = "too_large"


@dataclass(frozen=True, slots=True)
class Credential:
    """A header that proves who we are, and the only origins that may see it.

    `secrets` are the values to mask wherever they turn up. None of it shows in a repr.
    """

    header_name: str
    header_value: str = field(repr=False)
    origins: frozenset[Origin]
    secrets: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Request:
    """One message to send. The credential is not part of it.

    `follows_redirects` is for reads without a body only. `reuses_connection` False sends it on a
    connection of its own: a kept one that the server closes while we write leaves it open whether
    the message arrived.
    """

    method: str
    url: str
    headers: Headers = ()
    body: bytes = b""
    follows_redirects: bool = False
    reuses_connection: bool = True


@dataclass(frozen=True, slots=True)
class Response:
    """An answer, complete. Header names are in lower case; `url` is the one that answered."""

    status: int
    headers: Headers
    body: bytes = field(repr=False)
    url: str
    retry_after_seconds: int | None
    exchange: Exchange = field(repr=False)

    def header(self, name: str) -> str | None:
        """Return the first value of a header, by its lower-case name."""
        return next((value for key, value in self.headers if key == name), None)


@dataclass(frozen=True, slots=True)
class NotSent:
    """No server received the request, and that is proven."""

    reason: Reason
    message: str
    exchange: Exchange = field(repr=False)


@dataclass(frozen=True, slots=True)
class MaybeSent:
    """The request may have been received. `status` is set when the head of an answer came."""

    reason: Reason
    message: str
    exchange: Exchange = field(repr=False)
    status: int | None = None


Outcome: TypeAlias = Response | NotSent | MaybeSent
