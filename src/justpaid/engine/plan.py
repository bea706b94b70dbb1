"""What comes next in a run: a pure function of the definition, the journal and the moment.

Guarantee: the order in which steps happen to finish decides nothing: the same journal gives the
same plan, and every step is run or skipped for the reason that workflow.md (Order) names. Each list
of steps, the run's own and the bodies of open containers, is planned alike.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple

from justpaid.engine.frames import Container, Frame, earlier
from justpaid.engine.model import ErrorCode, RunStatus, SkipReason, StepRecord, StepStatus
from justpaid.engine.resolve import last_output, last_settled
from justpaid.exact_json import JsonObject, JsonValue
from justpaid.expressions.errors import ExpressionError
from justpaid.expressions.values import is_truthy
from justpaid.workflows.program import Program, StepNode

_PASSED_OVER: Final = frozenset({SkipReason.PATH, SkipReason.UPSTREAM})
# The field of a step's output that says which of its paths is taken.
_PATH_FIELDS: Final = ("result", "approved")
# A plan is one piece of work, and an expression may cost what a whole piece should.
_MOST_ASKED: Final = 4
TIMER: Final = "timer"
EFFECT: Final = "effect"


@dataclass(frozen=True, slots=True)
class View:
    """What a plan is made from, beside the definition and the journal.

    `in_flight`: paths that this worker performs now. `halted`: how the run ends for a reason
    outside its steps. `endings`: completed steps of types that end the run. `containers`: the open
    ones by path. `waits_for`: what suspended steps of a type wait for, where that is no moment;
    `answered`: the paths of those whose answer is there.
    """

    records: Mapping[str, StepRecord]
    in_flight: AbstractSet[str] = frozenset()
    halted: "Stop | None" = None
    endings: Sequence[StepRecord] = ()
    containers: Mapping[str, Container] = field(default_factory=dict[str, Container])
    waits_for: Mapping[str, str] = field(default_factory=dict[str, str])
    answered: AbstractSet[str] = frozenset()


class Ready(NamedTuple):
    """A step to run now: a new attempt, or `is_repeat` one whose worker was lost."""

    frame: Frame
    node: StepNode
    path: str
    attempt: int
    now: datetime
    is_repeat: bool = False


class Skip(NamedTuple):
    """A step to pass over."""

    frame: Frame
    node: StepNode
    path: str
    reason: SkipReason
    now: datetime


@dataclass(frozen=True, slots=True)
class Faulty:
    """A step whose own `when` cannot be evaluated."""

    ready: Ready
    message: str


@dataclass(frozen=True, slots=True)
class Gather:
    """A container to settle: with what its rounds came to, or with the step that failed it."""

    container: Container
    failure: StepRecord | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """A step that waits: until a moment, for a person, or for a child run."""

    kind: str
    path: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Stop:
    """Why nothing new starts, and how the run ends once its effects in flight are recorded."""

    status: RunStatus
    error: JsonObject | None = None
    output: JsonValue = None
    at: datetime | None = None

    @classmethod
    def too_large(cls, message: str) -> "Stop":
        """Return the end of a run that would hold more than it may."""
        return cls(RunStatus.FAILED, {"code": ErrorCode.OUTPUT_TOO_LARGE, "message": message})


@dataclass(slots=True)
class Plan:
    """What to do; a run `is_over` when nothing is to be done, awaited or in flight.

    `elapsed`: suspended steps whose moment or answer has come. `over`: rounds at their end.
    `is_partial`: some steps were not asked for their `when` yet; what is said here comes first.
    """

    ready: list[Ready] = field(default_factory=list)
    skips: list[Skip] = field(default_factory=list)
    faulty: list[Faulty] = field(default_factory=list)
    elapsed: list[Ready] = field(default_factory=list)
    over: list[Frame] = field(default_factory=list)
    gathers: list[Gather] = field(default_factory=list)
    waits: list[Wait] = field(default_factory=list)
    stop: Stop | None = None
    is_over: bool = False
    is_partial: bool = False


def plan(frame: Frame, view: View, now: datetime) -> Plan:
    """Say what comes next in a run, whose own list of steps this is."""
    result = Plan(stop=_find_stop(frame.failure, view))
    is_active = _Planner(view, now, result).plan_list(frame, drains=result.stop is not None)
    result.is_over = not is_active
    return result


def completion(program: Program, frame: Frame, records: Mapping[str, StepRecord]) -> Stop:
    """Say how a run ends whose steps have all settled."""
    output = last_output(program.steps, records)
    if program.output is not None:
        names = frame.names.at(last_settled(records.values(), frame.started_at))
        try:
            output = program.output.evaluate(names)
        except ExpressionError as error:
            return _fault(ErrorCode.TEMPLATE, f"The run's output: {error.message}")
    return Stop(RunStatus.COMPLETED, output=output)


def check_output(program: Program, stop: Stop) -> Stop:
    """Hold a completed run's output to its schema."""
    if program.output_schema is None or stop.status is not RunStatus.COMPLETED:
        return stop
    problems = program.output_schema.problems(stop.output, "output")
    if not problems:
        return stop
    told = "; ".join(f"{problem.field}: {problem.message}" for problem in problems[:10])
    return _fault(ErrorCode.OUTPUT_INVALID, told)


