"""What a worker knows of the run it holds, and what of it is still to be written.

Guarantee: a step's outcome enters the journal exactly as the next plan reads it, and nothing is
taken out of what is to be written before its commit is answered.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Final

from justpaid import exact_json
from justpaid.clock import Clock
from justpaid.engine import retry
from justpaid.engine.contract import Completed, Failed, Waits
from justpaid.engine.model import (
    MAX_JOURNAL_BYTES,
    MAX_OUTPUT_BYTES,
    ClaimedRun,
    EffectRecord,
    Entry,
    ErrorCode,
    Journal,
    LogLine,
    Owner,
    StepRecord,
    StepStatus,
)
from justpaid.engine.plan import Ready, Skip, goes_on_after_failure, is_settled
from justpaid.engine.resolve import RunNames
from justpaid.exact_json import JsonObject, JsonValue
from justpaid.workflows.program import Program

_SEQ_BITS: Final = 32


class LeaseLost(Exception):
    """Another worker holds the run now: this one stops quietly."""


class ActiveRun:
    """A claimed run, between the dispatcher that keeps its lease and the executor."""

    __slots__ = (
        "cancel_at", "changed", "claimed", "is_closing", "is_stopping", "lease_until", "owner",
        "renewed",
    )  # fmt: skip

    def __init__(self, claimed: ClaimedRun, lease_until: float) -> None:
        self.claimed = claimed
        self.owner = Owner(claimed.id, claimed.fence)
        self.lease_until = lease_until
        self.cancel_at = claimed.cancel_at
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
        names: RunNames,
        journal: Journal,
        clock: Clock,
        random: Callable[[], float],
    ) -> None:
        self.claimed = claimed
        self.program = program
        self.names = names
        self.records: dict[str, StepRecord] = {}
        self.effects = {effect.path: effect for effect in journal.effects}
        self.entry = self._new_entry()
        self._clock = clock
        self._random = random
        self._size = journal.size
        # Given by the fenced owner, so that later owners' rows come after without asking.
        self._seq = claimed.fence << _SEQ_BITS
        for record in journal.steps:  # ordered by attempt: the last one stands
            self.records[record.path] = record
        for node in program.steps.nodes:
            record = self.records.get(node.id)
            if record is not None and is_settled(node, record):
                names.settle(node.id, record)

    @property
    def has_unwritten(self) -> bool:
        """Whether anything waits to be committed."""
        entry = self.entry
        return bool(entry.steps or entry.effects or entry.logs)

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
        self.names.settle(skip.node.id, record)

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
        if earlier is not None and earlier.attempt == ready.attempt:
            record.effect_key = earlier.effect_key
        record.started_at = started_at
        record.input = self._input_text(result.input)
        if isinstance(result, Waits):
            record.status, record.due_at = StepStatus.SUSPENDED, result.until
        elif isinstance(result, Completed):
            self._complete(ready, record, result)
        else:
            self._fail(ready, record, result, terms)
        self.keep(record)
        if is_settled(ready.node, record):
            self.names.settle(ready.node.id, record)
        return record

    def cancel_waiting(self) -> None:
        """Close the steps that wait for a moment: the run ends before it."""
        for record in list(self.records.values()):
            if record.status in {StepStatus.SUSPENDED, StepStatus.RETRYING}:
                closed = replace(record, status=StepStatus.CANCELLED, due_at=None)
                closed.completed_at = self._clock()
                self.keep(closed)

    def keep(self, record: StepRecord) -> None:
        """Make a row the last word on its step, to be written with the next commit."""
        record.seq = self._next_seq()
        self.records[record.path] = record
        self.entry.steps.append(record)

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
