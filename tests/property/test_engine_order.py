"""The plan against an independent reading of the rules, whatever the order of completion."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from justpaid.engine.frames import Frame
from justpaid.engine.model import SkipReason, StepRecord, StepStatus
from justpaid.engine.plan import Plan, View, plan
from justpaid.engine.resolve import Names
from justpaid.errors import InvalidInput
from justpaid.steps.catalogue import STEP_TYPES
from justpaid.workflows.program import StepList, compile_definition

START = datetime(2026, 1, 1, tzinfo=UTC)


class Reference:
    """The order and the skips of one list, read straight from the rules."""

    def __init__(self, steps: list[dict[str, Any]], fates: Mapping[str, str]) -> None:
        self.steps = {step["id"]: step for step in steps}
        self.fates = fates
        self.paths: dict[tuple[str, str], list[str]] = {}
        self.owner: dict[str, tuple[str, str]] = {}
        for step in steps:
            for name in ("then", "else"):
                members = step.get("config", {}).get(name, [])
                self.paths[step["id"], name] = members
                self.owner.update(dict.fromkeys(members, (step["id"], name)))
        self.links = {step["id"]: self.links_of(step["id"]) for step in steps}
        self.told: dict[str, str] = {}

    def ends(self, owner: str) -> set[str]:
        """Return the ends of both paths that a step owns, those owned by ends among them."""
        found: set[str] = set()
        for name in ("then", "else"):
            members = self.paths[owner, name]
            leaned_on: set[str] = set()
            for place, member in enumerate(members):
                written = self.steps[member].get("dependsOn")
                leaned_on |= set(members[place - 1 : place] if written is None else written)
            for member in set(members) - leaned_on:
                found |= {member} | self.ends(member)
        return found

    def links_of(self, step: str) -> set[str]:
        """Return everything a step depends on."""
        written = self.steps[step].get("dependsOn")
        if step in self.owner:
            condition = self.owner[step][0]
            members = self.paths[self.owner[step]]
            place = members.index(step)
            if written is not None:
                return {condition, *written}
            if place == 0:
                return {condition}
            before = members[place - 1]
            return {condition, before} | self.ends(before)
        if written is not None:
            return set(written)
        earlier = list(self.steps)[: list(self.steps).index(step)]
        free = [other for other in earlier if other not in self.owner]
        return {free[-1]} | self.ends(free[-1]) if free else set()

    def outcome(self, step: str) -> str:
        """Return how a step ends: completed, failed, or why it is skipped."""
        if step not in self.told:
            self.told[step] = self.judge(step)
        return self.told[step]

    def judge(self, step: str) -> str:
        """Judge a step by the outcomes of all it depends on."""
        if step in self.owner:
            condition, name = self.owner[step]
            fate = self.fates[condition]
            taken = {"yes": "then", "no": "else"}.get(fate)
            if self.outcome(condition) != "completed" or taken != name:
                return "path"
        ends = [self.outcome(other) for other in self.links[step]]
        if ends and all(end in {"path", "upstream"} for end in ends):
            return "upstream"
        if self.fates[step] == "off":
            return "when"
        return "failed" if self.fates[step] == "broken" else "completed"


@st.composite
def workflows(draw: st.DrawFn, most: int = 9) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Draw a list of steps with paths, links and `when`, and what will become of each."""
    count = draw(st.integers(min(most, 3), most))
    ids = [f"s{number}" for number in range(count)]
    steps: list[dict[str, Any]] = []
    fates: dict[str, str] = {}
    owned: set[str] = set()
    for place, step_id in enumerate(ids):
        step: dict[str, Any] = {"id": step_id, "errorHandling": {"strategy": "continue"}}
        is_condition = draw(st.integers(0, 2)) == 0
        fate = draw(st.sampled_from(("yes", "no", "yes", "no", "off", "broken")))
        fates[step_id] = fate
        if fate == "off":
            step["when"] = "false"
        if is_condition:
            step |= {"type": "condition", "config": {"conditions": "true"}}
            for name in ("then", "else"):
                free = [other for other in ids[place + 1 :] if other not in owned]
                # Near ones, and few: far steps are then free to depend on them alone.
                near = st.lists(st.sampled_from(free[:3]), unique=True, max_size=2)
                members = draw(near) if free else []
                owned |= set(members)
                step["config"][name] = members
        else:
            step |= {"type": "transform", "config": {"mapping": {}}}
        on_paths = [other for other in ids[:place] if other in owned]
        choice = draw(st.sampled_from(("none", "none", "earlier", "any", "on paths")))
        # Links to later steps often make a circle, and are refused; those to steps on paths alone
        # are what `upstream` is about.
        others = {"earlier": ids[:place], "any": ids, "on paths": on_paths}.get(choice)
        if others is not None:
            others = [other for other in others if other != step_id]
            few = st.lists(st.sampled_from(others), unique=True, min_size=1, max_size=2)
            step["dependsOn"] = draw(few) if others else []
        steps.append(step)
    return steps, fates


