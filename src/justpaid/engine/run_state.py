"""What a worker knows of the run it holds, and what of it is still to be written.

Guarantee: a step's outcome enters the journal exactly as the next plan reads it, and nothing is
taken out of what is to be written before its commit is answered.
"""

import asyncio
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from justpaid import exact_json
from justpaid.clock import Clock
from justpaid.engine import retry
from justpaid.engine.contract import Asks, Completed, Failed, Opens, Starts, Waits
from justpaid.engine.frames import Container, Frame, goes_on_after_failure, guards_effect
from justpaid.engine.model import (
    MAX_JOURNAL_BYTES,
    MAX_OUTPUT_BYTES,
    Answer,
    ApprovalRequest,
    ChildRun,
    ClaimedRun,
    EffectOutcome,
    EffectRecord,
    Entry,
    ErrorCode,
    Journal,
    LogLine,
    Owner,
    StepRecord,
    StepStatus,
)
from justpaid.engine.plan import Ready, Skip
from justpaid.engine.resolutions import take_up
from justpaid.engine.resolve import Names
from justpaid.engine.sealed import RunSecrets
from justpaid.exact_json import JsonObject, JsonValue
from justpaid.ids import Prefix, encode_id
from justpaid.workflows.program import Program

_SEQ_BITS: Final = 32
_ROW_BYTES: Final = 100  # what a row of the journal takes beside its values
_OPEN: Final = frozenset({StepStatus.RUNNING, StepStatus.SUSPENDED, StepStatus.RETRYING})


class LeaseLost(Exception):
    """Another worker holds the run now: this one stops quietly."""


class ActiveRun:
    """A claimed run, between the dispatcher that keeps its lease and the executor."""

    __slots__ = (
        "cancel_at", "changed", "claimed", "is_closing", "is_stopping", "lease_until", "owner",
        "renewed", "wakes",
    )  # fmt: skip

    def __init__(self, claimed: ClaimedRun, lease_until: float) -> None:
        self.claimed = claimed
        self.owner = Owner(claimed.id, claimed.fence)
        self.lease_until = lease_until
        self.cancel_at = claimed.cancel_at
        self.wakes = claimed.wakes
        self.is_stopping = False  # the worker goes: start nothing new, hand the run back
        self.is_closing = False  # its suspension or end is being committed
        self.changed = asyncio.Event()  # something happened that the executor should look at
        self.renewed = asyncio.Event()


