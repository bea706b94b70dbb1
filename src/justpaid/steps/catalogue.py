"""Every step type: what it is for a definition, and what performs it. A new one is one line."""

from collections.abc import Mapping
from typing import Final

from justpaid.connections.lookup import ConnectionLookup
from justpaid.connectors.catalogue import ACTIONS, PROVIDERS
from justpaid.engine.contract import StepHandler
from justpaid.steps.action import PerformAction, Send, make_action_type
from justpaid.steps.approval import APPROVAL, Approve
from justpaid.steps.condition import CONDITION, Decide
from justpaid.steps.loop import LOOP, Loop
from justpaid.steps.parallel import PARALLEL, Parallel
from justpaid.steps.stop import STOP, Stop
from justpaid.steps.transform import TRANSFORM, Transform
from justpaid.steps.wait import WAIT, Wait
from justpaid.steps.workflow import WORKFLOW, RunWorkflow
from justpaid.workflows.step_types import StepType

ACTION: Final = make_action_type(ACTIONS)

STEP_TYPES: Final[Mapping[str, StepType]] = {
    step_type.name: step_type
    for step_type in (
        ACTION,
        CONDITION,
        TRANSFORM,
        WAIT,
        APPROVAL,
        LOOP,
        PARALLEL,
        WORKFLOW,
        STOP,
    )
}


def make_handlers(connections: ConnectionLookup, send: Send) -> Mapping[str, StepHandler]:
    """Make what performs each type, with what the effectful ones need from outside."""
    return {
        "action": PerformAction(ACTIONS, PROVIDERS, connections, send),
        "condition": Decide(),
        "transform": Transform(),
        "wait": Wait(),
        "approval": Approve(),
        "loop": Loop(),
        "parallel": Parallel(),
        "workflow": RunWorkflow(),
        "stop": Stop(),
    }
