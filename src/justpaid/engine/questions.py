"""What runs ask of people and of child runs, and what they are told: the SQL of it.

Guarantee: an approval is opened, and one that is no longer waited for is closed, in the transaction
of its step's row; what was answered first stands.
"""

from collections.abc import Sequence
from typing import Final

from justpaid import exact_json
from justpaid.clock import to_wire
from justpaid.db.pool import Connection, Row
from justpaid.engine.model import Answer, Entry, Question
from justpaid.engine.statements import PARTS
from justpaid.exact_json import JsonObject, JsonValue
from justpaid.ids import Prefix, encode_id

_ASK: Final = PARTS["ask"]
_CLOSE_APPROVALS: Final = PARTS["close_approvals"]
_CLOSE_CHILDREN: Final = PARTS["close_children"]
_EXPIRE: Final = PARTS["expire"]
_ANSWERS: Final = PARTS["answers"]
_SECONDS: Final = 30.0


async def open_and_close(connection: Connection, entries: Sequence[Entry]) -> None:
    """Open what these rows ask and close what they no longer wait for, in their transaction."""
    asked = [(entry.run_id, request) for entry in entries for request in entry.approvals]
    if asked:
        await connection.execute(
            _ASK,
            [request.id for _, request in asked],
            [run_id for run_id, _ in asked],
            [request.workflow_id for _, request in asked],
            [request.path for _, request in asked],
            [request.terms for _, request in asked],
            [request.due_at for _, request in asked],
            timeout=_SECONDS,
        )
    closed = [(entry.run_id, path) for entry in entries for path in entry.closed]
    if closed:
        columns = [run_id for run_id, _ in closed], [path for _, path in closed]
        await connection.execute(_CLOSE_APPROVALS, *columns, timeout=_SECONDS)
        await connection.execute(_CLOSE_CHILDREN, *columns, timeout=_SECONDS)


async def read_answers(connection: Connection, questions: Sequence[Question]) -> list[list[Answer]]:
    """Return for each question the answers that are there; approvals past their time expire."""
    runs = [question.run_id for question in questions]
    await connection.execute(
        _EXPIRE, runs, [question.now for question in questions], timeout=_SECONDS
    )
    asked = [(question.run_id, path) for question in questions for path in question.paths]
    rows = await connection.fetch(
        _ANSWERS, [run_id for run_id, _ in asked], [path for _, path in asked], timeout=_SECONDS
    )
    found = {run_id: list[Answer]() for run_id in runs}
    for row in rows:
        found[row["run_id"]].append(Answer(row["path"], row["status"], _value(row)))
    return [found[run_id] for run_id in runs]


def _value(row: Row) -> JsonObject:
    if row["child_id"] is not None:
        return {
            "runId": encode_id(Prefix.RUN, row["child_id"]),
            "output": _stored(row["output"]),
            "error": _stored(row["error"]),
        }
    at = row["decided_at"]
    return {
        "approvedBy": row["decided_by"],
        "approvedAt": None if at is None else to_wire(at),
        "comment": row["comment"],
        "onTimeout": row["on_timeout"],
    }


def _stored(text: str | None) -> JsonValue:
    return None if text is None else exact_json.stored(text)
