"""A run's log as one list that can be tailed: lines told from its steps, and what was noted beside.

Guarantee: who reads on from a cursor sees every line that came since, and none twice. The order of
pages is that in which the run's owners committed; within a page lines stand by their time.
"""

import base64
import binascii
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from justpaid import exact_json
from justpaid.clock import to_wire
from justpaid.engine.model import RunStatus, StepStatus
from justpaid.errors import InvalidInput, Problem
from justpaid.exact_json import JsonObject
from justpaid.ids import Prefix, encode_id
from justpaid.runs.model import Columns, shown_status

MAX_DATA_BYTES: Final = 16 * 1024

_HEAD: Final = struct.Struct(">BqI")
_MARK: Final = struct.Struct(">I")
_ACCEPTED: Final = 1
_STARTED: Final = 2
_ENDED: Final = 4
_CLOSED: Final = 8
_MOST_OPEN: Final = 1_000
_OPEN: Final = frozenset(
    {StepStatus.RUNNING, StepStatus.RETRYING, StepStatus.SUSPENDED, StepStatus.UNKNOWN}
)
_LEVELS: Final = {
    StepStatus.FAILED: "error",
    StepStatus.RETRYING: "warning",
    StepStatus.UNKNOWN: "warning",
}
_SKIPPED: Final = {
    "path": "Skipped: the run took another path.",
    "upstream": "Skipped: so was everything before it.",
    "when": "Skipped: its `when` is false.",
}


@dataclass(slots=True)
class TailPosition:
    """How far a reader has come.

    `seq` is the last row read; `reused` counts the copied rows read, which all carry 0; `open`
    marks the attempts whose start was read and whose end was not; `told` the run's own lines.
    """

    seq: int = -1
    reused: int = 0
    told: int = 0
    open: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class LogPage:
    """Lines, the cursor after them, and whether more are there already."""

    lines: list[JsonObject]
    cursor: str
    has_more: bool


def encode_tail(position: TailPosition) -> str:
    """Write a position as a cursor."""
    marks = sorted(position.open)[:_MOST_OPEN]
    raw = _HEAD.pack(position.told, position.seq, position.reused)
    raw += b"".join(_MARK.pack(mark) for mark in marks)
    return base64.urlsafe_b64encode(raw + _MARK.pack(zlib.crc32(raw))).rstrip(b"=").decode()


def decode_tail(cursor: str | None, field_name: str = "after") -> TailPosition:
    """Read a cursor; None is the beginning. Raises InvalidInput for one we did not make."""
    if cursor is None:
        return TailPosition()
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        told, seq, reused = _HEAD.unpack_from(raw)
        marks = {mark for (mark,) in _MARK.iter_unpack(raw[_HEAD.size : -_MARK.size])}
    except (ValueError, struct.error, binascii.Error):
        raise _bad_cursor(field_name) from None
    if raw[-_MARK.size :] != _MARK.pack(zlib.crc32(raw[: -_MARK.size])):
        raise _bad_cursor(field_name)
    return TailPosition(seq, reused, told, marks)


def _bad_cursor(field_name: str) -> InvalidInput:
    problem = Problem(field_name, "not a cursor of this log")
    return InvalidInput("The cursor is not valid.", [problem])


def first_unread_seq(position: TailPosition) -> int:
    """Return the smallest `seq` of rows that are still to be read; copied rows have 0."""
    return position.seq + 1 if position.seq > 0 else 0


def is_closed(position: TailPosition) -> bool:
    """Tell whether a stream that came so far has been told its end."""
    return bool(position.told & _CLOSED)


def close(position: TailPosition, run: Columns) -> bool:
    """Note that a stream is told its end; False while the run goes on or was told of it."""
    if run["completed_at"] is None or is_closed(position):
        return False
    position.told |= _CLOSED
    return True


def iterate_lines(
    run: Columns, steps: Sequence[Columns], notes: Sequence[Columns], position: TailPosition
) -> Iterator[tuple[JsonObject, str]]:
    """Give what was written after `position` line by line, each with the cursor right after it.

    Moves `position` along, so that whoever stops between two lines goes on with the next one.
    """
    for _, line in _run_begins(run, position):
        yield line, encode_tail(position)
    for row in _unread(steps, notes, position):
        *before, last = [line for _, line in _lines_of(row, position)] or [None]
        for line in before:
            position.open.add(_mark(row))
            if line is not None:
                yield line, encode_tail(position)
        _pass(row, position)
        if last is not None:
            yield last, encode_tail(position)
    for _, line in _run_ends(run, position):
        yield line, encode_tail(position)


def make_page(
    run: Columns,
    steps: Sequence[Columns],
    notes: Sequence[Columns],
    position: TailPosition,
    limit: int,
) -> LogPage:
    """Make one page of about `limit` lines from what was written after `position`."""
    waiting = _unread(steps, notes, position)
    lines = list(_run_begins(run, position))
    taken = 0
    for row in waiting:
        told = list(_lines_of(row, position))
        if taken and len(lines) + len(told) > limit:
            break
        lines += told
        taken += 1
        _pass(row, position)
    has_more = taken < len(waiting)
    lines.sort(key=lambda line: line[0])
    if not has_more:
        lines += _run_ends(run, position)
    return LogPage([line for _, line in lines], encode_tail(position), has_more)


