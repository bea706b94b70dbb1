"""The step `workflow`: a run of another workflow, whose output is the step's."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from justpaid.engine.contract import Completed, Failed, PureHandler, Starts, StepContext
from justpaid.engine.model import Answer, ErrorCode, RunStatus
from justpaid.errors import Problem
from justpaid.exact_json import JsonObject, JsonValue
from justpaid.expressions.errors import ExpressionError
from justpaid.ids import Prefix, decode_id
from justpaid.steps.outcomes import bad_config, bad_template
from justpaid.workflows.config_check import check_resolved_config
from justpaid.workflows.step_types import StepType

_NO_ID: Final = "must be the id of a workflow: wf_ and 26 characters"
_CANNOT_FILL: Final = "The config cannot be filled with the writeOnly value that it reads."


def check_workflow(step: JsonObject, path: str) -> list[Problem]:
    """Report a workflowId that is written out and is none."""
    config = step.get("config")
    named = config.get("workflowId") if isinstance(config, dict) else None
    if not isinstance(named, str) or "{{" in named or decode_id(Prefix.WORKFLOW, named):
        return []
    return [Problem(f"{path}.config.workflowId", _NO_ID)]


WORKFLOW: Final = StepType(
    name="workflow",
    title="Workflow",
    description="Runs another workflow of the company, and goes on with its output.",
    is_effectful=True,
    default_timeout_ms=None,
    allows_retry=False,
    check=check_workflow,
    config_schema={
        "type": "object",
        "required": ["workflowId"],
        "additionalProperties": False,
        "properties": {
            "workflowId": {
                "title": "Workflow",
                "description": "The workflow to run; it must be active.",
                "type": "string",
            },
            "input": {
                "title": "Input",
                "description": "The input of its run, held to its `inputSchema`.",
                "type": ["object", "string"],
                "default": {},
            },
            "wait": {
                "title": "Wait for its end",
                "description": "Otherwise the step is done as soon as the run is started.",
                "type": "boolean",
                "default": True,
            },
        },
    },
)


class RunWorkflow(PureHandler):
    """Starts the child run and hands on how it ended."""

    waits_for = "child"

    def evaluate(self, context: StepContext) -> Starts | Failed:
        """Say which workflow is run with which input."""
        starts = _starts(context, context.names)
        if context.revealed is None or isinstance(starts, Failed):
            return starts
        real = _starts(context, context.revealed)
        if isinstance(real, Failed):
            return Failed(real.code, _CANNOT_FILL, input=starts.input)
        return replace(starts, child_input=real.child_input, shown_input=starts.child_input)

    def hear(self, context: StepContext, answer: Answer) -> Completed | Failed:
        """Give the child run's output, or why it has none."""
        if answer.status == RunStatus.COMPLETED:
            return Completed(answer.value.get("output"))
        run_id, error = answer.value.get("runId"), answer.value.get("error")
        said = error.get("message") if isinstance(error, dict) else None
        how = answer.status.replace("_", " ")
        ended = f"{how}: {said}" if said else f"{how}."
        message = f"{context.node.name}: the run {run_id} {ended}"
        details: JsonObject = {"runId": run_id, "status": answer.status, "childError": error}
        return Failed(ErrorCode.CHILD_RUN, message, details=details)


def _starts(context: StepContext, names: Mapping[str, JsonValue]) -> Starts | Failed:
    try:
        config = context.node.resolve(names)
    except ExpressionError as error:
        return bad_template(error)
    problems = check_resolved_config(WORKFLOW, config)
    workflow_id = decode_id(Prefix.WORKFLOW, str(config.get("workflowId")))
    if workflow_id is None:
        problems.append(Problem("config.workflowId", _NO_ID))
    child_input = config.get("input", {})
    if not isinstance(child_input, dict):
        problems.append(Problem("config.input", "must be an object"))
    if problems or workflow_id is None or not isinstance(child_input, dict):
        return bad_config(problems)
    return Starts(workflow_id, child_input, config, config.get("wait") is not False)
