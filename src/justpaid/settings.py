"""What an operator can set: environment variables with the prefix JUSTPAID_, read once at start.

Guarantee: a misspelt or malformed setting stops the start with every problem named, and no message
ever repeats a value.
"""

import difflib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias
from urllib.parse import urlsplit

PREFIX: Final = "JUSTPAID_"
# Accepted without the prefix too, because hosting platforms set them under these names.
UNPREFIXED: Final = ("DATABASE_URL", "REDIS_URL")
# What the documentation's examples tell a caller to set; no setting of the service.
CALLER_VARIABLES: Final = frozenset({"JUSTPAID_API_KEY", "JUSTPAID_URL"})
DEFAULT_DATA_DIR: Final = Path(".data")
LAST_PORT: Final = 65_535

Network: TypeAlias = IPv4Network | IPv6Network


class SettingsError(Exception):
    """The settings cannot be used; the message names each variable and what it should be."""


def _networks(text: str) -> tuple[Network, ...]:
    try:
        return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError:
        raise ValueError("must be networks such as 10.0.0.0/8, separated by commas") from None


def _bind(text: str) -> tuple[str, int] | None:
    if text == "off":
        return None
    host, _, port = text.rpartition(":")
    host = host.strip("[]")
    if not host or not port.isdecimal() or int(port) > LAST_PORT:
        raise ValueError("must be an address and port such as 127.0.0.1:9464, or off")
    return host, int(port)


def _origin(text: str) -> str:
    parts = urlsplit(text)
    is_origin = parts.scheme in {"http", "https"} and parts.hostname and not parts.username
    if not is_origin or parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise ValueError("must be scheme, host and port alone, such as https://workflows.acme.test")
    return f"{parts.scheme}://{parts.netloc}"


