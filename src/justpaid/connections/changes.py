"""What people may ask of a connection, held to the rules before anything is stored; pure.

Guarantee: a credential that nobody can read cannot be sent anywhere new without being sent in
again: allowing another origin, or another way to authenticate, needs the credential itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from justpaid.connections.credentials import hints_of, infer_auth_type, read_credentials
from justpaid.connections.model import MAX_ORIGINS, AuthType, Connection
from justpaid.connectors.catalogue import PROVIDERS
from justpaid.connectors.model import Provider
from justpaid.errors import InvalidInput, Problem
from justpaid.exact_json import JsonObject, JsonValue
from justpaid.outbound.urls import InvalidUrl, parse_origin, parse_url

_MAX_NAME: Final = 255


@dataclass(frozen=True, slots=True)
class NewConnection:
    """A connection to be made, as it was asked for."""

    name: str
    provider: str
    credentials: Mapping[str, JsonValue]
    auth_type: AuthType | None = None
    allowed_origins: Sequence[str] = ()
    test_url: str | None = None


@dataclass(frozen=True, slots=True)
class ConnectionChange:
    """What is to change; None leaves a field as it is. `clears_test_url` removes that."""

    name: str | None = None
    credentials: Mapping[str, JsonValue] | None = None
    auth_type: AuthType | None = None
    allowed_origins: Sequence[str] | None = None
    test_url: str | None = None
    clears_test_url: bool = False


@dataclass(frozen=True, slots=True)
class Checked:
    """A request that holds: the parts to store. `secrets` is None when the old ones stay."""

    auth_type: AuthType
    allowed_origins: tuple[str, ...]
    test_url: str | None
    hints: JsonObject
    secrets: dict[str, str] | None


def check_new(asked: NewConnection) -> Checked:
    """Hold a new connection to the rules; raises InvalidInput naming everything that is wrong."""
    problems: list[Problem] = []
    _check_name(asked.name, problems)
    provider = PROVIDERS.get(asked.provider)
    if provider is None:
        problems.append(Problem("provider", f"must be one of {', '.join(sorted(PROVIDERS))}"))
    auth_type = _auth_type(asked.auth_type, asked.credentials, provider, problems)
    secrets = read_credentials(auth_type, asked.credentials, problems) if auth_type else {}
    origins = _origins(asked.allowed_origins, provider, problems)
    test_url = _test_url(asked.test_url, origins, problems)
    if problems or auth_type is None:
        raise InvalidInput("The connection is not valid.", problems)
    return Checked(auth_type, origins, test_url, hints_of(auth_type, secrets), secrets)


def check_change(
    now: Connection, asked: ConnectionChange
) -> tuple[Connection, dict[str, str] | None]:
    """Return the connection as changed, and its new secrets if any; raises InvalidInput."""
    problems: list[Problem] = []
    name = now.name if asked.name is None else asked.name
    _check_name(name, problems)
    provider = PROVIDERS.get(now.provider)
    origins = now.allowed_origins
    if asked.allowed_origins is not None:
        origins = _origins(asked.allowed_origins, provider, problems)
    auth_type: AuthType | None = now.auth_type
    secrets: dict[str, str] | None = None
    if asked.credentials is not None:
        auth_type = _auth_type(asked.auth_type, asked.credentials, provider, problems)
        if auth_type is not None:
            secrets = read_credentials(auth_type, asked.credentials, problems)
    else:
        _need_credentials(now, asked, origins, problems)
    kept_url = None if asked.clears_test_url else now.test_url
    test_url = _test_url(asked.test_url or kept_url, origins, problems)
    if problems or auth_type is None:
        raise InvalidInput("The change is not valid.", problems)
    changed = replace(
        now,
        name=name,
        auth_type=auth_type,
        allowed_origins=origins,
        test_url=test_url,
        hints=now.hints if secrets is None else _texts(hints_of(auth_type, secrets)),
    )
    return changed, secrets


def _check_name(name: str, problems: list[Problem]) -> None:
    if not name.strip() or len(name) > _MAX_NAME:
        problems.append(Problem("name", f"must be 1 to {_MAX_NAME} characters long"))


def _auth_type(
    asked: AuthType | None,
    credentials: Mapping[str, JsonValue],
    provider: Provider | None,
    problems: list[Problem],
) -> AuthType | None:
    kinds = ", ".join(provider.auth_types) if provider else ""
    if asked is None:
        asked = infer_auth_type(credentials)
        if asked is None:
            message = f"is needed with these credentials: one of {kinds}" if kinds else "is needed"
            problems.append(Problem("authType", message))
    if asked is not None and provider is not None and asked not in provider.auth_types:
        problems.append(Problem("authType", f"must be one of {kinds}"))
        return None
    return asked


def _origins(
    asked: Sequence[str], provider: Provider | None, problems: list[Problem]
) -> tuple[str, ...]:
    if provider is not None and not provider.needs_origins:
        if asked:
            problems.append(Problem("allowedOrigins", "are fixed for this provider"))
        return provider.origins
    if not 0 < len(asked) <= MAX_ORIGINS:
        problems.append(
            Problem("allowedOrigins", f"must name 1 to {MAX_ORIGINS} origins for the credential")
        )
    found: list[str] = []
    for index, text in enumerate(asked[:MAX_ORIGINS]):
        try:
            found.append(parse_origin(text).text)
        except InvalidUrl as error:
            problems.append(Problem(f"allowedOrigins[{index}]", str(error)))
    return tuple(dict.fromkeys(found))


def _test_url(asked: str | None, origins: tuple[str, ...], problems: list[Problem]) -> str | None:
    if asked is None:
        return None
    try:
        target = parse_url(asked)
    except InvalidUrl as error:
        problems.append(Problem("testUrl", str(error)))
        return None
    if target.origin.text not in origins:
        problems.append(Problem("testUrl", "is at none of the allowed origins"))
    return target.text


def _need_credentials(
    now: Connection, asked: ConnectionChange, origins: tuple[str, ...], problems: list[Problem]
) -> None:
    if asked.auth_type not in {None, now.auth_type}:
        problems.append(Problem("credentials", "are needed for another authType"))
    added = [origin for origin in origins if origin not in now.allowed_origins]
    if added and now.auth_type is not AuthType.NONE:
        problems.append(
            Problem("credentials", f"send them again to allow {', '.join(added)} to receive them")
        )


def _texts(hints: JsonObject) -> dict[str, str]:
    return {name: str(hint) for name, hint in hints.items()}