class RunState:
    """The journal of one claimed run in memory, and its rows that are not committed yet."""

    def __init__(
        self,
        claimed: ClaimedRun,
        program: Program,
        names: Names,
        journal: Journal,
        clock: Clock,
        random: Callable[[], float],
        ending_types: AbstractSet[str] = frozenset(),
        waits_for: Mapping[str, str] | None = None,
        *,
        secrets: RunSecrets | None = None,
    ) -> None:
        """`waits_for`: what suspended steps of a type wait for, where that is no moment."""
        self.claimed = claimed
        self.secrets = secrets
        self.program = program
        self.records: dict[str, StepRecord] = {}
        self.containers: dict[str, Container] = {}
        self.endings: list[StepRecord] = []
        self.waits_for = waits_for or {}
        self.answers: dict[str, Answer] = {}
        self.frame = Frame(program.steps, names, claimed.started_at)
        self.effects = {effect.path: effect for effect in journal.effects}
        self.entry = self._new_entry()
        self._clock = clock
        self._random = random
        self._size = journal.size + _ROW_BYTES * len(journal.steps)
        # Given by the fenced owner, so that later owners' rows come after without asking.
        self._seq = claimed.fence << _SEQ_BITS
        self._ending_types = ending_types
        self._open: set[str] = set()  # paths of steps that have started and not settled
        for record in journal.steps:  # ordered by attempt: the last one stands
            self._take(record)
        for record in list(self.records.values()):
            self._take_up_resolution(record)
        self.frame.read(self.records)

    def _take_up_resolution(self, record: StepRecord) -> None:
        line = self.effects.get(record.path)
        resolved = take_up(record, line)
        if resolved is None or line is None or line.resolution is None:
            return
        self._size += len(resolved.output_text or "")
        self.keep(resolved)
        outcome = "done" if line.outcome is EffectOutcome.DONE else "not done"
        self.note("info", record.path, f"Resolved as {outcome} by {line.resolution.by}.")

    @property
    def has_unwritten(self) -> bool:
        """Whether anything waits to be committed."""
        entry = self.entry
        return bool(entry.steps or entry.effects or entry.is_attended)

    @property
    def is_full(self) -> bool:
        """Whether the run's journal may grow no further."""
        return self._size >= MAX_JOURNAL_BYTES

    def take_entry(self) -> Entry:
        """Hand out what is to be written; the caller commits it or the run is lost."""
        entry, self.entry = self.entry, self._new_entry()
        return entry

    def note(self, level: str, path: str | None, message: str) -> None:
        """Add a line to the run's log."""
        self.entry.logs.append(LogLine(self._next_seq(), self._clock(), level, path, message))

    def skip(self, skip: Skip) -> None:
        """Pass over a step."""
        record = StepRecord(skip.path, 1, skip.node.type, StepStatus.SKIPPED, skip.reason)
        record.completed_at = skip.now
        self.keep(record)
        skip.frame.take(skip.node, record)

    def list_asked(self) -> list[str]:
        """List the suspended steps that wait for an answer and have none."""
        return [path for path in self._open if self._is_asked(path) and path not in self.answers]

    def _is_asked(self, path: str) -> bool:
        record = self.records[path]
        return record.status is StepStatus.SUSPENDED and record.type in self.waits_for

    def ask(self, ready: Ready, now: datetime, asks: Asks, approval_id: UUID) -> None:
        """Suspend a step until people have decided."""
        no_self_approval = asks.no_self_approval
        if no_self_approval is None:
            no_self_approval = guards_effect(ready.frame, ready.node)
        terms = exact_json.encode_text({**asks.terms, "noSelfApproval": no_self_approval})
        self._suspend(ready, now, asks.input, asks.until)
        request = ApprovalRequest(
            approval_id, self.claimed.workflow_id, ready.path, terms, asks.until
        )
        self.entry.approvals.append(request)

    def start_child(self, ready: Ready, now: datetime, starts: Starts, child: ChildRun) -> None:
        """Start a child run with the next commit; suspend the step until it has ended."""
        self.entry.children.append(child)
        if starts.is_awaited:
            self._suspend(ready, now, starts.input, None)
        else:
            output: JsonObject = {"runId": encode_id(Prefix.RUN, child.run.id)}
            self.settle(ready, now, Completed(output, starts.input))

    def _suspend(
        self, ready: Ready, now: datetime, input_: JsonObject, due_at: datetime | None
    ) -> None:
        record = StepRecord(ready.path, ready.attempt, ready.node.type, StepStatus.SUSPENDED)
        record.started_at, record.due_at = now, due_at
        record.input = self._input_text(input_)
        self.keep(record)

    def open(self, ready: Ready, now: datetime, opens: Opens) -> None:
        """Begin with the rounds of a container; they may be over already."""
        record = self.records.get(ready.path)
        if record is None:
            record = StepRecord(ready.path, ready.attempt, ready.node.type, StepStatus.RUNNING)
            record.started_at = now
            record.input = self._input_text(opens.input)
            self.keep(record)
        container = Container(ready.node, ready.frame, opens, ready.now, self.records)
        self.containers[ready.path] = container

    def close_container(self, container: Container) -> None:
        """Let go of a container that settles, and of all that waits in it."""
        for path in [path for path in self._open if path.startswith(container.insides)]:
            self._cancel(path)
            self.containers.pop(path, None)
        del self.containers[container.path]
        if container.is_race:
            self._cancel_unstarted(container)

    def _cancel_unstarted(self, container: Container) -> None:
        for frame in container.open:
            for node in frame.steps.nodes:
                path = frame.prefix + node.id
                if path not in self.records:
                    self.keep(StepRecord(path, 0, node.type, StepStatus.CANCELLED))

    def settle(
        self,
        ready: Ready,
        started_at: datetime,
        result: Completed | Failed | Waits,
        terms: retry.EffectTerms | None = None,
    ) -> StepRecord:
        """Record what an attempt came to; `terms` where it may have reached outside."""
        record = StepRecord(ready.path, ready.attempt, ready.node.type, StepStatus.RUNNING)
        earlier = self.records.get(ready.path)
        record.started_at = started_at
        record.input = self._input_text(result.input)
        if earlier is not None and earlier.attempt == ready.attempt:
            record.effect_key = earlier.effect_key
            if earlier.effect_key is None:  # its row may go out with this one, and give way to it
                record.input = record.input or earlier.input
        if isinstance(result, Waits):
            record.status, record.due_at = StepStatus.SUSPENDED, result.until
        elif isinstance(result, Completed):
            self._complete(ready, record, result)
        else:
            self._fail(ready, record, result, terms)
        self.keep(record)
        ready.frame.take(ready.node, record)
        return record

    def cancel_open(self) -> None:
        """Close what has started and not settled: the run ends before it."""
        for path in list(self._open):
            self._cancel(path)

    def _cancel(self, path: str) -> None:
        if self._is_asked(path):
            self.entry.closed.append(path)
        closed = replace(self.records[path], status=StepStatus.CANCELLED, due_at=None)
        closed.completed_at = self._clock()
        self.keep(closed)

    def keep(self, record: StepRecord) -> None:
        """Make a row the last word on its step, to be written with the next commit."""
        record.seq = self._next_seq()
        self._size += _ROW_BYTES
        self._take(record)
        self.entry.steps.append(record)

    def _take(self, record: StepRecord) -> None:
        self.records[record.path] = record
        if record.status in _OPEN:
            self._open.add(record.path)
        else:
            self._open.discard(record.path)
        if record.type in self._ending_types and record.status is StepStatus.COMPLETED:
            self.endings.append(record)

    def keep_effect(self, effect: EffectRecord) -> None:
        """Make a ledger row the last word on its effect."""
        self.effects[effect.path] = effect
        self.entry.effects.append(effect)
        self._size += len(effect.request or b"") + len(effect.receipt or "")

    def _complete(self, ready: Ready, record: StepRecord, result: Completed) -> None:
        try:
            raw = exact_json.encode(result.output)
        except (TypeError, ValueError) as error:
            message = f"The step's output cannot be written as JSON: {error}"
            self._fail(ready, record, Failed(ErrorCode.INTERNAL, message), None)
            return
        problem = None
        if len(raw) > MAX_OUTPUT_BYTES:
            problem = "The step's output is larger than 1 MiB."
        elif self._size + len(raw) > MAX_JOURNAL_BYTES:
            problem = "The run's journal would be larger than 32 MiB."
        if problem is not None:
            self._fail(ready, record, Failed(ErrorCode.OUTPUT_TOO_LARGE, problem), None)
            return
        self._size += len(raw)
        record.status = StepStatus.COMPLETED
        record.output, record.output_text = result.output, raw.decode()
        record.completed_at = self._clock()

    def _fail(
        self, ready: Ready, record: StepRecord, failed: Failed, terms: retry.EffectTerms | None
    ) -> None:
        now = self._clock()
        record.error = {"code": failed.code, "message": failed.message, **(failed.details or {})}
        follows = retry.after_failure(ready.node, failed, ready.attempt, now, terms, self._random)
        if isinstance(follows, retry.RetryAt):
            record.status, record.due_at = StepStatus.RETRYING, follows.due_at
            record.completed_at = now
        elif isinstance(follows, retry.BecomesUnknown):
            record.status = StepStatus.UNKNOWN
            record.error["reason"] = follows.reason
            self.note(
                "warning", ready.path, f"It is not known whether this was done. {follows.reason}"
            )
        else:
            record.status, record.completed_at = StepStatus.FAILED, now
            if goes_on_after_failure(ready.node):
                fallback: JsonValue = ready.node.fallback if ready.node.has_fallback else None
                record.output, record.output_text = fallback, exact_json.encode_text(fallback)

    def _input_text(self, value: JsonObject | None) -> str | None:
        if value is None:
            return None
        text = exact_json.encode_text(value)
        self._size += len(text)
        return text

    def _new_entry(self) -> Entry:
        return Entry(self.claimed.id, self.claimed.fence, self.claimed.origin_run_id)

    def _next_seq(self) -> int:
        self._seq += 1
        return self._seq
