"""`writeOnly` in a schema: found where it is a keyword, and refused in an input."""

from typing import Any

import pytest

from justpaid.errors import InvalidInput
from justpaid.steps.catalogue import STEP_TYPES
from justpaid.workflows.program import compile_definition
from justpaid.workflows.write_only import WHY_NOT, find_write_only


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


def test_an_input_that_cannot_be_kept_secret_is_refused() -> None:
    """A schema that promises more than an input keeps is refused, with the place of the promise."""
    schema: Any = {"type": "object", "properties": {"pin": {"type": "string", "writeOnly": True}}}
    definition: Any = {
        "name": "T",
        "trigger": {"type": "api"},
        "inputSchema": schema,
        "steps": [{"id": "a", "type": "transform", "config": {"mapping": {"x": 1}}}],
    }
    with pytest.raises(InvalidInput) as caught:
        compile_definition(definition, STEP_TYPES)
    problems = [(problem.field, problem.message) for problem in caught.value.problems]
    assert problems == [("inputSchema.properties.pin.writeOnly", WHY_NOT)]
    compile_definition({**definition, "inputSchema": {}, "outputSchema": schema}, STEP_TYPES)
