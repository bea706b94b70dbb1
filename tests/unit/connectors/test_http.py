"""The action `http.request`: its checks, and the request it makes."""

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator

from justpaid import exact_json
from justpaid.connectors.catalogue import ACTIONS, PROVIDERS
from justpaid.connectors.http import HTTP_REQUEST, build_request, check_config, effect_rule
from justpaid.connectors.model import EffectClass, EffectRule, PreparedRequest
from justpaid.errors import InvalidInput
from justpaid.exact_json import JsonObject

_URL = "https://api.example.com/v1/invoices"


_FIELDS = HTTP_REQUEST.config_schema["properties"]
assert isinstance(_FIELDS, dict)


def _split(text: str) -> list[str | None]:
    """Split at `{{…}}` as the template language does for simple texts."""
    pieces = [None if piece.startswith("{{") else piece for piece in re.split(r"({{.*?}})", text)]
    return [piece for piece in pieces if piece != ""]


def _fields(config: JsonObject) -> list[str]:
    return [problem.field for problem in check_config(config, _split, "config")]


@pytest.mark.parametrize(
    ("config", "rule"),
    [
        ({}, EffectRule(EffectClass.READ)),
        ({"method": "GET"}, EffectRule(EffectClass.READ)),
        ({"method": "HEAD"}, EffectRule(EffectClass.READ)),
        ({"method": "PUT"}, EffectRule(EffectClass.IDEMPOTENT)),
        ({"method": "DELETE"}, EffectRule(EffectClass.IDEMPOTENT)),
        ({"method": "POST"}, EffectRule(EffectClass.IDEMPOTENT, 24)),
        ({"method": "PATCH", "idempotencyMemoryHours": 1}, EffectRule(EffectClass.IDEMPOTENT, 1)),
        ({"method": "POST", "idempotency": "header"}, EffectRule(EffectClass.IDEMPOTENT, 24)),
        ({"method": "POST", "idempotency": "none"}, EffectRule(EffectClass.UNSAFE)),
        ({"method": "PATCH", "idempotency": "none"}, EffectRule(EffectClass.UNSAFE)),
        ({"method": "PUT", "idempotency": "none"}, EffectRule(EffectClass.IDEMPOTENT)),
    ],
)
def test_the_effect_class_follows_method_and_idempotency(
    config: JsonObject, rule: EffectRule
) -> None:
    """The engine repeats a request only when its method, or its author, makes that safe."""
    assert effect_rule(config) == rule


@pytest.mark.parametrize(
    ("method", "idempotency", "sends"),
    [
        ("POST", None, True),
        ("PATCH", "header", True),
        ("POST", "none", False),
        ("PUT", "header", False),
        ("GET", None, False),
    ],
)
def test_only_a_keyed_request_carries_the_key(
    method: str, idempotency: str | None, *, sends: bool
) -> None:
    """A receiver sees an Idempotency-Key exactly where the author promises that it is honoured."""
    config: JsonObject = {"method": method, "url": _URL}
    if idempotency is not None:
        config["idempotency"] = idempotency
    assert build_request(config).key_header == ("Idempotency-Key" if sends else None)


def test_a_json_body_keeps_every_digit() -> None:
    """An amount arrives as it was written, not as the nearest binary float."""
    body = exact_json.parse('{"amount":2.90,"big":123456789012345678901234567890,"e":1e-7}')
    request = build_request({"method": "POST", "url": _URL, "json": body})
    assert request.body == '{"amount":2.90,"big":123456789012345678901234567890,"e":1E-7}'
    assert request.headers == (("Content-Type", "application/json"),)


