"""The step `stop`: ends the run here, as completed or as failed."""

from typing import Final

from justpaid.engine.contract import Completed, Failed, PureHandler, StepContext
from justpaid.exact_json import JsonObject
from justpaid.expressions.errors import ExpressionError
from justpaid.steps.outcomes import bad_config, bad_template
from justpaid.workflows.config_check import check_resolved_config
from justpaid.workflows.step_types import StepType

STOP: Final = StepType(
    name="stop",
    title="Stop",
    description="Ends the run: nothing after it is started.",
    default_timeout_ms=None,
    allows_retry=False,
    config_schema={
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "status": {
                "title": "End as",
                "description": "How the run ends.",
                "enum": ["completed", "failed"],
                "default": "completed",
            },
            "message": {
                "title": "Message",
                "description": "Why; of a failed run, its error's message.",
                "type": "string",
                "maxLength": 5000,
            },
            "output": {"title": "Output", "description": "The run's output."},
        },
    },
)


class Stop(PureHandler):
    """Says how the run ends."""

    ends_run = True

    def evaluate(self, context: StepContext) -> Completed | Failed:
        """Give `{status, message, output}`."""
        try:
            config = context.node.resolve(context.names)
        except ExpressionError as error:
            return bad_template(error)
        problems = check_resolved_config(STOP, config)
        if problems:
            return bad_config(problems)
        output: JsonObject = {
            "status": config.get("status", "completed"),
            "message": config.get("message"),
            "output": config.get("output"),
        }
        return Completed(output, config)
