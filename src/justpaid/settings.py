"""What an operator can set: environment variables with the prefix JUSTPAID_, read once at start.

Guarantee: a misspelt or malformed setting stops the start with every problem named, and no message
ever repeats a value.
"""

import difflib
import os
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Annotated, Final, Literal, Self, TypeAlias
from urllib.parse import urlsplit

from pydantic import AliasChoices, BeforeValidator, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PREFIX: Final = "JUSTPAID_"
# Accepted without the prefix too, because hosting platforms set them under these names.
UNPREFIXED: Final = ("DATABASE_URL", "REDIS_URL")
# What the documentation's examples tell a caller to set; no setting of the service.
CALLER_VARIABLES: Final = frozenset({"JUSTPAID_API_KEY", "JUSTPAID_URL"})
DEFAULT_DATA_DIR: Final = Path(".data")

Network: TypeAlias = IPv4Network | IPv6Network


class SettingsError(Exception):
    """The settings cannot be used; the message names each variable and what it should be."""


def _networks(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return tuple(ip_network(part.strip()) for part in value.split(",") if part.strip())
    except ValueError:
        raise ValueError("must be networks such as 10.0.0.0/8, separated by commas") from None


def _bind(value: object) -> object:
    if not isinstance(value, str):
        return value
    if value == "off":
        return None
    host, _, port = value.rpartition(":")
    host = host.strip("[]")
    if not host or not port.isdecimal() or int(port) > 65535:  # noqa: PLR2004  the last port
        raise ValueError("must be an address and port such as 127.0.0.1:9464, or off")
    return host, int(port)


def _origin(value: object) -> object:
    if not isinstance(value, str):
        return value
    parts = urlsplit(value)
    is_origin = parts.scheme in {"http", "https"} and parts.hostname and not parts.username
    if not is_origin or parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise ValueError("must be scheme, host and port alone, such as https://workflows.acme.test")
    return f"{parts.scheme}://{parts.netloc}"


Networks: TypeAlias = Annotated[tuple[Network, ...], NoDecode, BeforeValidator(_networks)]
Bind: TypeAlias = Annotated[tuple[str, int] | None, NoDecode, BeforeValidator(_bind)]
Origin: TypeAlias = Annotated[str | None, BeforeValidator(_origin)]
Port: TypeAlias = Annotated[int, Field(ge=0, le=65535)]
Secret: TypeAlias = Annotated[str | None, Field(repr=False)]


class Settings(BaseSettings):
    """Every setting with its default; docs/operations.md explains each, and a test compares."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        populate_by_name=True,
    )

    env: Literal["development", "production"] = "development"
    data_dir: Path = DEFAULT_DATA_DIR
    host: str = "127.0.0.1"
    port: Port = 8080
    public_url: Origin = None
    trusted_proxies: Networks = ()

    database_url: str | None = Field(
        default=None,
        repr=False,
        validation_alias=AliasChoices("JUSTPAID_DATABASE_URL", "DATABASE_URL"),
    )
    database_pool_size: int = Field(default=20, ge=2, le=500)
    redis_url: str | None = Field(
        default=None,
        repr=False,
        validation_alias=AliasChoices("JUSTPAID_REDIS_URL", "REDIS_URL"),
    )

    secrets_file: Path | None = None
    pepper: Secret = None
    pepper_previous: Secret = None
    master_key: Secret = None
    master_key_previous: Secret = None
    audit_key: Secret = None
    audit_key_previous: Secret = None

    outbound_allow: str = ""
    worker_slots: int = Field(default=96, ge=1, le=4096)
    lease_seconds: int = Field(default=10, ge=2, le=300)
    auth_failures_per_minute: int = Field(default=60, ge=1)
    run_retention_days: int = Field(default=90, ge=1)
    evidence_retention_days: int | None = Field(default=None, ge=1)

    log_format: Literal["auto", "json", "console"] = "auto"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    metrics_bind: Bind = ("127.0.0.1", 9464)
    metrics_token: Secret = None

    smtp_host: str | None = None
    smtp_port: Port = 587
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    smtp_username: str | None = None
    smtp_password: Secret = None
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

    @model_validator(mode="after")
    def _refuse_plain_http(self) -> Self:
        is_exposed = not is_loopback(urlsplit(self.base_url).hostname or "")
        if self.public_url is None:
            is_exposed = not is_loopback(self.host)
        if self.is_production and is_exposed and not self.base_url.startswith("https://"):
            raise ValueError(
                "JUSTPAID_PUBLIC_URL: production is reached over https; set it to the https://"
                " address of the proxy in front, or listen on loopback alone"
            )
        return self

    @model_validator(mode="after")
    def _want_a_sender(self) -> Self:
        if self.smtp_host is not None and self.smtp_from is None:
            raise ValueError("JUSTPAID_SMTP_FROM: is needed with JUSTPAID_SMTP_HOST")
        return self


def load_settings(overrides: Mapping[str, object] | None = None) -> Settings:
    """Read the environment; `overrides` (by field name) come from the command line and win.

    Raises SettingsError naming every unknown or wrong variable.
    """
    given = {name: value for name, value in (overrides or {}).items() if value is not None}
    problems = [_unknown(name) for name in unknown_variables(os.environ)]
    settings = None
    try:
        settings = Settings(**given)  # pyright: ignore[reportArgumentType]  checked by the model
    except ValidationError as error:
        problems += [
            _explain(str(each["loc"][0]) if each["loc"] else "", each["msg"])
            for each in error.errors(include_input=False, include_url=False)
        ]
    if problems or settings is None:
        raise SettingsError(
            "The settings cannot be used:\n" + "\n".join(f"  {problem}" for problem in problems)
        )
    return settings


def to_environment(settings: Settings) -> dict[str, str]:
    """Write settings as the variables that `load_settings` would read them from."""
    return {
        f"{PREFIX}{name.upper()}": _as_text(name, getattr(settings, name))
        for name in sorted(settings.model_fields_set | {"data_dir", "host", "port"})
    }


def variable_names() -> list[str]:
    """List every variable by its prefixed name, in the order of the documentation."""
    return [f"{PREFIX}{name.upper()}" for name in Settings.model_fields]


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
    near = difflib.get_close_matches(name, variable_names(), n=1)
    hint = f"did you mean {near[0]}?" if near else "docs/operations.md lists the settings"
    return f"{name} is not a setting: {hint}"


def _explain(field: str, message: str) -> str:
    message = message.removeprefix("Value error, ")
    if not field:
        return message
    name = field if field.isupper() else f"{PREFIX}{field.upper()}"
    return f"{name}: {message[:1].lower()}{message[1:]}"
