"""What planning a long loop costs, counted in looks at the journal."""

from datetime import UTC, datetime
from typing import Any

from justpaid import exact_json
from justpaid.engine.model import ClaimedRun, Journal
from justpaid.engine.plan import View, plan
from justpaid.engine.pure_steps import PureSteps
from justpaid.engine.resolve import CompanyFacts, names_of_run
from justpaid.engine.run_state import RunState
from justpaid.engine.turns import Turns
from justpaid.ids import new_id
from justpaid.steps.catalogue import STEP_TYPES
from justpaid.steps.loop import Loop
from justpaid.steps.transform import Transform
from justpaid.workflows.program import compile_definition
from tests.unit.engine.counted_journal import Counted

NOW = datetime(2026, 1, 1, tzinfo=UTC)


async def _looks(items: int, *, at_once: int) -> int:
    """Go through a loop of pure steps; return the looks that it took."""
    body: list[Any] = [
        {"id": name, "type": "transform", "config": {"mapping": {"n": "{{item}}"}}} for name in "ab"
    ]
    config: Any = {
        "collection": "{{input.items}}",
        "maxIterations": 10_000,
        "concurrency": at_once,
        "steps": body,
    }
    definition: Any = {
        "name": "x",
        "trigger": {"type": "api"},
        "steps": [{"id": "each", "type": "loop", "config": config}],
    }
    program = compile_definition(definition, STEP_TYPES)
    run = ClaimedRun(
        new_id(), new_id(), new_id(), 1, 1, 0, 0, None, new_id(), None, 0, NOW, NOW, 0, "api",
        None, None, exact_json.encode_text({"items": list(range(items))}), 1, NOW,
    )  # fmt: skip
    names = names_of_run(run, program, CompanyFacts({}, "UTC"))
    state = RunState(run, program, names, Journal(), lambda: NOW, lambda: 0.0)
    journal = state.records = Counted()
    pure = PureSteps({"loop": Loop(), "transform": Transform()}, state, new_id, Turns())
    while await pure.act(plan(state.frame, View(journal, containers=state.containers), NOW), NOW):
        pass
    return journal.looks


async def test_a_long_loop_costs_in_proportion_to_its_length() -> None:
    """Ten times the items are ten times the work, in order or many at once: never their square."""
    for at_once in (1, 100):
        few, many = await _looks(300, at_once=at_once), await _looks(3000, at_once=at_once)
        assert many < 11 * few, at_once
