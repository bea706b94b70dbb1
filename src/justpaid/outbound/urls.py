"""Reads an http or https URL into exactly what goes on the wire, or says why not.

Guarantee: what was checked is what is sent. There is one reading of a URL here and no second
parser after it: no user info, no numeric spelling of an address, no dot segments, no control
characters, and everything that is not plain ASCII is percent-encoded.
"""

import re
from functools import lru_cache
from typing import Final, NamedTuple

from yarl import URL

from justpaid.outbound.addresses import parse_address

MAX_URL_LENGTH: Final = 8192
DEFAULT_PORTS: Final = {"http": 80, "https": 443}

_SHAPE: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/?#]*)([^?#]*)(?:\?([^#]*))?(?:#.*)?")
_AUTHORITY: Final = re.compile(r"(\[[^\]]*\]|[^:]*)(?::([0-9]{1,5}))?")
_FORBIDDEN: Final = re.compile(r"[\x00-\x1f\x7f\\\ud800-\udfff]")
_LABEL: Final = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMERIC_LABEL: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")
_DOT_SEGMENT: Final = re.compile(r"(?:\.|%2e){1,2}", re.IGNORECASE)
_TO_ENCODE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})|[^!#$&-;=?-Z_a-z~\[\]%]")
_MAX_HOST_LENGTH: Final = 253
_MAX_PORT: Final = 65535


class InvalidUrl(ValueError):
    """The text is not a URL that this service will open; the message says why."""


class Origin(NamedTuple):
    """Scheme, host and port: what a credential is bound to."""

    scheme: str
    host: str
    port: int

    @property
    def text(self) -> str:
        """The origin as it is written, without a default port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if DEFAULT_PORTS[self.scheme] == self.port else f":{self.port}"
        return f"{self.scheme}://{host}{port}"


class Target(NamedTuple):
    """A URL that was read: its origin, and path with query as they go on the wire."""

    origin: Origin
    path: str

    @property
    def text(self) -> str:
        """The whole URL."""
        return self.origin.text + self.path


@lru_cache(maxsize=1024)
def parse_url(text: str) -> Target:
    """Read a URL; raises InvalidUrl. A fragment is dropped, it never goes on the wire."""
    if len(text) > MAX_URL_LENGTH:
        raise InvalidUrl(f"the URL is longer than {MAX_URL_LENGTH} characters")
    if _FORBIDDEN.search(text):
        raise InvalidUrl("the URL holds a control character or a backslash")
    shape = _SHAPE.fullmatch(text)
    if shape is None:
        raise InvalidUrl("the URL must begin with http:// or https:// and a host")
    scheme, authority, path, query = shape.groups()
    origin = _parse_origin(scheme.lower(), authority)
    if any(_DOT_SEGMENT.fullmatch(segment) for segment in path.split("/")):
        raise InvalidUrl("the URL's path holds a '.' or '..' segment")
    target = _encode(path or "/")
    return Target(origin, target if query is None else f"{target}?{_encode(query)}")


def parse_origin(text: str) -> Origin:
    """Read an origin such as `https://api.example.com`; raises InvalidUrl for anything more."""
    target = parse_url(text)
    if target.path != "/" or "?" in text or "#" in text:
        raise InvalidUrl("an origin is a scheme, a host and a port, without path or query")
    return target.origin


def _encode(text: str) -> str:
    return _TO_ENCODE.sub(_percent, text)


def _percent(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match.group().encode())


@lru_cache(maxsize=1024)
def _parse_origin(scheme: str, authority: str) -> Origin:
    if scheme not in DEFAULT_PORTS:
        raise InvalidUrl("the URL must begin with http:// or https://")
    if "@" in authority:
        raise InvalidUrl("the URL holds a user name or password; use a connection instead")
    parts = _AUTHORITY.fullmatch(authority)
    if parts is None or not parts.group(1):
        raise InvalidUrl("the URL's host and port cannot be read")
    host, port_text = parts.groups()
    port = int(port_text) if port_text else DEFAULT_PORTS[scheme]
    if not 0 < port <= _MAX_PORT:
        raise InvalidUrl("the URL's port is not between 1 and 65535")
    return Origin(scheme, _parse_host(host), port)


def _parse_host(text: str) -> str:
    if text.startswith("["):
        address = parse_address(text[1:-1])
        if address is None or ":" not in text or "%" in text:
            raise InvalidUrl("the URL's host is not an IPv6 address")
        return str(address)
    host = _to_ascii(text).removesuffix(".")
    labels = host.split(".")
    if len(host) > _MAX_HOST_LENGTH or not all(_LABEL.fullmatch(label) for label in labels):
        raise InvalidUrl("the URL's host is not a host name")
    if _NUMERIC_LABEL.fullmatch(labels[-1]) and parse_address(host) is None:
        # 0x7f.1 or 2130706433: resolvers read these as addresses, people do not
        raise InvalidUrl("the URL's host is a number that is not a plain IPv4 address")
    return host


def _to_ascii(host: str) -> str:
    if host.isascii():
        return host.lower()
    try:
        return (URL.build(scheme="http", host=host).raw_host or "").lower()
    except ValueError:
        raise InvalidUrl("the URL's host is not a host name") from None
