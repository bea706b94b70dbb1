"""The step `transform`: an object of templates, filled."""

from typing import Final

from justpaid.engine.contract import Completed, Failed, PureHandler, StepContext
from justpaid.expressions.errors import ExpressionError
from justpaid.steps.outcomes import bad_template
from justpaid.workflows.step_types import StepType

TRANSFORM: Final = StepType(
    name="transform",
    title="Transform",
    description="Builds an object from earlier results.",
    config_schema={
        "type": "object",
        "required": ["mapping"],
        "additionalProperties": False,
        "properties": {
            "mapping": {
                "title": "Mapping",
                "description": "The object to build: names and templates, nested as you like.",
                "type": "object",
            }
        },
    },
)


class Transform(PureHandler):
    """Fills the mapping."""

    def evaluate(self, context: StepContext) -> Completed | Failed:
        """Give the filled mapping as the output."""
        try:
            config = context.node.resolve(context.names)
        except ExpressionError as error:
            return bad_template(error)
        return Completed(config.get("mapping"), config)
