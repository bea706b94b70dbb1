"""A run's log as lines: what is told of each state, and a tail that loses and repeats nothing."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from justpaid.errors import InvalidInput
from justpaid.ids import new_id
from justpaid.runs.log_lines import TailPosition, decode_tail, encode_tail, make_page

NOW = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)


def a_run(**fields: Any) -> dict[str, Any]:
    """Make the run's row."""
    row: dict[str, Any] = {"status": "running", "created_at": NOW, "started_at": NOW}
    return row | {"completed_at": None, "error": None} | fields


def a_step(path: str, status: str, seq: int, **fields: Any) -> dict[str, Any]:
    """Make a step's row as the repository returns it."""
    row: dict[str, Any] = {"path": path, "status": status, "seq": seq, "attempt": 1}
    row |= {"type": "action", "skip_reason": None, "error": None, "due_at": None}
    row |= {"reused_run_id": None, "started_at": NOW, "completed_at": None}
    return row | fields


def told(*rows: dict[str, Any]) -> list[str]:
    """List the messages told of rows, beyond the run's own."""
    page = make_page(a_run(), rows, [], TailPosition(), 100)
    return [str(line["message"]) for line in page.lines[2:]]


LATER = NOW + timedelta(days=1)
ERROR = '{"code":"HTTP_STATUS","message":"402."}'


@pytest.mark.parametrize(
    ("row", "messages"),
    [
        (a_step("a", "running", 1), ["Started."]),
        (a_step("a", "running", 1, attempt=2), ["Started (attempt 2)."]),
        (a_step("a", "completed", 1, completed_at=NOW), ["Started.", "Completed."]),
        (a_step("a", "failed", 1, completed_at=NOW, error=ERROR), ["Started.", "402."]),
        (
            a_step("a", "retrying", 1, completed_at=NOW, due_at=LATER, error=ERROR),
            ["Started.", "402. Next attempt at 2026-01-16T09:30:00.000Z."],
        ),
        (
            a_step("a", "suspended", 1, due_at=LATER),
            ["Started.", "Waits until 2026-01-16T09:30:00.000Z."],
        ),
        (a_step("a", "suspended", 1), ["Started.", "Waits."]),
        (
            a_step("a", "unknown", 1, error=ERROR),
            ["Started.", "402. Somebody has to say whether it was done."],
        ),
        (a_step("a", "cancelled", 1, completed_at=NOW), ["Started.", "Cancelled."]),
        (
            a_step("a", "skipped", 1, started_at=None, completed_at=NOW, skip_reason="when"),
            ["Skipped: its `when` is false."],
        ),
    ],
)
def test_each_state_has_its_words(row: dict[str, Any], messages: list[str]) -> None:
    """What a step came to is told in one line, after the line of its start."""
    assert told(row) == messages


def test_a_reused_step_names_its_source() -> None:
    """A step copied from an earlier run is told once, with that run's id."""
    row = a_step("a", "completed", 0, completed_at=NOW, reused_run_id=new_id())
    (message,) = told(row)
    assert message.startswith("Reused from run_")


def test_an_end_is_told_last_with_its_error() -> None:
    """How a run ended stands at the end, as an error when it failed."""
    run = a_run(status="failed", completed_at=NOW, error=ERROR)
    page = make_page(run, [a_step("a", "completed", 5, completed_at=LATER)], [], TailPosition(), 9)
    assert page.lines[-1]["level"] == "error"
    assert page.lines[-1]["message"] == "The run ended: failed. 402."
    assert not page.has_more


def test_an_end_waits_for_the_last_page() -> None:
    """While more lines are there, the end is not told yet."""
    run = a_run(status="completed", completed_at=NOW)
    rows = [a_step(f"s{seq}", "completed", seq, completed_at=NOW) for seq in range(1, 5)]
    position = TailPosition()
    first = make_page(run, rows, [], position, 5)
    assert first.has_more
    assert "ended" not in str(first.lines[-1]["message"])
    rest = [row for row in rows if row["seq"] > position.seq]
    second = make_page(run, rest, [], decode_tail(first.cursor), 50)
    assert len(first.lines) + len(second.lines) == 11


class Journal:
    """A run's rows as workers would write them: each write takes the next number."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, int], dict[str, Any]] = {}
        self.seq = 0
        self.expected = ["Accepted.", "The run started."]

    def write(self, path: str, status: str) -> None:
        """Write a state of a step, and note which lines a reader must see of it."""
        self.seq += 1
        known = self.rows.get((path, 1))
        if known is None:
            self.expected.append(f"{path} Started.")
        ended_at = NOW if status == "completed" else None
        self.rows[path, 1] = a_step(path, status, self.seq, completed_at=ended_at)
        if status == "completed":
            self.expected.append(f"{path} Completed.")


@given(st.data())
def test_a_tail_sees_every_line_once(data: st.DataObject) -> None:
    """However writes and reads take turns, and however small the pages, each line comes once."""
    journal, seen, cursor = Journal(), [], None

    def read(limit: int) -> bool:
        nonlocal cursor
        position = decode_tail(cursor)
        from_seq = position.seq + 1 if position.seq > 0 else 0
        rows = [row for row in journal.rows.values() if row["seq"] >= from_seq]
        page = make_page(a_run(), rows, [], position, limit)
        cursor = page.cursor
        for line in page.lines:
            path = line["stepPath"]
            seen.append(f"{path} {line['message']}" if path else str(line["message"]))
        return page.has_more

    running: list[str] = []
    for number in range(data.draw(st.integers(0, 12))):
        match data.draw(st.sampled_from(["start", "end", "pure", "read"])):
            case "start":
                running.append(f"s{number}")
                journal.write(running[-1], "running")
            case "end" if running:
                journal.write(running.pop(0), "completed")
            case "pure":
                journal.write(f"p{number}", "completed")
            case _:
                read(data.draw(st.integers(1, 4)))
    while read(3):
        pass
    assert sorted(seen) == sorted(journal.expected)


@given(
    st.integers(-1, 2**62),
    st.integers(0, 1000),
    st.integers(0, 7),
    st.sets(st.integers(0, 2**32 - 1), max_size=20),
)
def test_a_cursor_comes_back_as_it_was(seq: int, reused: int, told: int, marks: set[int]) -> None:
    """A position survives its cursor."""
    position = TailPosition(seq, reused, told, marks)
    assert decode_tail(encode_tail(position)) == position


@given(st.text(max_size=60))
def test_any_other_text_is_no_cursor(text: str) -> None:
    """A text that we did not make is refused, never an error of ours."""
    with pytest.raises(InvalidInput):
        decode_tail(text)
