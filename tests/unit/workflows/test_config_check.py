"""A config against its type's schema: templates may stand anywhere, values may not be wrong."""

from decimal import Decimal

import pytest

from justpaid.exact_json import JsonObject, JsonValue
from justpaid.workflows.config_check import check_resolved_config, check_written_config
from justpaid.workflows.json_schema import safe_validator
from justpaid.workflows.step_types import StepType

SCHEMA: JsonObject = {
    "type": "object",
    "required": ["to"],
    "properties": {
        "to": {"anyOf": [{"type": "string", "format": "email"}, {"type": "array", "minItems": 1}]},
        "count": {"type": "integer", "maximum": 5},
        "kind": {"enum": ["a", "b"]},
        "code": {"type": "string", "pattern": "^[A-Z]{3}$", "maxLength": 3},
        "tags": {"type": "array", "uniqueItems": True, "items": {"type": "string"}},
        "amount": {"type": "number", "multipleOf": Decimal("0.01")},
        "deep": {
            "oneOf": [
                {
                    "type": "object",
                    "required": ["n"],
                    "properties": {"n": {"type": "integer"}},
                    "additionalProperties": False,
                },
                {"type": "null"},
            ]
        },
    },
    "additionalProperties": False,
}
TYPE = StepType(name="test", title="Test", config_schema=SCHEMA)

FINE: list[JsonObject] = [
    {"to": "a@b.example", "count": 5, "kind": "a", "code": "EUR", "amount": Decimal("19.99")},
    {"to": "{{ input.to }}", "count": "{{ input.n }}", "kind": "{{ input.k }}"},
    {"to": "{{ input.name }}@b.example", "kind": "{{ input.k }}b", "code": "E{{ input.c }}"},
    {"to": ["{{ input.a }}", "{{ input.a }}"], "tags": ["{{ input.a }}", "{{ input.a }}"]},
    {"to": ["x"], "deep": {"n": "{{ input.n }}"}, "tags": "{{ input.tags }}"},
    {"to": ["x"], "deep": "{{ input.deep }}", "amount": "{{ 1 + 1 }}"},
]


@pytest.mark.parametrize("config", FINE)
def test_a_template_may_stand_for_anything(config: JsonObject) -> None:
    """What a template yields is not known when a workflow is stored, so it is not judged."""
    assert check_written_config(TYPE.config_validator, config, "config") == []


WRONG: list[tuple[JsonObject, dict[str, str]]] = [
    ({}, {"config.to": "is required"}),
    ({"to": ["x"], "count": 6}, {"config.count": "is greater than the maximum of 5"}),
    ({"to": ["x"], "count": "6"}, {"config.count": "must be a whole number"}),
    ({"to": ["x"], "count": "n {{ input.n }}"}, {"config.count": "must be a whole number"}),
    ({"to": ["x"], "count": "\\{{ input.n }}"}, {"config.count": "must be a whole number"}),
    ({"to": ["x"], "kind": "c"}, {"config.kind": "must be one of a, b"}),
    ({"to": []}, {"config.to": "has none of the allowed forms"}),
    ({"to": 5}, {"config.to": "has none of the allowed forms"}),
    ({"to": ["x"], "tags": ["a", 1, "{{ input }}"]}, {"config.tags[1]": "must be a string"}),
    ({"to": ["x"], "tags": ["a", "a"]}, {"config.tags": "has non-unique elements"}),
    ({"to": ["x"], "deep": {"n": "x"}}, {"config.deep": "has none of the allowed forms"}),
    ({"to": ["x"], "deep": {"m": "{{ a }}"}}, {"config.deep": "has none of the allowed forms"}),
    ({"to": "{{ input.to }}", "cc": "{{ input.cc }}"}, {"config.cc": "is not a known field"}),
    ({"to": ["x"], "amount": Decimal("19.999")}, {"config.amount": "is not a multiple of 0.01"}),
]


@pytest.mark.parametrize(("config", "expected"), WRONG)
def test_what_is_written_wrong_is_refused(config: JsonObject, expected: dict[str, str]) -> None:
    """A constant that breaks the schema is a mistake whatever stands beside it."""
    found = check_written_config(TYPE.config_validator, config, "config")
    assert {problem.field: problem.message for problem in found} == expected


RESOLVED: list[tuple[JsonObject, list[str]]] = [
    ({"to": "a@b.example", "count": 5}, []),
    ({"to": "nobody", "count": "5", "kind": None}, ["to", "count", "kind"]),
    ({"to": "{{ x }}"}, ["to"]),
]


@pytest.mark.parametrize(("config", "fields"), RESOLVED)
def test_what_templates_yield_is_held_to_the_schema(config: JsonObject, fields: list[str]) -> None:
    """After resolution nothing is excused any more."""
    found = check_resolved_config(TYPE, config)
    assert [problem.field for problem in found] == [f"config.{field}" for field in fields]


def test_messages_do_not_repeat_what_was_sent() -> None:
    """A refusal may be logged: a secret in the wrong field must not be in it."""
    secret: JsonValue = "sk_live_0123456789"
    found = check_resolved_config(TYPE, {"to": secret, "count": secret, "kind": secret})
    assert len(found) == 3
    assert not any(str(secret) in problem.message for problem in found)


def test_a_thousand_mistakes_end_in_a_bounded_answer() -> None:
    """An answer stays readable, and cheap, however wrong the config is."""
    found = check_written_config(TYPE.config_validator, {"to": ["x"], "tags": [*range(1000)]}, "")
    assert len(found) == 100
    huge = check_written_config(TYPE.config_validator, {"to": ["x"], "tags": [*range(9000)]}, "")
    assert len(huge) >= 1


def test_a_validator_fetches_nothing() -> None:
    """A schema of ours that refers outside is a bug found when it is made."""
    with pytest.raises(ValueError, match="disabled"):
        safe_validator({"$ref": "http://127.0.0.1:9/schema"})
