"""The step `loop`: a body of steps for each item of a collection, in order or several at once."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from justpaid.engine.contract import ContainerHandler, Failed, Opens, Round, StepContext
from justpaid.engine.model import ErrorCode
from justpaid.exact_json import JsonObject, JsonValue
from justpaid.expressions.errors import ExpressionError
from justpaid.steps.outcomes import bad_config, bad_template
from justpaid.workflows.config_check import check_resolved_config
from justpaid.workflows.step_types import Body, BodyVariable, StepType

MOST_ITEMS: Final = 10_000
MOST_AT_ONCE: Final = 100
_DEFAULT_ITEMS: Final = 100

LOOP: Final = StepType(
    name="loop",
    title="Loop",
    description="Goes through its own steps once for each item of a list.",
    default_timeout_ms=None,
    allows_retry=False,
    bodies=(
        Body(
            "steps",
            variables=(
                BodyVariable("itemVariable", "item"),
                BodyVariable("indexVariable", "index", may_hide_its_like=True),
            ),
        ),
    ),
    config_schema={
        "type": "object",
        "required": ["collection", "steps"],
        "additionalProperties": False,
        "properties": {
            "collection": {
                "title": "Collection",
                "description": "The items: a template that gives a list, or a list.",
                "type": ["array", "string"],
            },
            "steps": {
                "title": "Steps",
                "description": "What is done for each item.",
                "type": "array",
                "minItems": 1,
            },
            "itemVariable": {
                "title": "Name of the item",
                "description": "What the steps inside call the item.",
                "type": "string",
                "default": "item",
            },
            "indexVariable": {
                "title": "Name of the index",
                "description": "What the steps inside call the item's place, counted from 0.",
                "type": "string",
                "default": "index",
            },
            "maxIterations": {
                "title": "Most items",
                "description": "A longer list is an error before the first item.",
                "type": "integer",
                "minimum": 1,
                "maximum": MOST_ITEMS,
                "default": _DEFAULT_ITEMS,
            },
            "concurrency": {
                "title": "At once",
                "description": "How many items are under way together; 1 goes in order.",
                "type": "integer",
                "minimum": 1,
                "maximum": MOST_AT_ONCE,
                "default": 1,
            },
        },
    },
)


class Loop(ContainerHandler):
    """Makes a round of each item."""

    def open(self, context: StepContext, recorded: JsonObject | None) -> Opens | Failed:
        """Resolve the collection, or take the one that the loop was opened with."""
        if recorded is None:
            try:
                config = context.node.resolve(context.names)
            except ExpressionError as error:
                return bad_template(error)
            problems = check_resolved_config(LOOP, {**config, "steps": [{}]})
            if problems:
                return bad_config(problems)
        else:
            config = recorded
        items = config["collection"]
        if not isinstance(items, list):
            return Failed(ErrorCode.TEMPLATE, "The collection is no list.", input=config)
        most = _whole(config, "maxIterations", _DEFAULT_ITEMS)
        if len(items) > most:
            message = f"The collection has {len(items)} items; maxIterations is {most}."
            return Failed(ErrorCode.TEMPLATE, message, input={**config, "collection": None})
        variables = context.node.variables
        item, index = variables["itemVariable"], variables["indexVariable"]
        rounds = [
            Round(number, "steps", f"[{number}].", {item: value, index: number})
            for number, value in enumerate(items)
        ]
        return Opens(rounds, _whole(config, "concurrency", 1), config)

    def gather(self, outputs: Sequence[tuple[Round, JsonValue]]) -> JsonValue:
        """Give `{results}`: for each item the output of the last step that completed."""
        return {"results": [output for _, output in outputs]}


def _whole(config: JsonObject, name: str, default: int) -> int:
    value = config.get(name)
    return int(value) if isinstance(value, int | Decimal) else default
