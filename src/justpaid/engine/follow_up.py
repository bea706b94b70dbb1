"""The run that `settings.onFailure` starts when a run has failed or timed out."""

from datetime import datetime
from typing import Final

from justpaid import exact_json
from justpaid.clock import to_wire
from justpaid.engine.contract import ChildRuns
from justpaid.engine.model import ChildRun, ClaimedRun, RunStatus
from justpaid.engine.plan import Stop
from justpaid.engine.run_state import RunState
from justpaid.exact_json import JsonObject
from justpaid.ids import Prefix, decode_id, encode_id

_FOLLOWED: Final = frozenset({RunStatus.FAILED, RunStatus.TIMED_OUT})


async def prepare_follow_up(
    children: ChildRuns | None, state: RunState, stop: Stop, now: datetime
) -> ChildRun | None:
    """Make the run to start with this end; one that cannot be started is told in the run's log."""
    named = state.program.settings.on_failure_workflow_id
    if named is None or children is None or stop.status not in _FOLLOWED:
        return None
    workflow_id = decode_id(Prefix.WORKFLOW, named)
    if workflow_id is None:
        return None
    record = failed_run(state.claimed, stop, now)
    prepared = await children.prepare_follow_up(state.claimed, workflow_id, record)
    if isinstance(prepared, ChildRun):
        return prepared
    state.note("warning", None, f"The workflow of settings.onFailure was not started: {prepared}")
    return None


def failed_run(claimed: ClaimedRun, stop: Stop, now: datetime) -> JsonObject:
    """Tell of a failed run what the workflow that follows it gets as its input."""
    return {
        "id": encode_id(Prefix.RUN, claimed.id),
        "workflowId": encode_id(Prefix.WORKFLOW, claimed.workflow_id),
        "workflowVersion": claimed.version,
        "status": stop.status.value,
        "triggerType": claimed.trigger_type,
        "error": {"stepId": None, **(stop.error or {})},
        "input": exact_json.stored(claimed.input),
        "createdAt": to_wire(claimed.created_at),
        "startedAt": to_wire(claimed.started_at),
        "completedAt": to_wire(now),
        "originRunId": encode_id(Prefix.RUN, claimed.origin_run_id),
    }
