"""What people send in as a credential, checked, hinted at, and made into what a request carries.

Guarantee: no error or hint made here repeats a secret; a hint shows four characters at most, and
none of a short secret.
"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from justpaid.connections.model import AuthType
from justpaid.errors import Problem
from justpaid.exact_json import JsonObject, JsonValue, join_path
from justpaid.outbound.headers import MAX_HEADER_LENGTH, header_problem
from justpaid.outbound.messages import Credential
from justpaid.outbound.urls import Origin

MAX_SECRET_LENGTH: Final = MAX_HEADER_LENGTH // 2

_SHOWN: Final = 4
_LONG_ENOUGH_TO_HINT: Final = 12
_PATH: Final = "credentials"

Secrets = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Form:
    """The fields of one way to authenticate: which are secret, and the header they become."""

    fields: tuple[str, ...]
    secret_fields: frozenset[str]
    header: Callable[[Secrets], tuple[str, str]]


def _bearer(secrets: Secrets) -> tuple[str, str]:
    return "Authorization", f"Bearer {secrets['token']}"


def _basic(secrets: Secrets) -> tuple[str, str]:
    pair = f"{secrets['username']}:{secrets['password']}"
    return "Authorization", f"Basic {base64.b64encode(pair.encode()).decode()}"


def _api_key(secrets: Secrets) -> tuple[str, str]:
    return secrets["header"], secrets["key"]


_FORMS: Final[Mapping[AuthType, _Form]] = {
    AuthType.BEARER: _Form(("token",), frozenset({"token"}), _bearer),
    AuthType.BASIC: _Form(("username", "password"), frozenset({"password"}), _basic),
    AuthType.API_KEY: _Form(("header", "key"), frozenset({"key"}), _api_key),
}


def infer_auth_type(credentials: Mapping[str, JsonValue]) -> AuthType | None:
    """Tell from its fields how a credential authenticates; None when they fit nothing."""
    names = set(credentials)
    if not names:
        return AuthType.NONE
    return next((kind for kind, form in _FORMS.items() if names == set(form.fields)), None)


def read_credentials(
    auth_type: AuthType, credentials: Mapping[str, JsonValue], problems: list[Problem]
) -> dict[str, str]:
    """Return the fields of a credential; whatever is wrong is appended with its path."""
    form = _FORMS.get(auth_type)
    known = form.fields if form else ()
    problems.extend(
        Problem(join_path(_PATH, name), "unknown field")
        for name in credentials
        if name not in known
    )
    secrets: dict[str, str] = {}
    for name in known:
        value = credentials.get(name)
        problem = _field_problem(auth_type, name, value)
        if problem is not None:
            problems.append(Problem(join_path(_PATH, name), problem))
        elif isinstance(value, str):
            secrets[name] = value
    if form is not None and not problems:
        header, value = form.header(secrets)
        problem = header_problem(header, value)
        if problem is not None:
            problems.append(Problem(_PATH, f"as a header, this {problem}"))
    return secrets


def hints_of(auth_type: AuthType, secrets: Secrets) -> JsonObject:
    """Return what a credential shows of itself: names as they are, secrets by their last four."""
    form = _FORMS.get(auth_type)
    if form is None:
        return {}
    return {
        name: _hint(value) if name in form.secret_fields else value
        for name, value in secrets.items()
    }


def make_credential(
    auth_type: AuthType, secrets: Secrets, origins: frozenset[Origin]
) -> Credential | None:
    """Return what a request carries to these origins; None where nothing is to be carried."""
    form = _FORMS.get(auth_type)
    if form is None:
        return None
    name, value = form.header(secrets)
    masked = {secrets[field] for field in form.secret_fields} | {value}
    if auth_type is AuthType.BASIC:
        masked.add(value.removeprefix("Basic "))
    return Credential(name, value, origins, tuple(sorted(masked)))


def _field_problem(auth_type: AuthType, name: str, value: JsonValue) -> str | None:
    if not isinstance(value, str):
        return "is needed" if value is None else "must be a text"
    if name == "header":
        return header_problem(value, "")
    rules = (
        (not value.strip(), "must not be empty"),
        (value != value.strip(), "must not begin or end with a space or a line break"),
        (not value.isprintable(), "must not hold a line break or another control character"),
        (len(value) > MAX_SECRET_LENGTH, f"must be at most {MAX_SECRET_LENGTH} characters long"),
        (
            auth_type is AuthType.BASIC and name == "username" and ":" in value,
            "must not hold a colon",
        ),
    )
    return next((message for is_broken, message in rules if is_broken), None)


def _hint(secret: str) -> str:
    return f"…{secret[-_SHOWN:]}" if len(secret) >= _LONG_ENOUGH_TO_HINT else "…"