def test_forms_texts_and_queries_are_encoded() -> None:
    """No value can add a field of its own."""
    form = build_request(
        {
            "method": "POST",
            "url": _URL,
            "form": {"a b": "x&y=z", "n": Decimal("2.90"), "l": ["1", True, None], "gone": None},
        }
    )
    assert form.body == "a+b=x%26y%3Dz&n=2.90&l=1&l=true"
    text = build_request(
        {"method": "POST", "url": _URL, "text": "é\r\n", "headers": {"content-type": "text/csv"}}
    )
    assert text.body == "é\r\n"
    assert text.headers == (("content-type", "text/csv"),)
    query = build_request(
        {
            "url": f"{_URL}?a=1#part",
            "query": {"q": "x y&z#", "l": [1, Decimal("2.50")], "gone": None},
        }
    )
    assert query.url == f"{_URL}?a=1&q=x%20y%26z%23&l=1&l=2.50"


@pytest.mark.parametrize(
    ("config", "field"),
    [
        ({"url": 5}, "config.url"),
        ({}, "config.url"),
        ({"url": "https://api.example.com/a/../b"}, "config.url"),
        ({"url": "file:///etc/passwd"}, "config.url"),
        ({"url": _URL, "method": "TRACE"}, "config.method"),
        ({"url": _URL, "method": ["GET"]}, "config.method"),
        ({"url": _URL, "idempotency": "sometimes"}, "config.idempotency"),
        ({"url": _URL, "idempotencyMemoryHours": "24"}, "config.idempotencyMemoryHours"),
        ({"url": _URL, "idempotencyMemoryHours": True}, "config.idempotencyMemoryHours"),
        ({"url": _URL, "failOnStatus": "false"}, "config.failOnStatus"),
        ({"url": _URL, "headers": {"X-A": "a\r\nX-B: b"}}, "config.headers.X-A"),
        ({"url": _URL, "headers": {"X-A": "a\0"}}, "config.headers.X-A"),
        ({"url": _URL, "headers": {"X-A": ["a"]}}, "config.headers.X-A"),
        ({"url": _URL, "headers": {"Host": "evil"}}, "config.headers.Host"),
        ({"url": _URL, "headers": {"Content-Length": 1}}, "config.headers.Content-Length"),
        ({"url": _URL, "headers": {"transfer-encoding": "x"}}, "config.headers.transfer-encoding"),
        ({"url": _URL, "headers": {"X-A": "1", "x-a": "2"}}, "config.headers.x-a"),
        ({"url": _URL, "headers": "X-A: 1"}, "config.headers"),
        ({"url": _URL, "query": {"a": {"b": 1}}}, "config.query.a"),
        ({"url": _URL, "query": "a=1"}, "config.query"),
        ({"url": _URL, "method": "POST", "form": ["a"]}, "config.form"),
        ({"url": _URL, "method": "POST", "text": {"a": 1}}, "config.text"),
        ({"url": _URL, "method": "POST", "json": 1, "text": "x"}, "config.text"),
        (
            {"url": _URL, "method": "POST", "headers": {"idempotency-key": "mine"}},
            "config.headers.Idempotency-Key",
        ),
    ],
)
def test_what_cannot_be_sent_is_refused_with_its_path(config: JsonObject, field: str) -> None:
    """A bad value in a resolved config is a step error that names the field, and nothing leaves."""
    with pytest.raises(InvalidInput) as refusal:
        build_request(config)
    assert [problem.field for problem in refusal.value.problems] == [field]


@given(st.text(), st.text())
def test_no_text_makes_a_request_with_a_broken_header(name: str, value: str) -> None:
    """Whatever a template yields, a header is one clean line or the request is not made."""
    try:
        request = build_request({"url": _URL, "headers": {name: value}})
    except InvalidInput:
        return
    for part in request.headers[0]:
        assert not set("\r\n\0") & set(part)


_scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=8)
_values = st.recursive(
    _scalars, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner)
)


@given(st.dictionaries(st.sampled_from(sorted(_FIELDS)), _values))
def test_any_resolved_config_makes_a_request_or_names_its_fields(config: JsonObject) -> None:
    """Whatever templates yield, a step ends in a request or in an error that says where."""
    config = {"url": _URL} | config
    effect_rule(config)
    fields = ["config."]
    try:
        build_request(config)
    except InvalidInput as refusal:
        fields = [problem.field for problem in refusal.problems]
    assert fields
    assert all(field.startswith("config.") for field in fields)


