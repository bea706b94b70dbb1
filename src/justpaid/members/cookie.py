"""The session's cookie: how it is named, set, read and taken back.

Guarantee: no script reads it, no other site's page sends it along with a write, and over https it
carries the `__Host-` prefix, so that no other host of the domain can plant one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Self

from justpaid.members.tokens import is_token
from justpaid.web.gate_contract import Scope

_SECURE_NAME: Final = "__Host-justpaid_session"
_PLAIN_NAME: Final = "justpaid_session"


@dataclass(frozen=True, slots=True)
class SessionCookie:
    """The cookie of one installation."""

    is_secure: bool

    @classmethod
    def of_address(cls, base_url: str) -> Self:
        """Choose by the address that people use: only plain http (loopback) goes without Secure."""
        return cls(is_secure=base_url.startswith("https://"))

    @property
    def name(self) -> str:
        """The cookie's name."""
        return _SECURE_NAME if self.is_secure else _PLAIN_NAME

    def read(self, scope: Scope) -> str | None:
        """Return the token of a request; None without one, or when two contradict each other."""
        tokens = set(self._values(scope))
        token = tokens.pop() if len(tokens) == 1 else ""
        return token if is_token(token) else None

    def set_header(self, token: str, max_age_seconds: int) -> str:
        """Write the header Set-Cookie for a new session."""
        terms = "HttpOnly; SameSite=Lax" + ("; Secure" if self.is_secure else "")
        return f"{self.name}={token}; Path=/; Max-Age={max_age_seconds}; {terms}"

    def clear_header(self) -> str:
        """Write the header Set-Cookie that makes a browser forget it."""
        return self.set_header("", 0)

    def _values(self, scope: Scope) -> Iterator[str]:
        """Yield each value sent under the name; HTTP/2 may split one header into several."""
        for header, value in scope["headers"]:
            if header != b"cookie":
                continue
            for part in value.decode("latin-1").split(";"):
                name, _, content = part.strip().partition("=")
                if name == self.name:
                    yield content