def _compiled(steps: list[dict[str, Any]]) -> StepList:
    definition: Any = {"name": "x", "trigger": {"type": "api"}, "steps": steps}
    try:
        return compile_definition(definition, STEP_TYPES).steps
    except InvalidInput:
        assume(condition=False)
        raise


def _frame(steps: StepList, records: Mapping[str, StepRecord]) -> Frame:
    frame = Frame(steps, Names({}, {}, None), START)
    frame.read(records)
    return frame


def _told(found: Plan) -> list[Any]:
    """Return what a plan says, without the list that it was made for."""
    told = [(each.path, each.now) for each in (*found.ready, *found.skips)]
    return [*told, [skip.reason for skip in found.skips], found.waits, found.stop, found.is_over]


def _settled(step_id: str, kind: str, fate: str, at: datetime) -> StepRecord:
    record = StepRecord(step_id, 1, kind, StepStatus.COMPLETED, started_at=at, completed_at=at)
    if fate == "broken":
        record.status = StepStatus.FAILED
    elif kind == "condition":
        record.output = {"result": fate == "yes"}
    return record


@settings(max_examples=300, deadline=None)
@given(workflows(), st.randoms(use_true_random=False))
def test_the_plan_follows_the_rules_in_any_order(
    drawn: tuple[list[dict[str, Any]], dict[str, str]], chance: Any
) -> None:
    """Every step runs when all it depends on has settled, and no later; skips have their reason.

    A list that was told step by step gives the plan of one that reads the journal anew.
    """
    steps, fates = drawn
    program = _compiled(steps)
    reference = Reference(steps, fates)
    records: dict[str, StepRecord] = {}
    in_flight: set[str] = set()
    frame = _frame(program, records)
    now = START
    while True:
        now += timedelta(seconds=1)
        view = View(records, in_flight)
        found = plan(frame, view, now)
        assert _told(found) == _told(plan(_frame(program, records), view, now))
        for skip in found.skips:
            records[skip.path] = StepRecord(
                skip.path, 1, skip.node.type, StepStatus.SKIPPED, skip.reason, completed_at=skip.now
            )
            frame.take(skip.node, records[skip.path])
        for ready in found.ready:
            links = reference.links[ready.path]
            assert links <= set(records)
            assert ready.now == max([START, *(_moment(records[link]) for link in links)])
            records[ready.path] = StepRecord(ready.path, 1, ready.node.type, StepStatus.RUNNING)
            in_flight.add(ready.path)
        if found.skips:
            continue
        settled = {path for path in records if path not in in_flight}
        waiting = {step for step in reference.links if step not in records}
        assert not [step for step in waiting if reference.links[step] <= settled]
        if not in_flight:
            break
        chosen = chance.choice(sorted(in_flight))
        in_flight.remove(chosen)
        records[chosen] = _settled(chosen, records[chosen].type, fates[chosen], now)
        frame.take(program.by_id[chosen], records[chosen])
    assert found.is_over
    told = {path: record.skip_reason or record.status for path, record in records.items()}
    assert told == {step["id"]: reference.outcome(step["id"]) for step in steps}


def _moment(record: StepRecord) -> datetime:
    assert record.completed_at is not None
    return record.completed_at


@settings(max_examples=100, deadline=None)
@given(workflows())
def test_the_plan_is_a_function(drawn: tuple[list[dict[str, Any]], dict[str, str]]) -> None:
    """Planning changes nothing and gives the same answer twice."""
    steps, _ = drawn
    program = _compiled(steps)
    records = {
        steps[0]["id"]: StepRecord(
            steps[0]["id"], 1, "transform", StepStatus.SKIPPED, SkipReason.WHEN, completed_at=START
        )
    }
    before = dict(records)
    frame, view = _frame(program, records), View(records)
    assert plan(frame, view, START) == plan(frame, view, START)
    assert records == before
