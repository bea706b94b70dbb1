"""What a list of steps knows of itself while it is worked through."""

from datetime import UTC, datetime, timedelta
from typing import Any

from justpaid.engine.frames import Frame
from justpaid.engine.model import StepRecord, StepStatus
from justpaid.engine.plan import View, plan
from justpaid.engine.resolve import Names
from justpaid.steps.catalogue import STEP_TYPES
from justpaid.workflows.program import StepList, compile_definition
from tests.unit.engine.counted_journal import Counted

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def _chain(length: int, strategy: str = "fail") -> StepList:
    steps = [
        {
            "id": f"s{number}",
            "type": "transform",
            "config": {"mapping": {}},
            "errorHandling": {"strategy": strategy},
        }
        for number in range(length)
    ]
    definition: Any = {"name": "x", "trigger": {"type": "api"}, "steps": steps}
    return compile_definition(definition, STEP_TYPES).steps


def _record(step_id: str, status: StepStatus, at: datetime = NOW) -> StepRecord:
    return StepRecord(step_id, 1, "transform", status, completed_at=at)


def _looks(length: int) -> int:
    """Go through a chain of steps; return the looks at the journal that its plans took."""
    frame, records = Frame(_chain(length), Names({}, {}, None), NOW), Counted()
    for _ in range(length):
        (ready,) = plan(frame, View(records), NOW).ready
        records[ready.path] = _record(ready.path, StepStatus.COMPLETED)
        frame.take(ready.node, records[ready.path])
    assert plan(frame, View(records), NOW).is_over
    return records.looks


def test_a_long_list_costs_in_proportion_to_its_length() -> None:
    """Ten times the steps are ten times the looks: a plan looks at those that may move."""
    assert _looks(300) < 11 * _looks(30)


def test_a_step_that_settled_before_what_it_waits_for_is_done() -> None:
    """A line may keep a step and do the one before it anew: the kept one is not done again."""
    steps = _chain(3)
    frame, records = Frame(steps, Names({}, {}, None), NOW), dict[str, StepRecord]()
    records["s1"] = _record("s1", StepStatus.COMPLETED)
    frame.read(records)
    assert [ready.path for ready in plan(frame, View(records), NOW).ready] == ["s0", "s2"]
    for name in ("s0", "s2"):
        records[name] = _record(name, StepStatus.COMPLETED)
        frame.take(steps.by_id[name], records[name])
    assert plan(frame, View(records), NOW).is_over


def test_taking_a_step_in_twice_changes_nothing() -> None:
    """A step that waits for two others goes on after both, not after one that is told twice."""
    steps: list[Any] = [
        {"id": name, "type": "transform", "config": {"mapping": {}}, "dependsOn": links}
        for name, links in (("a", []), ("b", []), ("both", ["a", "b"]))
    ]
    definition: Any = {"name": "x", "trigger": {"type": "api"}, "steps": steps}
    compiled = compile_definition(definition, STEP_TYPES).steps
    frame, records = Frame(compiled, Names({}, {}, None), NOW), dict[str, StepRecord]()
    for name in ("a", "a", "b"):
        records[name] = _record(name, StepStatus.COMPLETED)
        frame.take(compiled.by_id[name], records[name])
        expected = ["b"] if name == "a" else ["both"]
        assert [ready.path for ready in plan(frame, View(records), NOW).ready] == expected


def test_the_first_failure_stops_a_list() -> None:
    """Of several failures the first counts, of two at one moment that of the earlier step."""
    steps = _chain(3)
    frame = Frame(steps, Names({}, {}, None), NOW)
    for name, seconds in (("s2", 1), ("s1", 1), ("s0", 2)):
        at = NOW + timedelta(seconds=seconds)
        frame.take(steps.by_id[name], _record(name, StepStatus.FAILED, at))
    assert frame.failure is not None
    assert frame.failure.path == "s1"


def test_a_failure_that_the_list_goes_on_after_is_none() -> None:
    """With the strategy `continue` the next step goes on, and nothing stops."""
    steps = _chain(2, "continue")
    frame, records = Frame(steps, Names({}, {}, None), NOW), dict[str, StepRecord]()
    records["s0"] = _record("s0", StepStatus.FAILED)
    frame.take(steps.by_id["s0"], records["s0"])
    assert frame.failure is None
    assert [ready.path for ready in plan(frame, View(records), NOW).ready] == ["s1"]
