"""Which steps a retry keeps: what settled and depends on nothing that is done again."""

from typing import Any

from justpaid.engine.model import StepStatus
from justpaid.runs.kept_steps import list_kept_paths
from justpaid.steps.catalogue import STEP_TYPES
from justpaid.workflows.program import StepList, compile_definition
from justpaid.workflows.step_types import Body, StepType

DONE, FAILED, SKIPPED = StepStatus.COMPLETED, StepStatus.FAILED, StepStatus.SKIPPED
LOOP = StepType(
    name="loop", title="Loop", config_schema={"type": "object"}, bodies=(Body("steps"),)
)
TYPES = {**STEP_TYPES, "loop": LOOP}


def steps_of(*steps: dict[str, Any]) -> StepList:
    """Compile a list of steps; each is a transform unless it says otherwise."""
    whole = [{"type": "transform", "config": {"mapping": {}}, **step} for step in steps]
    definition: Any = {"name": "Test", "trigger": {"type": "api"}, "steps": whole}
    return compile_definition(definition, TYPES).steps


def test_what_follows_a_failure_is_done_again() -> None:
    """Everything before the failed step is kept; itself and what was not reached is not."""
    steps = steps_of({"id": "a"}, {"id": "b"}, {"id": "c"})
    assert list_kept_paths(steps, {"a": DONE, "b": FAILED}) == ["a"]


def test_a_branch_apart_is_kept() -> None:
    """What ran beside the failure and does not depend on it is not done twice."""
    steps = steps_of(
        {"id": "a", "dependsOn": []},
        {"id": "b", "dependsOn": []},
        {"id": "after_a", "dependsOn": ["a"]},
        {"id": "after_b", "dependsOn": ["b"]},
        {"id": "join", "dependsOn": ["after_a", "after_b"]},
    )
    statuses = {"a": FAILED, "b": DONE, "after_b": DONE}
    assert list_kept_paths(steps, statuses) == ["b", "after_b"]


def test_a_failure_that_was_gone_past_is_settled() -> None:
    """A step that failed with `continue`, or with a fallback after its retries, is kept."""
    steps = steps_of(
        {"id": "a", "errorHandling": {"strategy": "continue"}},
        {"id": "b", "errorHandling": {"strategy": "retry", "fallback": None}},
        {"id": "c", "errorHandling": {"strategy": "retry"}},
    )
    assert list_kept_paths(steps, {"a": FAILED, "b": FAILED, "c": FAILED}) == ["a", "b"]


def test_a_settled_step_after_a_repeated_one_is_done_again() -> None:
    """What may read a repeated step is repeated too, even where it had settled."""
    steps = steps_of({"id": "a"}, {"id": "b", "dependsOn": ["a"]})
    assert list_kept_paths(steps, {"a": StepStatus.CANCELLED, "b": SKIPPED}) == []


def test_a_taken_path_stays_taken() -> None:
    """A kept condition keeps its decision, with the steps that it passed over."""
    steps = steps_of(
        {
            "id": "check",
            "type": "condition",
            "config": {"conditions": "true", "then": ["yes"], "else": ["no"]},
        },
        {"id": "yes"},
        {"id": "no"},
        {"id": "last"},
    )
    statuses = {"check": DONE, "yes": FAILED, "no": SKIPPED}
    assert list_kept_paths(steps, statuses) == ["check", "no"]


def test_a_stop_is_gone_past() -> None:
    """A stop step that ended the run is asked again, or a retry would end at once."""
    steps = steps_of({"id": "a"}, {"id": "end", "type": "stop", "config": {"status": "failed"}})
    assert list_kept_paths(steps, {"a": DONE, "end": DONE}, ending_types={"stop"}) == ["a"]


def test_finished_items_of_a_loop_are_kept() -> None:
    """Of a loop that failed the finished items stay; of the broken one what had settled."""
    body = [
        {"id": "send", "type": "transform", "config": {"mapping": {}}},
        {"id": "note", "type": "transform", "config": {"mapping": {}}},
    ]
    steps = steps_of({"id": "each", "type": "loop", "config": {"steps": body}}, {"id": "last"})
    statuses = {
        "each": FAILED,
        "each[0].send": DONE,
        "each[0].note": DONE,
        "each[1].send": DONE,
        "each[1].note": FAILED,
        "each[2].send": FAILED,
    }
    kept = ["each[0].send", "each[0].note", "each[1].send"]
    assert list_kept_paths(steps, statuses) == kept


def test_a_kept_loop_keeps_all_its_items() -> None:
    """A container that settled is kept with everything inside."""
    body = [{"id": "send", "type": "transform", "config": {"mapping": {}}}]
    steps = steps_of({"id": "each", "type": "loop", "config": {"steps": body}}, {"id": "last"})
    statuses = {"each": DONE, "each[0].send": DONE, "each[1].send": SKIPPED, "last": FAILED}
    assert list_kept_paths(steps, statuses) == ["each", "each[0].send", "each[1].send"]


def test_a_restart_does_again_what_follows_its_step() -> None:
    """From the step it names on everything is done again; what does not depend on it stays."""
    steps = steps_of({"id": "a"}, {"id": "b"}, {"id": "c"}, {"id": "apart", "dependsOn": []})
    statuses: dict[str, StepStatus] = dict.fromkeys(("a", "b", "c", "apart"), DONE)
    assert list_kept_paths(steps, statuses, from_step="b") == ["a", "apart"]
    assert list_kept_paths(steps, statuses, from_step="a") == ["apart"]


def test_a_restart_from_a_loop_that_was_done_does_all_of_it_again() -> None:
    """Whoever restarts from a finished loop means its items too."""
    body = [{"id": "send", "type": "transform", "config": {"mapping": {}}}]
    steps = steps_of({"id": "each", "type": "loop", "config": {"steps": body}}, {"id": "last"})
    statuses = {"each": DONE, "each[0].send": DONE, "last": DONE}
    assert list_kept_paths(steps, statuses, from_step="each") == []
    statuses["each"] = FAILED
    assert list_kept_paths(steps, statuses, from_step="each") == ["each[0].send"]
