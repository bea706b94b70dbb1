"""`writeOnly` in a schema: found where it is a keyword, and what it hides of an input."""

from typing import Any

import pytest

from justpaid.errors import InvalidInput
from justpaid.steps.catalogue import STEP_TYPES
from justpaid.workflows.program import compile_definition
from justpaid.workflows.write_only import (
    WHY_NOT,
    conceal,
    find_secret_places,
    find_write_only,
    is_hidden,
    reveal,
)


@pytest.mark.parametrize(
    ("schema", "paths"),
    [
        ({"properties": {"pin": {"type": "string", "writeOnly": True}}}, ["properties.pin"]),
        ({"writeOnly": True}, [""]),
        ({"allOf": [{"items": {"writeOnly": True}}]}, ["allOf[0].items"]),
        ({"$defs": {"a": {"writeOnly": True}}}, ["$defs.a"]),
        ({"properties": {"writeOnly": {"type": "boolean"}}}, []),
        ({"properties": {"writeOnly": True}}, []),
        ({"properties": {"properties": {"properties": {"x": {"writeOnly": True}}}}},
         ["properties.properties.properties.x"]),
        ({"writeOnly": False}, []),
        ({"const": {"writeOnly": True}, "examples": [{"writeOnly": True}]}, []),
        (True, []),
    ],
)  # fmt: skip
def test_the_keyword_is_found(schema: Any, paths: list[str]) -> None:
    """A field that happens to have the name, or an example, is not taken for the keyword."""
    found = list(find_write_only(schema, "s"))
    assert found == [".".join(filter(None, ["s", path, "writeOnly"])) for path in paths]


def test_a_promise_that_cannot_be_kept_is_refused() -> None:
    """An input's writeOnly is refused where it says nothing about a place; an output's is not."""
    schema: Any = {"type": "object", "anyOf": [{"properties": {"pin": {"writeOnly": True}}}]}
    definition: Any = {
        "name": "T",
        "trigger": {"type": "api"},
        "inputSchema": schema,
        "steps": [{"id": "a", "type": "transform", "config": {"mapping": {"x": 1}}}],
    }
    with pytest.raises(InvalidInput) as caught:
        compile_definition(definition, STEP_TYPES)
    problems = [(problem.field, problem.message) for problem in caught.value.problems]
    assert problems == [("inputSchema.anyOf[0].properties.pin.writeOnly", WHY_NOT)]
    compile_definition({**definition, "inputSchema": {}, "outputSchema": schema}, STEP_TYPES)


SECRET: Any = {"writeOnly": True}
SCHEMA: Any = {
    "properties": {
        "pin": SECRET,
        "bank": {"properties": {"iban": SECRET, "name": {}}},
        "payees": {"items": {"properties": {"iban": SECRET}}},
        "whole": {**SECRET, "properties": {"part": SECRET}},
    }
}
PLACES = find_secret_places(SCHEMA)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({}, {}),
        ({"pin": None, "bank": None, "payees": {}}, {"pin": None, "bank": None, "payees": {}}),
        ({"pin": 1, "more": "x"}, {"pin": "***", "more": "x"}),
        (
            {"bank": {"iban": "a", "name": "b"}, "payees": [{"iban": "c"}, 1, {"n": [2]}]},
            {"bank": {"iban": "***", "name": "b"}, "payees": [{"iban": "***"}, 1, {"n": [2]}]},
        ),
        ({"whole": {"part": [1], "rest": {}}}, {"whole": "***"}),
        ({"pin": "***"}, {"pin": "***"}),
    ],
)
def test_what_is_hidden_can_be_put_back(value: Any, shown: Any) -> None:
    """A mask stands for each hidden value, and with those the input is whole again."""
    concealed, hidden = conceal(PLACES, value)
    assert concealed == shown
    assert reveal(concealed, hidden) == value


@pytest.mark.parametrize(
    ("path", "is_secret"),
    [
        ("pin", True),
        ("pin.deeper", True),
        ("bank", False),
        ("bank.name", False),
        ("bank.iban", True),
        ("payees", False),
        ("payees.0.iban", True),
        ("payees.0.n", False),
        ("", False),
    ],
)
def test_reading_around_a_secret_is_not_reading_it(path: str, is_secret: bool) -> None:  # noqa: FBT001
    """A path at or below a hidden place reads it; one above it reads the mask."""
    assert is_hidden(PLACES, path.split(".") if path else ()) is is_secret