def _unread(
    steps: Sequence[Columns], notes: Sequence[Columns], position: TailPosition
) -> list[Columns]:
    copied = sorted(
        (row for row in steps if not row["seq"]), key=lambda row: (row["path"], row["attempt"])
    )
    written = [row for row in (*steps, *notes) if row["seq"] > max(position.seq, 0)]
    return [*copied[position.reused :], *sorted(written, key=lambda row: row["seq"])]


def _pass(row: Columns, position: TailPosition) -> None:
    if not row["seq"]:
        position.reused += 1
        return
    position.seq = row["seq"]
    if "attempt" in row:
        mark = _mark(row)
        if row["status"] in _OPEN:
            position.open.add(mark)
        else:
            position.open.discard(mark)


def _mark(row: Columns) -> int:
    return zlib.crc32(f"{row['path']}\n{row['attempt']}".encode())


def _lines_of(row: Columns, position: TailPosition) -> Iterator[tuple[datetime, JsonObject]]:
    if "attempt" not in row:
        yield _line(row["at"], row["level"], row["path"], row["message"], row["data"])
        return
    status = StepStatus(row["status"])
    started_at, ended_at = row["started_at"], row["completed_at"]
    at: datetime = ended_at or row["due_at"] or started_at
    if row["reused_run_id"] is not None:
        source = encode_id(Prefix.RUN, row["reused_run_id"])
        yield _line(at, "info", row["path"], f"Reused from {source}.", _data(row))
        return
    if started_at is not None and _mark(row) not in position.open:
        attempt = "" if row["attempt"] == 1 else f" (attempt {row['attempt']})"
        yield _line(started_at, "info", row["path"], f"Started{attempt}.", _data(row, brief=True))
    if status is StepStatus.RUNNING:
        return
    if ended_at is None:  # it waits: told at the moment from which it does
        at = started_at or at
    yield _line(at, _LEVELS.get(status, "info"), row["path"], _message(row, status), _data(row))


def _message(row: Columns, status: StepStatus) -> str:
    if status is StepStatus.SKIPPED:
        return _SKIPPED.get(row["skip_reason"], "Skipped.")
    told = _error_message(row["error"])
    until = "" if row["due_at"] is None else to_wire(row["due_at"])
    messages = {
        StepStatus.COMPLETED: "Completed.",
        StepStatus.FAILED: told,
        StepStatus.RETRYING: f"{told} Next attempt at {until}.",
        StepStatus.UNKNOWN: f"{told} Somebody has to say whether it was done.",
        StepStatus.SUSPENDED: f"Waits until {until}." if until else "Waits.",
    }
    return messages.get(status, "Cancelled.")


def _error_message(text: str | None) -> str:
    error = None if text is None else exact_json.stored(text)
    message = error.get("message") if isinstance(error, dict) else None
    return message if isinstance(message, str) else "Failed."


def _data(row: Columns, *, brief: bool = False) -> str:
    data: dict[str, object] = {"type": row["type"], "attempt": row["attempt"]}
    if not brief:
        data["status"] = row["status"]
        error = row["error"]
        if error is not None and len(error) <= MAX_DATA_BYTES // 2:
            data["error"] = exact_json.embed(error)
    return exact_json.encode_text(data)


def _run_begins(run: Columns, position: TailPosition) -> Iterator[tuple[datetime, JsonObject]]:
    if not position.told & _ACCEPTED:
        position.told |= _ACCEPTED
        yield _line(run["created_at"], "info", None, "Accepted.", None)
    if run["started_at"] is not None and not position.told & _STARTED:
        position.told |= _STARTED
        yield _line(run["started_at"], "info", None, "The run started.", None)


def _run_ends(run: Columns, position: TailPosition) -> Iterator[tuple[datetime, JsonObject]]:
    if run["completed_at"] is None or position.told & _ENDED:
        return
    position.told |= _ENDED
    status = shown_status(run["status"], run["started_at"])
    level = "error" if status in {RunStatus.FAILED, RunStatus.TIMED_OUT} else "info"
    message = f"The run ended: {status}."
    if run["error"] is not None:
        message = f"The run ended: {status}. {_error_message(run['error'])}"
    data = run["error"] if run["error"] and len(run["error"]) <= MAX_DATA_BYTES else None
    yield _line(run["completed_at"], level, None, message, data)


def _line(
    at: datetime, level: str, path: str | None, message: str, data: str | None
) -> tuple[datetime, JsonObject]:
    embedded: Any = None if data is None else exact_json.embed(data)
    return at, {
        "time": to_wire(at),
        "level": level,
        "stepPath": path,
        "message": message,
        "data": embedded,
    }