def _one_of(*words: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in words:
            raise ValueError(f"must be {', '.join(words[:-1])} or {words[-1]}")
        return text

    return read


def _whole(least: int, most: int | None = None) -> Callable[[str], int]:
    bounds = f"of at least {least}" if most is None else f"from {least} to {most}"

    def read(text: str) -> int:
        number = int(text) if text.isascii() and text.isdecimal() else -1
        if number < least or (most is not None and number > most):
            raise ValueError(f"must be a whole number {bounds}")
        return number

    return read


# How the text of a variable becomes a value, where it is not the value itself.
_READERS: Final[Mapping[str, Callable[[str], object]]] = {
    "env": _one_of("development", "production"),
    "data_dir": Path,
    "port": _whole(0, LAST_PORT),
    "public_url": _origin,
    "trusted_proxies": _networks,
    "database_pool_size": _whole(2, 500),
    "secrets_file": Path,
    "worker_slots": _whole(1, 4096),
    "lease_seconds": _whole(2, 300),
    "auth_failures_per_minute": _whole(1),
    "run_retention_days": _whole(1),
    "evidence_retention_days": _whole(1),
    "log_format": _one_of("auto", "json", "console"),
    "log_level": _one_of("debug", "info", "warning", "error"),
    "metrics_bind": _bind,
    "smtp_port": _whole(0, LAST_PORT),
    "smtp_security": _one_of("starttls", "tls", "none"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """Every setting with its default; docs/operations.md explains each, and a test compares."""

    env: Literal["development", "production"] = "development"
    data_dir: Path = DEFAULT_DATA_DIR
    host: str = "127.0.0.1"
    port: int = 8080
    public_url: str | None = None
    trusted_proxies: tuple[Network, ...] = ()

    database_url: str | None = field(default=None, repr=False)
    database_pool_size: int = 20
    redis_url: str | None = field(default=None, repr=False)

    secrets_file: Path | None = None
    pepper: str | None = field(default=None, repr=False)
    pepper_previous: str | None = field(default=None, repr=False)
    master_key: str | None = field(default=None, repr=False)
    master_key_previous: str | None = field(default=None, repr=False)
    audit_key: str | None = field(default=None, repr=False)
    audit_key_previous: str | None = field(default=None, repr=False)

    outbound_allow: str = ""
    worker_slots: int = 96
    lease_seconds: int = 10
    auth_failures_per_minute: int = 60
    run_retention_days: int = 90
    evidence_retention_days: int | None = None

    log_format: Literal["auto", "json", "console"] = "auto"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    metrics_bind: tuple[str, int] | None = ("127.0.0.1", 9464)
    metrics_token: str | None = field(default=None, repr=False)

    smtp_host: str | None = None
    smtp_port: int = 587
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    smtp_username: str | None = None
    smtp_password: str | None = field(default=None, repr=False)
    smtp_from: str | None = None

    @property
    def is_production(self) -> bool:
        """Whether the strict rules for a service with real data apply."""
        return self.env == "production"

    @property
    def base_url(self) -> str:
        """Where people and programs reach the service, without a slash at the end."""
        if self.public_url is not None:
            return self.public_url
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"


def load_settings(overrides: Mapping[str, object] | None = None) -> Settings:
    """Read the environment; `overrides` (by field name) come from the command line and win.

    Raises SettingsError naming every unknown or wrong variable.
    """
    problems = [_unknown(name) for name in unknown_variables(os.environ)]
    values: dict[str, Any] = {}
    for each in fields(Settings):
        value = _given(each.name, overrides or {})
        if value is None:
            continue
        try:
            read = _READERS.get(each.name, str)
            values[each.name] = read(value) if isinstance(value, str) else value
        except ValueError as error:
            problems.append(f"{PREFIX}{each.name.upper()}: {error}")
    settings = Settings(**values)
    problems += _find_contradictions(settings)
    if problems:
        raise SettingsError(
            "The settings cannot be used:\n" + "\n".join(f"  {problem}" for problem in problems)
        )
    return settings


def to_environment(settings: Settings) -> dict[str, str]:
    """Write settings as the variables that `load_settings` would read them from."""
    return {
        f"{PREFIX}{each.name.upper()}": _as_text(each.name, getattr(settings, each.name))
        for each in fields(settings)
    }


def variable_names() -> list[str]:
    """List every variable by its prefixed name, in the order of the documentation."""
    return [f"{PREFIX}{each.name.upper()}" for each in fields(Settings)]


def unknown_variables(environment: Mapping[str, str]) -> list[str]:
    """List the variables that have our prefix and no meaning."""
    known = CALLER_VARIABLES.union(variable_names())
    return sorted(name for name in environment if name.startswith(PREFIX) and name not in known)


def is_loopback(host: str) -> bool:
    """Whether a host names this machine alone."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _as_text(name: str, value: object) -> str:
    match value:
        case None:
            return "off" if name == "metrics_bind" else ""
        case (str() as host, int() as port):
            return f"{host}:{port}"
        case tuple():
            return ",".join(map(str, value))  # pyright: ignore[reportUnknownArgumentType,reportUnknownVariableType]  networks
        case Path():
            return str(value.expanduser().absolute())
        case _:
            return str(value)


def _unknown(name: str) -> str:
    # Without the prefix, which all share: with it, every name would look like every other.
    known = [each.removeprefix(PREFIX) for each in variable_names()]
    near = difflib.get_close_matches(name.removeprefix(PREFIX), known, n=1)
    hint = f"did you mean {PREFIX}{near[0]}?" if near else "docs/operations.md lists the settings"
    return f"{name} is not a setting: {hint}"


def _given(name: str, overrides: Mapping[str, object]) -> object:
    """Find what a setting is set to; None where it is not. An empty variable sets nothing."""
    value = overrides.get(name)
    if value is not None:
        return value
    variable = name.upper()
    plain = os.environ.get(variable) if variable in UNPREFIXED else None
    return os.environ.get(f"{PREFIX}{variable}") or plain or None


def _find_contradictions(settings: Settings) -> list[str]:
    """List what is wrong with settings that are right one by one."""
    problems: list[str] = []
    is_exposed = not is_loopback(urlsplit(settings.base_url).hostname or "")
    if settings.public_url is None:
        is_exposed = not is_loopback(settings.host)
    if settings.is_production and is_exposed and not settings.base_url.startswith("https://"):
        problems.append(
            "JUSTPAID_PUBLIC_URL: production is reached over https; set it to the https://"
            " address of the proxy in front, or listen on loopback alone"
        )
    if settings.smtp_host is not None and settings.smtp_from is None:
        problems.append("JUSTPAID_SMTP_FROM: is needed with JUSTPAID_SMTP_HOST")
    return problems
