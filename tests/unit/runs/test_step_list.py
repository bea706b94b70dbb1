"""The list of a run's steps: every step of the version, in its order, with what is known of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from justpaid.engine.model import RunStatus
from justpaid.exact_json import JsonObject
from justpaid.runs.step_list import list_steps, outline_steps

NOW = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
DEFINITION: JsonObject = {
    "steps": [
        {"id": "fetch", "type": "action", "name": "Fetch invoices"},
        {
            "id": "each",
            "type": "loop",
            "config": {
                "collection": "{{steps.fetch.output}}",
                "steps": [
                    {"id": "remind", "type": "action"},
                    {"id": "log", "type": "transform"},
                ],
            },
        },
        {
            "id": "both",
            "type": "parallel",
            "config": {"branches": [{"name": "one", "steps": [{"id": "left", "type": "stop"}]}]},
        },
        {"id": "done", "type": "transform"},
    ]
}
OUTLINE = outline_steps(DEFINITION)


_NULL_COLUMNS = (
    "skip_reason", "input", "output", "error", "due_at", "effect_id", "effect_key", "receipt",
    "effect_outcome", "resolved_at", "resolution",
)  # fmt: skip


def a_row(path: str, status: str, **fields: Any) -> dict[str, Any]:
    """Make a row as the repository returns it."""
    row: dict[str, Any] = dict.fromkeys(_NULL_COLUMNS)
    row |= {"path": path, "status": status, "attempt": 1, "type": "action", "is_reused": False}
    return row | {"started_at": NOW, "completed_at": NOW + timedelta(milliseconds=250)} | fields


def shown(rows: list[dict[str, Any]], status: RunStatus) -> list[tuple[object, object]]:
    """List (path, status) of what is shown."""
    return [(item["path"], item["status"]) for item in list_steps(OUTLINE, rows, status)]


def test_an_outline_has_inner_steps_after_their_container() -> None:
    """Every step of a definition is found, at any depth, with its own name or its id."""
    found = [(step.id, step.name, step.container) for step in OUTLINE.steps]
    assert found == [
        ("fetch", "Fetch invoices", None),
        ("each", "each", None),
        ("remind", "remind", "each"),
        ("log", "log", "each"),
        ("both", "both", None),
        ("left", "left", "both"),
        ("done", "done", None),
    ]


def test_a_run_that_never_started_shows_every_step() -> None:
    """Without a journal all steps are pending; once the run has ended they are cancelled."""
    pending = shown([], RunStatus.PENDING)
    assert [path for path, _ in pending] == [
        "fetch",
        "each",
        "each.remind",
        "each.log",
        "both",
        "both.left",
        "done",
    ]
    assert {status for _, status in pending} == {"pending"}
    assert {status for _, status in shown([], RunStatus.CANCELLED)} == {"cancelled"}


def test_items_of_a_loop_stand_in_their_order() -> None:
    """Each item's steps are rows of their own, the tenth after the ninth."""
    rows = [
        a_row(path, "completed")
        for path in ("each[10].remind", "each[9].log", "each[9].remind", "fetch", "each")
    ]
    paths = [path for path, _ in shown(rows, RunStatus.RUNNING)]
    assert paths[:5] == ["fetch", "each", "each[9].remind", "each[9].log", "each[10].remind"]


def test_the_body_of_a_container_that_needed_it_no_time_is_skipped() -> None:
    """A loop over nothing leaves its inner steps skipped, not waiting for ever."""
    inner = dict(shown([a_row("each", "completed")], RunStatus.COMPLETED))
    assert inner["each.remind"] == inner["each.log"] == "skipped"


def test_a_row_tells_its_times_and_its_effect() -> None:
    """Duration is from start to end, and the ledger's key stands with the step."""
    row = a_row("fetch", "completed", output="2.90")
    (first, *_) = list_steps(OUTLINE, [row], RunStatus.RUNNING)
    assert first["durationMs"] == 250
    assert (first["startedAt"], first["name"]) == ("2026-01-15T09:30:00.000Z", "Fetch invoices")
    assert first["effect"] is first["waitingFor"] is None


def test_waiting_steps_say_what_for() -> None:
    """A step waits for a moment, a person, a child or a decision about its effect."""
    waiting = [
        ("suspended", "wait", "timer"),
        ("suspended", "approval", "approval"),
        ("suspended", "workflow", "child"),
        ("retrying", "action", "timer"),
        ("unknown", "action", "effect"),
    ]
    for status, step_type, kind in waiting:
        row = a_row("fetch", status, type=step_type, completed_at=None, due_at=NOW)
        item = list_steps(OUTLINE, [row], RunStatus.SUSPENDED)[0]
        told = item["waitingFor"]
        assert isinstance(told, dict)
        assert told["kind"] == kind


def test_a_step_that_the_definition_lost_is_still_shown() -> None:
    """A journal row whose step the definition does not have is shown, not dropped."""
    assert ("gone", "completed") in shown([a_row("gone", "completed")], RunStatus.COMPLETED)


def test_what_somebody_said_of_an_effect_shows_at_once() -> None:
    """A resolved step reads as settled, or as one to be tried again while its run goes on."""
    said = {"resolved_at": NOW, "effect_outcome": "done", "resolution": '{"output":2.90}'}
    row = a_row("charge", "unknown", error='{"code":"NETWORK"}', completed_at=None, **said)
    (item,) = [each for each in list_steps(OUTLINE, [row], RunStatus.SUSPENDED) if each["attempt"]]
    assert (item["status"], item["error"], item["waitingFor"]) == ("completed", None, None)
    not_done = row | {"effect_outcome": "refused", "resolution": '{"outcome":"not_done"}'}
    for status, expected in ((RunStatus.RUNNING, "retrying"), (RunStatus.CANCELLED, "cancelled")):
        assert ("charge", expected) in shown([not_done], status)
