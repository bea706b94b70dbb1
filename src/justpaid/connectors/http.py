"""The provider `http`: any service that speaks HTTP, and its action `http.request`."""

from decimal import Decimal
from typing import Final

from justpaid.connectors.http_schema import (
    CONFIG_SCHEMA,
    DEFAULT_MEMORY_HOURS,
    MAX_MEMORY_HOURS,
    METHODS,
    OUTPUT_SCHEMA,
)
from justpaid.connectors.model import (
    ActionSpec,
    EffectClass,
    EffectRule,
    PreparedRequest,
    Provider,
    SplitTemplate,
)
from justpaid.connectors.request_parts import BODY_TYPES, add_query, read_headers, write_body
from justpaid.connectors.url_template import check_url_template
from justpaid.errors import InvalidInput, Problem
from justpaid.exact_json import JsonObject, JsonValue, join_path
from justpaid.ids import Prefix, decode_id
from justpaid.outbound.headers import header_problem
from justpaid.outbound.urls import InvalidUrl, parse_url

KEY_HEADER: Final = "Idempotency-Key"

# Tuples: a resolved config may hold a list where a word is due, and no set can look one up.
_READS: Final = ("GET", "HEAD")
_KEYED: Final = ("POST", "PATCH")
_IDEMPOTENCY: Final = ("header", "none")


def effect_rule(config: JsonObject) -> EffectRule:
    """Return how a request may be repeated: by its method, and for POST and PATCH as it says."""
    method = config.get("method", "GET")
    if method in _READS:
        return EffectRule(EffectClass.READ)
    if method not in _KEYED:
        return EffectRule(EffectClass.IDEMPOTENT)
    if config.get("idempotency", "header") != "header":
        return EffectRule(EffectClass.UNSAFE)
    hours = _memory_hours(config)
    known = DEFAULT_MEMORY_HOURS if hours is None else hours
    return EffectRule(EffectClass.IDEMPOTENT, key_memory_hours=known)


def build_request(config: JsonObject) -> PreparedRequest:
    """Make the request of a resolved config; raises InvalidInput naming every bad field."""
    problems = _check_terms(config)
    method = config.get("method", "GET")
    url = _read_url(config, problems)
    headers = read_headers(config.get("headers"), "config.headers", problems)
    body, content_type = _read_body(config, problems)
    if content_type is not None and not _has(headers, "content-type"):
        headers["Content-Type"] = content_type
    key_header = KEY_HEADER if _sends_key(config) else None
    if key_header is not None and _has(headers, key_header.lower()):
        problems.append(_own_key(f"config.headers.{key_header}"))
    if problems:
        raise InvalidInput("The request cannot be made from the step's config.", problems)
    return PreparedRequest(
        method=str(method),
        url=url,
        headers=tuple(headers.items()),
        body=body,
        effect_class=effect_rule(config).effect_class,
        key_header=key_header,
        fails_on_status=config.get("failOnStatus", True) is not False,
    )


def check_config(config: JsonObject, split: SplitTemplate, path: str) -> list[Problem]:
    """Return what is wrong with a config as written, beyond its schema."""
    problems: list[Problem] = []
    url = config.get("url")
    if isinstance(url, str):
        uses_connection = config.get("connectionId") is not None
        problems += check_url_template(
            split(url), join_path(path, "url"), uses_connection=uses_connection
        )
    bodies = _bodies(config)
    problems.extend(_second_body(path, other, bodies[0]) for other in bodies[1:])
    problems += _check_headers(config, split, join_path(path, "headers"))
    connection = config.get("connectionId")
    is_written = isinstance(connection, str) and None not in split(connection)
    if is_written and decode_id(Prefix.CONNECTION, str(connection)) is None:
        problems.append(Problem(join_path(path, "connectionId"), "is not a connection's id"))
    return problems


