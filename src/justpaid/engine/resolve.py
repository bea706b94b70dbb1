"""What a step may read, from what has been recorded: pure, and the same again after a crash.

`now` is the moment at which the last of a step's dependencies settled; the default output of a list
is that of its last completed step in written order.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from justpaid import exact_json
from justpaid.clock import to_wire
from justpaid.engine.model import ClaimedRun, StepRecord, StepStatus
from justpaid.exact_json import JsonObject, JsonValue
from justpaid.ids import Prefix, encode_id
from justpaid.workflows.program import Program, StepList

_MOMENT_ROOTS: Final = frozenset({"now", "today"})


@dataclass(frozen=True, slots=True)
class CompanyFacts:
    """What expressions may read of a company."""

    environment: Mapping[str, str]
    time_zone: str


class Names:
    """The names that the templates of one list read; `steps` grows as its steps settle.

    The same mapping is shared by all steps of the list: validation lets a template read only what
    is certain to have settled before it. `zone` is None where nothing reads `now` or `today`.
    """

    __slots__ = ("_fixed", "_zone", "steps")

    def __init__(self, fixed: Mapping[str, JsonValue], steps: JsonObject, zone: str | None) -> None:
        self.steps = steps
        self._fixed: JsonObject = {**fixed, "steps": steps}
        self._zone = zone

    def at(self, moment: datetime) -> Mapping[str, JsonValue]:
        """Return the names as a step reads them whose dependencies settled at this moment."""
        if self._zone is None:
            return self._fixed
        today = moment.astimezone(ZoneInfo(self._zone)).date().isoformat()
        return {**self._fixed, "now": to_wire(moment), "today": today}

    def settle(self, step_id: str, record: StepRecord) -> None:
        """Let templates read a step that has settled; a skipped one reads as null."""
        if record.status is StepStatus.SKIPPED:
            self.steps[step_id] = {"output": None, "error": None, "status": record.status.value}
            return
        self.steps[step_id] = {
            "output": record.output,
            "error": record.error,
            "status": record.status.value,
        }

    def inside(self, variables: Mapping[str, JsonValue]) -> "Names":
        """Return the names of a body: these, what it adds, and steps of its own beside ours."""
        return Names({**self._fixed, **variables}, dict(self.steps), self._zone)


def names_of_run(run: ClaimedRun, program: Program, company: CompanyFacts) -> Names:
    """Make the names that a run's own list of steps reads."""
    trigger = {} if run.trigger is None else exact_json.stored(run.trigger)
    fixed: JsonObject = {
        "input": exact_json.stored(run.input),
        "variables": program.variables,
        "env": dict(company.environment),
        "trigger": {**(trigger if isinstance(trigger, dict) else {}), "type": run.trigger_type},
    }
    if "runId" in program.roots:
        fixed["runId"] = encode_id(Prefix.RUN, run.id)
    if "workflowId" in program.roots:
        fixed["workflowId"] = encode_id(Prefix.WORKFLOW, run.workflow_id)
    if "companyId" in program.roots:
        fixed["companyId"] = encode_id(Prefix.COMPANY, run.company_id)
    has_moments = not _MOMENT_ROOTS.isdisjoint(program.roots)
    return Names(fixed, {}, company.time_zone if has_moments else None)


def last_output(steps: StepList, records: Mapping[str, StepRecord], prefix: str = "") -> JsonValue:
    """Return the output of the list's last completed step; null when none completed."""
    for node in reversed(steps.nodes):
        record = records.get(prefix + node.id)
        if record is not None and record.status is StepStatus.COMPLETED:
            return record.output
    return None


def last_settled(dependencies: Iterable[StepRecord], started_at: datetime) -> datetime:
    """Return the moment at which the last of a step's dependencies settled."""
    latest: datetime | None = None
    for record in dependencies:
        at = record.completed_at
        if at is not None and (latest is None or at > latest):
            latest = at
    return started_at if latest is None else latest