def _fault(code: ErrorCode, message: str) -> Stop:
    return Stop(RunStatus.FAILED, {"code": code, "message": message})


def failing_step(failure: StepRecord) -> str:
    """Return the path of the step that went wrong: of a container, the one inside it."""
    told = (failure.error or {}).get("stepId")
    return told if isinstance(told, str) else failure.path


def _find_stop(failure: StepRecord | None, view: View) -> Stop | None:
    if view.halted is not None:
        return view.halted
    first = failure
    for ending in view.endings:
        first = earlier(ending, first)
    if first is None:
        return None
    return _failure(first) if first is failure else _ending(first)


def _failure(record: StepRecord) -> Stop:
    error = record.error or {}
    told: JsonObject = {
        "code": error.get("code", ErrorCode.INTERNAL),
        "message": error.get("message", "The step failed."),
        "stepId": failing_step(record),
    }
    return Stop(RunStatus.FAILED, told, at=record.completed_at)


def _ending(record: StepRecord) -> Stop:
    said = record.output if isinstance(record.output, dict) else {}
    if said.get("status") != RunStatus.FAILED:
        return Stop(RunStatus.COMPLETED, output=said.get("output"), at=record.completed_at)
    error: JsonObject = {
        "code": ErrorCode.STOPPED,
        "message": said.get("message") or "The workflow stopped here.",
        "stepId": record.path,
    }
    return Stop(RunStatus.FAILED, error, said.get("output"), record.completed_at)


