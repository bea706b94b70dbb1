"""Whether a request of a browser comes from the service's own pages, at the service's own address.

Guarantee: an act of a session, or a public act of the admin API, is refused when another site's
page sent it. `X-Forwarded-*` counts only when the peer is a proxy that the operator named.
"""

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit

from justpaid.errors import Forbidden, Problem
from justpaid.web.gate_address import is_within, peer_of
from justpaid.web.gate_contract import Network, Scope

SAFE_METHODS: Final = frozenset({"GET", "HEAD"})

_DEFAULT_PORTS: Final = {"http": ":80", "https": ":443"}


class SameOrigin:
    """The rule for one installation: made from its public address, where it has one."""

    def __init__(self, public_url: str | None, trusted: Sequence[Network] = ()) -> None:
        self._trusted = trusted
        self._public = None
        if public_url is not None:
            parts = urlsplit(public_url)
            self._public = (parts.scheme.lower(), _without_port(parts.scheme, parts.netloc))

    def require_host(self, scope: Scope, headers: Mapping[bytes, bytes]) -> None:
        """Raise Forbidden when a public address is set and the request names another host."""
        if self._public is None:
            return
        scheme, host = self._public
        if _without_port(scheme, self._host_of(scope, headers)) != host:
            message = "is not the host of JUSTPAID_PUBLIC_URL"
            raise Forbidden("Use the service's public address.", [Problem("Host", message)])

    def require_origin(
        self, scope: Scope, headers: Mapping[bytes, bytes], *, may_lack: bool
    ) -> None:
        """Raise Forbidden unless the header Origin is ours; `may_lack` accepts none at all."""
        origin = headers.get(b"origin")
        if origin is None and may_lack:
            return
        sent = b"" if origin is None else origin
        if sent.decode("latin-1").lower() != self._own(scope, headers):
            message = "is missing" if origin is None else "is another site's"
            raise Forbidden(
                "This may only be asked by the service's own pages. Behind a proxy, the service "
                "has to know its address: JUSTPAID_PUBLIC_URL.",
                [Problem("Origin", message)],
            )

    def _own(self, scope: Scope, headers: Mapping[bytes, bytes]) -> str:
        """Write our origin as browsers do."""
        if self._public is not None:
            scheme, host = self._public
        else:
            scheme = self._scheme_of(scope, headers)
            host = _without_port(scheme, self._host_of(scope, headers))
        return f"{scheme}://{host}"

    def _scheme_of(self, scope: Scope, headers: Mapping[bytes, bytes]) -> str:
        forwarded = self._forwarded(scope, headers, b"x-forwarded-proto")
        return (forwarded or str(scope["scheme"])).lower()

    def _host_of(self, scope: Scope, headers: Mapping[bytes, bytes]) -> str:
        forwarded = self._forwarded(scope, headers, b"x-forwarded-host")
        return forwarded or headers.get(b"host", b"").decode("latin-1")

    def _forwarded(self, scope: Scope, headers: Mapping[bytes, bytes], name: bytes) -> str | None:
        """Return what the nearest proxy says, if it is one that the operator named."""
        value = headers.get(name)
        if value is None or not is_within(peer_of(scope), self._trusted):
            return None
        return value.decode("latin-1").rpartition(",")[2].strip()


def _without_port(scheme: str, host: str) -> str:
    return host.lower().removesuffix(_DEFAULT_PORTS.get(scheme.lower(), ""))