def _check_headers(config: JsonObject, split: SplitTemplate, path: str) -> list[Problem]:
    headers = config.get("headers")
    if not isinstance(headers, dict):
        return []
    problems: list[Problem] = []
    sends_key = _sends_key(config)
    for name, value in headers.items():
        where = join_path(path, name)
        pieces = split(value) if isinstance(value, str) else ()
        problem = header_problem(name, "".join(piece or "" for piece in pieces).strip(" \t"))
        if problem is not None:
            problems.append(Problem(where, problem))
        elif sends_key and name.lower() == KEY_HEADER.lower() and value is not None:
            problems.append(_own_key(where))
    return problems


def _check_terms(config: JsonObject) -> list[Problem]:
    """Check what decides how a request is repeated and judged, once templates are resolved."""
    hours = _memory_hours(config)
    rules = (
        ("method", config.get("method", "GET") in METHODS, f"must be one of {', '.join(METHODS)}"),
        (
            "idempotency",
            config.get("idempotency", "header") in _IDEMPOTENCY,
            "must be header or none",
        ),
        (
            "idempotencyMemoryHours",
            hours is not None and 1 <= hours <= MAX_MEMORY_HOURS,
            f"must be a whole number from 1 to {MAX_MEMORY_HOURS}",
        ),
        (
            "failOnStatus",
            isinstance(config.get("failOnStatus", True), bool),
            "must be true or false",
        ),
    )
    return [Problem(f"config.{name}", message) for name, is_good, message in rules if not is_good]


def _memory_hours(config: JsonObject) -> int | None:
    """Return a whole number, which JSON may write as `24.0`; None for anything else."""
    hours = config.get("idempotencyMemoryHours", DEFAULT_MEMORY_HOURS)
    if not isinstance(hours, int | Decimal) or isinstance(hours, bool) or hours != int(hours):
        return None
    return int(hours)


def _read_url(config: JsonObject, problems: list[Problem]) -> str:
    url = config.get("url")
    if not isinstance(url, str):
        problems.append(Problem("config.url", "must be a text"))
        return ""
    try:
        return parse_url(add_query(url, config.get("query"), "config.query", problems)).text
    except InvalidUrl as error:
        problems.append(Problem("config.url", str(error)))
        return ""


def _read_body(config: JsonObject, problems: list[Problem]) -> tuple[str | None, str | None]:
    bodies = _bodies(config)
    if not bodies:
        return None, None
    kind = bodies[0]
    problems.extend(_second_body("config", other, kind) for other in bodies[1:])
    value: JsonValue = config[kind]
    return write_body(kind, value, f"config.{kind}", problems), BODY_TYPES[kind]


def _bodies(config: JsonObject) -> list[str]:
    """Return which bodies a config holds; null is a JSON body, but no form and no text."""
    return [
        kind
        for kind in BODY_TYPES
        if config.get(kind) is not None or (kind == "json" and "json" in config)
    ]


def _second_body(path: str, kind: str, first: str) -> Problem:
    return Problem(join_path(path, kind), f"only one body can be sent; there is {first} already")


def _sends_key(config: JsonObject) -> bool:
    return config.get("method") in _KEYED and config.get("idempotency", "header") == "header"


def _has(headers: dict[str, str], name: str) -> bool:
    return any(header.lower() == name for header in headers)


def _own_key(path: str) -> Problem:
    return Problem(
        path, "the key is made for each effect; to send your own, set idempotency to none"
    )


HTTP_REQUEST: Final = ActionSpec(
    name="http.request",
    provider="http",
    title="Send an HTTP request",
    description="Calls any address that speaks HTTP and gives its answer.",
    config_schema=CONFIG_SCHEMA,
    output_schema=OUTPUT_SCHEMA,
    url_fields=frozenset({"url"}),
    check=check_config,
    effect_rule=effect_rule,
    build=build_request,
)

HTTP: Final = Provider(
    name="http",
    title="HTTP",
    description="Any service that speaks HTTP, with a bearer token, a user name and password, or "
    "a key in a header.",
    auth_types=("bearer", "basic", "api_key", "none"),
    actions=(HTTP_REQUEST,),
    needs_origins=True,
    may_go_without=True,
)