class _Planner:
    """Goes through the lists of a run once, and notes what is to be done.

    A list that `drains` starts nothing new: effects in flight are finished, and nothing is awaited.
    """

    def __init__(self, view: View, now: datetime, result: Plan) -> None:
        self._view = view
        self._now = now
        self._result = result
        self._asked = 0

    def plan_list(self, frame: Frame, *, drains: bool) -> bool:
        """Plan one list; False when all of it that counts is over."""
        is_active = bool(frame.blocked) and not drains
        records, prefix, sequence = self._view.records, frame.prefix, frame.steps.sequence
        for place in frame.open:
            node = sequence[place]
            record = records.get(prefix + node.id)
            if record is None:
                if not drains:
                    self._plan_unstarted(frame, node)
                    is_active = True
            elif record.status is StepStatus.RUNNING:
                is_active |= self._plan_running(frame, node, record, drains=drains)
            elif not drains and record.status in _WAITING:
                self._plan_waiting(frame, node, record)
                is_active = True
        return is_active

    def _plan_running(
        self, frame: Frame, node: StepNode, record: StepRecord, *, drains: bool
    ) -> bool:
        if record.path in self._view.in_flight:
            return True
        container = self._view.containers.get(record.path)
        if container is not None:
            return self._plan_container(container, drains=drains)
        moment = _now(frame, node, self._view)
        self._result.ready.append(
            Ready(frame, node, record.path, record.attempt, moment, is_repeat=True)
        )
        return True

    def _plan_container(self, container: Container, *, drains: bool) -> bool:
        """Plan the rounds under way; an outer list that drains settles nothing of it."""
        failures = [frame.failure for frame in container.open]
        lost = [failure for failure in failures if failure is not None]
        if container.is_race:
            is_decided = container.winner is not None or len(lost) == len(failures)
        else:
            is_decided = bool(lost) or container.is_over
        is_active = False
        for frame, failure in zip(container.open, failures, strict=True):
            closes = drains or is_decided or failure is not None
            goes_on = self.plan_list(frame, drains=closes)
            is_active |= goes_on
            if not closes and not goes_on:
                self._result.over.append(frame)
                is_active = True
        if drains or is_active:
            return is_active
        first: StepRecord | None = None
        if not (container.is_race and container.winner is not None):
            for failure in lost:
                first = earlier(failure, first)
        self._result.gathers.append(Gather(container, first))
        return True

    def _plan_unstarted(self, frame: Frame, node: StepNode) -> None:
        """Plan a step without a journal row, whose dependencies have all settled."""
        records, prefix = self._view.records, frame.prefix
        path = prefix + node.id
        known = [records[prefix + name] for name in node.dependencies]
        moment = last_settled(known, frame.started_at)
        reason = _skip_without_asking(node, prefix, known, self._view)
        if reason is None and node.when is not None:
            self._asked += 1
            if self._asked > _MOST_ASKED:
                self._result.is_partial = True
                return
            try:
                if not is_truthy(node.when.evaluate(frame.names.at(moment))):
                    reason = SkipReason.WHEN
            except ExpressionError as error:
                ready = Ready(frame, node, path, 1, moment)
                self._result.faulty.append(Faulty(ready, error.message))
                return
        if reason is None:
            self._result.ready.append(Ready(frame, node, path, 1, moment))
        else:
            self._result.skips.append(Skip(frame, node, path, reason, moment))

    def _plan_waiting(self, frame: Frame, node: StepNode, record: StepRecord) -> None:
        path, result = record.path, self._result
        if record.status is StepStatus.UNKNOWN:
            result.waits.append(Wait(EFFECT, path, None))
            return
        kind = TIMER
        if record.status is StepStatus.SUSPENDED:
            kind = self._view.waits_for.get(record.type, TIMER)
        has_come = record.due_at is not None and record.due_at <= self._now
        if path not in self._view.answered and not has_come:
            result.waits.append(Wait(kind, path, record.due_at))
            return
        moment = _now(frame, node, self._view)
        if record.status is StepStatus.SUSPENDED:
            result.elapsed.append(Ready(frame, node, path, record.attempt, moment))
        else:
            result.ready.append(Ready(frame, node, path, record.attempt + 1, moment))


_WAITING: Final = frozenset({StepStatus.SUSPENDED, StepStatus.RETRYING, StepStatus.UNKNOWN})


def _skip_without_asking(
    node: StepNode, prefix: str, dependencies: list[StepRecord], view: View
) -> SkipReason | None:
    if node.owner is not None:
        owner, path_name = node.owner
        if _taken_path(view.records[prefix + owner]) != path_name:
            return SkipReason.PATH
    for record in dependencies:
        if record.skip_reason not in _PASSED_OVER:
            return None
    return SkipReason.UPSTREAM if dependencies else None


def _taken_path(owner: StepRecord) -> str | None:
    """Return the path a condition took; none when it was skipped or failed."""
    if owner.status is not StepStatus.COMPLETED or not isinstance(owner.output, dict):
        return None
    for name in _PATH_FIELDS:
        if name in owner.output:
            return "then" if owner.output[name] is True else "else"
    return None


def _now(frame: Frame, node: StepNode, view: View) -> datetime:
    found = (view.records.get(frame.prefix + name) for name in node.dependencies)
    return last_settled((record for record in found if record is not None), frame.started_at)
