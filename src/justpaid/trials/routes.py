"""The HTTP face of trials."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from justpaid.ids import Prefix
from justpaid.scopes import Scope
from justpaid.trials.schemas import TrialRequest, TrialResult
from justpaid.trials.service import TrialCall, Trials
from justpaid.web.answers import Success, answers
from justpaid.web.caller import Caller, allows
from justpaid.web.envelope import Answer, success
from justpaid.web.parameters import path_id
from justpaid.web.routing import api_router

router = api_router("Workflows")


async def current_trials(request: Request) -> Trials:
    """Return the trials that composition made for this app."""
    trials: Trials = request.app.state.trials
    return trials


@router.post(
    "/workflows/{workflowId}/test",
    summary="Test a workflow",
    responses=answers(Success[TrialResult]),
)
async def test_workflow(
    caller: Annotated[Caller, allows(Scope.WORKFLOWS_EXECUTE)],
    workflow_id: Annotated[UUID, path_id(Prefix.WORKFLOW, "workflowId")],
    body: TrialRequest,
    trials: Annotated[Trials, Depends(current_trials)],
) -> Answer:
    """Run a draft, or any version, without effects, and tell what every step came to.

    Nothing is stored and nothing leaves: a step that would act outside is reported with what it
    would have sent, and its output is null unless the request gives one. Waits pass at once,
    people are taken to approve, child runs are not started.
    """
    call = TrialCall(body.input or {}, body.mocks or {}, body.version)
    return success(await trials.run(caller.company_id, workflow_id, call))
