"""The step `parallel`: branches that run side by side, all of them to their end or in a race."""

from collections.abc import Sequence
from typing import Final

from justpaid.engine.contract import ContainerHandler, Failed, Opens, Round, StepContext
from justpaid.exact_json import JsonObject, JsonValue
from justpaid.expressions.errors import ExpressionError
from justpaid.steps.outcomes import bad_config, bad_template
from justpaid.workflows.config_check import check_resolved_config
from justpaid.workflows.step_types import Body, StepType

MOST_BRANCHES: Final = 100

PARALLEL: Final = StepType(
    name="parallel",
    title="Parallel",
    description="Runs several branches of steps side by side.",
    default_timeout_ms=None,
    allows_retry=False,
    bodies=(Body("branches", steps_field="steps"),),
    config_schema={
        "type": "object",
        "required": ["branches"],
        "additionalProperties": False,
        "properties": {
            "branches": {
                "title": "Branches",
                "description": "Each has a `name` and its own `steps`.",
                "type": "array",
                "minItems": 1,
                "maxItems": MOST_BRANCHES,
                "items": {
                    "type": "object",
                    "required": ["name", "steps"],
                    "additionalProperties": False,
                    "properties": {
                        "name": {
                            "title": "Name",
                            "description": "Names the branch in the output.",
                            "type": "string",
                            "minLength": 1,
                            "maxLength": 64,
                        },
                        "steps": {
                            "title": "Steps",
                            "description": "What the branch does.",
                            "type": "array",
                            "minItems": 1,
                        },
                    },
                },
            },
            "waitForAll": {
                "title": "Wait for all",
                "description": "Otherwise the first branch to complete decides, and the others "
                "are cancelled.",
                "type": "boolean",
                "default": True,
            },
        },
    },
)

_ANY: Final[list[JsonValue]] = [{"name": "any", "steps": [{}]}]


class Parallel(ContainerHandler):
    """Makes a round of each branch, all at once."""

    def open(self, context: StepContext, recorded: JsonObject | None) -> Opens | Failed:
        """Open every branch."""
        config = recorded
        if config is None:
            try:
                config = context.node.resolve(context.names)
            except ExpressionError as error:
                return bad_template(error)
            problems = check_resolved_config(PARALLEL, {**config, "branches": _ANY})
            if problems:
                return bad_config(problems)
        rounds = [Round(number, name, ".", {}) for number, name in enumerate(context.node.bodies)]
        return Opens(rounds, len(rounds), config, is_race=config.get("waitForAll") is False)

    def gather(self, outputs: Sequence[tuple[Round, JsonValue]]) -> JsonValue:
        """Give the output of each branch that counts, by its name."""
        return {branch.body: output for branch, output in outputs}