def test_a_config_as_written_shows_every_problem_at_once() -> None:
    """An author sees all mistakes of a step together, each at its place."""
    config: JsonObject = {
        "method": "POST",
        "url": "{{variables.base}}/x",
        "connectionId": "conn_nonsense",
        "json": {},
        "text": "",
        "headers": {"Host": "x", "X-Fine": "{{input.a}}", "Idempotency-Key": "{{input.k}}"},
    }
    assert _fields(config) == [
        "config.url",
        "config.text",
        "config.headers.Host",
        "config.headers.Idempotency-Key",
        "config.connectionId",
    ]


@pytest.mark.parametrize(
    "config",
    [
        {"url": "{{variables.base}}/x"},
        {"url": "https://api.example.com/{{input.id}}", "connectionId": "{{input.connection}}"},
        {"method": "{{input.method}}", "url": _URL, "form": None, "text": None, "json": None},
        {
            "method": "POST",
            "url": _URL,
            "idempotency": "none",
            "headers": {"Idempotency-Key": "{{input.id}}"},
        },
    ],
)
def test_a_good_config_as_written_has_no_problem(config: JsonObject) -> None:
    """The checks leave honest workflows alone."""
    assert _fields(config) == []


def test_the_schemas_are_valid_and_titled() -> None:
    """The builder has a title for every field that it shows."""
    for action in ACTIONS.values():
        assert action.provider in PROVIDERS
        for schema in (action.config_schema, action.output_schema):
            Draft202012Validator(schema)
            properties = schema["properties"]
            assert isinstance(properties, dict)
            for described in properties.values():
                assert isinstance(described, dict)
                assert described["title"]


@pytest.mark.parametrize(
    ("config", "is_valid"),
    [
        ({"url": _URL}, True),
        ({"method": "POST", "url": _URL, "json": None, "failOnStatus": False}, True),
        ({"url": _URL, "query": {"a": [1, "b", None]}, "headers": {"X": 1}}, True),
        ({}, False),
        ({"url": _URL, "method": "get"}, False),
        ({"url": _URL, "methud": "GET"}, False),
        ({"url": _URL, "idempotency": "key"}, False),
        ({"url": _URL, "idempotencyMemoryHours": 0}, False),
    ],
)
def test_the_schema_says_what_a_config_is(config: JsonObject, *, is_valid: bool) -> None:
    """An unknown field or a wrong type is refused before anything runs."""
    assert Draft202012Validator(HTTP_REQUEST.config_schema).is_valid(config) is is_valid


@given(st.text() | st.integers(), st.sampled_from(["GET", "POST", "DELETE"]), st.booleans())
def test_a_stored_request_is_read_back_the_same(body: str | int, method: str, fails: bool) -> None:  # noqa: FBT001
    """What is sent after a crash is what was written down before it."""
    request = build_request(
        {"method": method, "url": _URL, "json": body, "failOnStatus": fails, "headers": {"X": "1"}}
    )
    stored = exact_json.stored(exact_json.encode_text(request.to_json()))
    assert isinstance(stored, dict)
    again = PreparedRequest.from_json(stored)
    assert again == request
    assert again.fingerprint() == request.fingerprint()


def test_a_fingerprint_tells_requests_apart() -> None:
    """Another amount, address or header is another request, and the same one is the same."""
    base: JsonObject = {"method": "POST", "url": _URL, "json": {"amount": 1}}
    changes: list[JsonObject] = [
        {},
        {"json": {"amount": 2}},
        {"url": f"{_URL}/2"},
        {"method": "PATCH"},
        {"headers": {"X-A": "1"}},
    ]
    prints = {build_request(base | change).fingerprint() for change in changes}
    assert len(prints) == 5
    assert build_request(base).fingerprint() in prints
