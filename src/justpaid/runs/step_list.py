"""Lists the steps of a run: every step of its version, with what the journal says of it."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Final

from justpaid import exact_json
from justpaid.clock import to_wire
from justpaid.engine.model import (
    ENDED,
    EffectOutcome,
    RunStatus,
    SkipReason,
    StepStatus,
    unrecorded_step_status,
)
from justpaid.exact_json import JsonObject, JsonValue
from justpaid.ids import Prefix, encode_id
from justpaid.runs.model import Columns, duration_ms

_SEGMENT: Final = re.compile(r"([^.\[]+)(?:\[(\d+)\])?")
_PASSED: Final = frozenset({StepStatus.COMPLETED, StepStatus.SKIPPED})
_WAITS_FOR: Final = {"approval": "approval", "workflow": "child"}  # every other type: a timer


@dataclass(frozen=True, slots=True)
class StepOutline:
    """A step as the definition has it; `container` is the step whose body it stands in."""

    id: str
    name: str
    type: str
    container: str | None = None


class Outline:
    """The steps of a definition as written, the steps of a body after their container."""

    __slots__ = ("by_id", "places", "steps")

    def __init__(self, steps: Iterable[StepOutline]) -> None:
        self.steps = tuple(steps)
        self.by_id: Mapping[str, StepOutline] = {step.id: step for step in self.steps}
        self.places: Mapping[str, int] = {step.id: at for at, step in enumerate(self.steps)}


def outline_steps(definition: JsonValue) -> Outline:
    """Return the outline of a definition."""
    steps = definition.get("steps") if isinstance(definition, dict) else None
    return Outline(_outline(steps, None))


def _outline(steps: JsonValue, container: str | None) -> Iterator[StepOutline]:
    if not isinstance(steps, list):
        return
    for step in steps:
        if not isinstance(step, dict) or not isinstance(step.get("id"), str):
            continue
        step_id = str(step["id"])
        name = step.get("name")
        yield StepOutline(
            step_id, name if isinstance(name, str) else step_id, str(step.get("type")), container
        )
        config = step.get("config")
        if isinstance(config, dict):
            yield from _outline(config.get("steps"), step_id)
            branches = config.get("branches")
            for branch in branches if isinstance(branches, list) else ():
                if isinstance(branch, dict):
                    yield from _outline(branch.get("steps"), step_id)


def step_id_of(path: str) -> str:
    """Return the id of the step at a path: `remind[3].send` is `send`."""
    return path.rpartition(".")[2]


def list_steps(
    outline: Outline, rows: Sequence[Columns], run_status: RunStatus
) -> list[JsonObject]:
    """Return one item a step, in the definition's order; `rows` are last attempts."""
    places = outline.places
    items = [
        (_sort_key(row["path"], places), _recorded_item(row, outline, run_status)) for row in rows
    ]
    recorded = {step_id_of(row["path"]) for row in rows}
    missing = [step for step in outline.steps if step.id not in recorded]
    statuses = {row["path"]: row["status"] for row in rows} if missing else {}
    for step in missing:
        path = step.id if step.container is None else f"{step.container}.{step.id}"
        item = _unrecorded_item(step, path, statuses, run_status)
        items.append((_sort_key(path, places), item))
    items.sort(key=itemgetter(0))
    return [item for _, item in items]


def _sort_key(path: str, places: Mapping[str, int]) -> list[tuple[int, int]]:
    if path in places:  # a step of the top-level list
        return [(places[path], -1)]
    key: list[tuple[int, int]] = []
    for name, index in _SEGMENT.findall(path):
        if name in places:
            key.append((places[name], int(index) if index else -1))
    return key


def _recorded_item(row: Columns, outline: Outline, run_status: RunStatus) -> JsonObject:
    path: str = row["path"]
    step_id = step_id_of(path)
    step = outline.by_id.get(step_id)
    started_at, completed_at = row["started_at"], row["completed_at"]
    status: str = row["status"]
    output = row["output"]
    is_resolved = status == StepStatus.UNKNOWN and row["resolved_at"] is not None
    if is_resolved:
        completed_at = row["resolved_at"]
        status, output = _resolved(row, run_status)
    return {
        "id": step_id,
        "path": path,
        "name": step_id if step is None else step.name,
        "type": row["type"],
        "status": status,
        "skipReason": row["skip_reason"],
        "attempt": row["attempt"],
        "startedAt": None if started_at is None else to_wire(started_at),
        "completedAt": None if completed_at is None else to_wire(completed_at),
        "durationMs": duration_ms(started_at, completed_at),
        "input": _embedded(row["input"]),
        "output": _embedded(output),
        "error": None if status == StepStatus.COMPLETED else _embedded(row["error"]),
        "effect": None if row["effect_id"] is None else _effect(row),
        "reused": row["is_reused"],
        "waitingFor": None if run_status in ENDED or is_resolved else _waiting_for(row),
    }


def _resolved(row: Columns, run_status: RunStatus) -> tuple[StepStatus, str | None]:
    """Return what a step is by what somebody said of its effect, also before a worker knows it."""
    if row["effect_outcome"] == EffectOutcome.DONE:
        said = exact_json.stored(row["resolution"])
        output = said.get("output") if isinstance(said, dict) else None
        return StepStatus.COMPLETED, exact_json.encode_text(output)
    return (StepStatus.CANCELLED if run_status in ENDED else StepStatus.RETRYING), None


def _embedded(text: str | None) -> Any:  # noqa: ANN401  raw JSON stands for any value
    return None if text is None else exact_json.embed(text)


def _effect(row: Columns) -> JsonObject:
    return {
        "id": encode_id(Prefix.EFFECT, row["effect_id"]),
        "idempotencyKey": row["effect_key"],
        "outcome": row["effect_outcome"],
        "receipt": _embedded(row["receipt"]),
    }


def _waiting_for(row: Columns) -> JsonObject | None:
    status = row["status"]
    if status == StepStatus.UNKNOWN:
        return {"kind": "effect", "until": None}
    if status == StepStatus.RETRYING:
        kind = "timer"
    elif status == StepStatus.SUSPENDED:
        kind = _WAITS_FOR.get(row["type"], "timer")
    else:
        return None
    due_at = row["due_at"]
    return {"kind": kind, "until": None if due_at is None else to_wire(due_at)}


def _unrecorded_item(
    step: StepOutline, path: str, statuses: Mapping[str, str], run_status: RunStatus
) -> JsonObject:
    status = unrecorded_step_status(run_status)
    reason = None
    if step.container is not None and statuses.get(step.container) in _PASSED:
        status, reason = StepStatus.SKIPPED, SkipReason.UPSTREAM  # its container needed it no time
    return {
        "id": step.id,
        "path": path,
        "name": step.name,
        "type": step.type,
        "status": status,
        "skipReason": reason,
        "attempt": 0,
        "startedAt": None,
        "completedAt": None,
        "durationMs": None,
        "input": None,
        "output": None,
        "error": None,
        "effect": None,
        "reused": False,
        "waitingFor": None,
    }
