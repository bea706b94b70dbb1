"""What comes next in a run: a pure function of the definition, the journal and the moment.

Guarantee: the order in which steps happen to finish decides nothing: the same journal gives the
same plan, and every step is run or skipped for the reason that workflow.md (Order) names.
"""

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from justpaid.engine.model import ErrorCode, RunStatus, SkipReason, StepRecord, StepStatus
from justpaid.engine.resolve import last_output, last_settled
from justpaid.exact_json import JsonObject, JsonValue
from justpaid.expressions.errors import ExpressionError
from justpaid.expressions.values import is_truthy
from justpaid.workflows.program import Program, StepList, StepNode

_PASSED_OVER: Final = frozenset({SkipReason.PATH, SkipReason.UPSTREAM})
# The field of a step's output that says which of its paths is taken.
_PATH_FIELDS: Final = ("result", "approved")


@dataclass(frozen=True, slots=True)
class View:
    """What a plan is made from, beside the definition.

    `in_flight`: paths that this worker performs now. `halted`: the status the run was told to end
    with. `ending_types`: step types whose completion ends the run.
    """

    records: Mapping[str, StepRecord]
    started_at: datetime
    names_at: Callable[[datetime], Mapping[str, JsonValue]]
    in_flight: AbstractSet[str] = frozenset()
    halted: RunStatus | None = None
    ending_types: AbstractSet[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Ready:
    """A step to run now: a new attempt, or `is_repeat` one whose worker was lost."""

    node: StepNode
    path: str
    attempt: int
    now: datetime
    is_repeat: bool = False


@dataclass(frozen=True, slots=True)
class Skip:
    """A step to pass over."""

    node: StepNode
    path: str
    reason: SkipReason
    now: datetime


@dataclass(frozen=True, slots=True)
class Faulty:
    """A step whose own `when` cannot be evaluated."""

    node: StepNode
    path: str
    now: datetime
    message: str


@dataclass(frozen=True, slots=True)
class Wait:
    """A step that waits: until a moment, or for a person."""

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


@dataclass(slots=True)
class Plan:
    """What to do; a run `is_over` when nothing is to be done, awaited or in flight."""

    ready: list[Ready] = field(default_factory=list[Ready])
    skips: list[Skip] = field(default_factory=list[Skip])
    faulty: list[Faulty] = field(default_factory=list[Faulty])
    elapsed: list[Ready] = field(default_factory=list[Ready])
    waits: list[Wait] = field(default_factory=list[Wait])
    stop: Stop | None = None
    is_over: bool = False


def plan(steps: StepList, view: View, now: datetime, prefix: str = "") -> Plan:
    """Say what comes next in one list of steps; `prefix` is the path of the body it stands in."""
    result = Plan(stop=_find_stop(steps, view, prefix))
    is_busy = False
    for node in steps.sequence:
        path = prefix + node.id
        record = view.records.get(path)
        if record is None:
            if result.stop is None:
                is_busy |= _plan_unstarted(node, path, prefix, view, result)
        elif path in view.in_flight:
            is_busy = True
        elif record.status is StepStatus.RUNNING:
            result.ready.append(
                Ready(node, path, record.attempt, _now(node, prefix, view), is_repeat=True)
            )
        elif result.stop is None:
            _plan_waiting(node, path, prefix, record, view, now, result)
    result.is_over = not (is_busy or result.ready or result.skips or result.faulty) and not (
        result.elapsed or result.waits
    )
    return result


def completion(
    program: Program,
    records: Mapping[str, StepRecord],
    names_at: Callable[[datetime], Mapping[str, JsonValue]],
    started_at: datetime,
) -> Stop:
    """Say how a run ends whose steps have all settled: its output, or what is wrong with it."""
    output = last_output(program.steps, records)
    if program.output is not None:
        try:
            output = program.output.evaluate(names_at(last_settled(records.values(), started_at)))
        except ExpressionError as error:
            return _fault(ErrorCode.TEMPLATE, f"The run's output: {error.message}")
    if program.output_schema is not None:
        problems = program.output_schema.problems(output, "output")
        if problems:
            told = "; ".join(f"{problem.field}: {problem.message}" for problem in problems[:10])
            return _fault(ErrorCode.OUTPUT_INVALID, told)
    return Stop(RunStatus.COMPLETED, output=output)


def _fault(code: ErrorCode, message: str) -> Stop:
    return Stop(RunStatus.FAILED, {"code": code, "message": message})


def is_settled(node: StepNode, record: StepRecord | None) -> bool:
    """Tell whether steps that depend on this one may go on."""
    if record is None:
        return False
    if record.status in {StepStatus.COMPLETED, StepStatus.SKIPPED}:
        return True
    return record.status is StepStatus.FAILED and goes_on_after_failure(node)


def goes_on_after_failure(node: StepNode) -> bool:
    """Tell whether the run continues when this step has failed for good."""
    return node.strategy == "continue" or (node.strategy == "retry" and node.has_fallback)


def _find_stop(steps: StepList, view: View, prefix: str) -> Stop | None:
    if view.halted is not None:
        return Stop(view.halted)
    found: Stop | None = None
    for node in steps.nodes:
        record = view.records.get(prefix + node.id)
        if record is None:
            continue
        stop = None
        if record.status is StepStatus.FAILED and not goes_on_after_failure(node):
            stop = _failure(record)
        elif record.type in view.ending_types and record.status is StepStatus.COMPLETED:
            stop = _ending(record)
        if stop is not None and (found is None or _is_earlier(stop, found)):
            found = stop
    return found


def _is_earlier(stop: Stop, other: Stop) -> bool:
    return stop.at is not None and other.at is not None and stop.at < other.at


def _failure(record: StepRecord) -> Stop:
    error = record.error or {}
    told: JsonObject = {
        "code": error.get("code", ErrorCode.INTERNAL),
        "message": error.get("message", "The step failed."),
        "stepId": record.path,
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


def _plan_unstarted(node: StepNode, path: str, prefix: str, view: View, result: Plan) -> bool:
    """Plan a step without a journal row; True when it still waits for its dependencies."""
    dependencies = [view.records.get(prefix + name) for name in node.dependencies]
    known = [record for record in dependencies if record is not None]
    if len(known) < len(dependencies) or not all(_has_passed(record) for record in known):
        return True
    moment = last_settled(known, view.started_at)
    reason = _skip_without_asking(node, prefix, known, view)
    if reason is None and node.when is not None:
        try:
            if not is_truthy(node.when.evaluate(view.names_at(moment))):
                reason = SkipReason.WHEN
        except ExpressionError as error:
            result.faulty.append(Faulty(node, path, moment, error.message))
            return False
    if reason is None:
        result.ready.append(Ready(node, path, 1, moment))
    else:
        result.skips.append(Skip(node, path, reason, moment))
    return False


def _has_passed(record: StepRecord) -> bool:
    # A failed step on which another may depend is one that goes on: any other has stopped the run.
    return record.status in {StepStatus.COMPLETED, StepStatus.SKIPPED, StepStatus.FAILED}


def _skip_without_asking(
    node: StepNode, prefix: str, dependencies: list[StepRecord], view: View
) -> SkipReason | None:
    if node.owner is not None:
        owner, path_name = node.owner
        if _taken_path(view.records[prefix + owner]) != path_name:
            return SkipReason.PATH
    if dependencies and all(record.skip_reason in _PASSED_OVER for record in dependencies):
        return SkipReason.UPSTREAM
    return None


def _taken_path(owner: StepRecord) -> str | None:
    """Return the path a condition took; none when it was skipped or failed."""
    if owner.status is not StepStatus.COMPLETED or not isinstance(owner.output, dict):
        return None
    for name in _PATH_FIELDS:
        if name in owner.output:
            return "then" if owner.output[name] is True else "else"
    return None


def _plan_waiting(
    node: StepNode,
    path: str,
    prefix: str,
    record: StepRecord,
    view: View,
    now: datetime,
    result: Plan,
) -> None:
    if record.status is StepStatus.UNKNOWN:
        result.waits.append(Wait("effect", path, None))
    elif record.status in {StepStatus.SUSPENDED, StepStatus.RETRYING}:
        if record.due_at is None or record.due_at > now:
            result.waits.append(Wait("timer", path, record.due_at))
        elif record.status is StepStatus.SUSPENDED:
            moment = _now(node, prefix, view)
            result.elapsed.append(Ready(node, path, record.attempt, moment))
        else:
            moment = _now(node, prefix, view)
            result.ready.append(Ready(node, path, record.attempt + 1, moment))


def _now(node: StepNode, prefix: str, view: View) -> datetime:
    found = (view.records.get(prefix + name) for name in node.dependencies)
    return last_settled((record for record in found if record is not None), view.started_at)
