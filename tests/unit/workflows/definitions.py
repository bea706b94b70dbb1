"""Definitions and step types for the tests of this folder."""

from collections.abc import Mapping
from typing import Any, Final

from justpaid.errors import InvalidInput
from justpaid.exact_json import JsonObject
from justpaid.steps.catalogue import STEP_TYPES
from justpaid.workflows.program import Program, compile_definition
from justpaid.workflows.step_types import Body, BodyVariable, StepType

LOOP: Final = StepType(
    name="loop",
    title="Loop",
    default_timeout_ms=None,
    allows_retry=False,
    config_schema={
        "type": "object",
        "required": ["collection", "steps"],
        "properties": {
            "collection": {"type": "array"},
            "steps": {"type": "array", "minItems": 1},
            "itemVariable": {"type": "string"},
            "indexVariable": {"type": "string"},
            "maxIterations": {"type": "integer", "minimum": 1},
        },
        "additionalProperties": False,
    },
    bodies=(
        Body(
            "steps",
            variables=(
                BodyVariable("itemVariable", "item"),
                BodyVariable("indexVariable", "index", may_hide_its_like=True),
            ),
        ),
    ),
)
PARALLEL: Final = StepType(
    name="parallel",
    title="Parallel",
    default_timeout_ms=None,
    allows_retry=False,
    config_schema={
        "type": "object",
        "required": ["branches"],
        "properties": {
            "branches": {
                "type": "array",
                "minItems": 1,
                "items": {
                    "type": "object",
                    "required": ["name", "steps"],
                    "properties": {
                        "name": {"type": "string"},
                        "steps": {"type": "array", "minItems": 1},
                    },
                    "additionalProperties": False,
                },
            }
        },
        "additionalProperties": False,
    },
    bodies=(Body("branches", "steps"),),
)
CODE: Final = StepType(
    name="code",
    title="Code",
    literal_fields=frozenset({"code"}),
    config_schema={
        "type": "object",
        "required": ["code"],
        "properties": {"code": {"type": "string"}, "input": {}},
        "additionalProperties": False,
    },
)
ALL_TYPES: Final[Mapping[str, StepType]] = {
    **STEP_TYPES,
    "loop": LOOP,
    "parallel": PARALLEL,
    "code": CODE,
}


def step(step_id: str, mapping: Any = None, **fields: Any) -> dict[str, Any]:
    """Make a transform step."""
    return {
        "id": step_id,
        "type": "transform",
        "config": {"mapping": {} if mapping is None else mapping},
        **fields,
    }


def reading(step_id: str, *expressions: str, **fields: Any) -> dict[str, Any]:
    """Make a transform step that reads these expressions as `v0`, `v1`, …."""
    mapping = {f"v{number}": f"{{{{ {one} }}}}" for number, one in enumerate(expressions)}
    return step(step_id, mapping, **fields)


def condition(step_id: str, **fields: Any) -> dict[str, Any]:
    """Make a condition; `then` and `orelse` name its paths."""
    config: dict[str, Any] = {"conditions": fields.pop("conditions", "input.yes")}
    for name, field in (("then", "then"), ("orelse", "else")):
        if name in fields:
            config[field] = fields.pop(name)
    return {"id": step_id, "type": "condition", "config": config, **fields}


def loop(step_id: str, *steps: Any, **config: Any) -> dict[str, Any]:
    """Make a loop over the run's items."""
    collection = config.pop("collection", "{{ input.items }}")
    return {
        "id": step_id,
        "type": "loop",
        "config": {"collection": collection, "steps": list(steps), **config},
    }


def parallel(step_id: str, **branches: list[Any]) -> dict[str, Any]:
    """Make a parallel step of named branches."""
    named = [{"name": name, "steps": steps} for name, steps in branches.items()]
    return {"id": step_id, "type": "parallel", "config": {"branches": named}}


def workflow(*steps: Any, **fields: Any) -> JsonObject:
    """Make a definition of these steps."""
    return {"name": "Test", "trigger": {"type": "api"}, "steps": list(steps), **fields}


def compiled(*steps: Any, **fields: Any) -> Program:
    """Compile a workflow of these steps."""
    return compile_definition(workflow(*steps, **fields), ALL_TYPES)


def problems(*steps: Any, **fields: Any) -> dict[str, str]:
    """Return what is wrong with a workflow of these steps: path → message."""
    return refused(workflow(*steps, **fields))


def refused(definition: JsonObject) -> dict[str, str]:
    """Return what is wrong with a whole definition; one message for each path."""
    try:
        compile_definition(definition, ALL_TYPES)
    except InvalidInput as error:
        return {problem.field: problem.message for problem in error.problems}
    return {}
