"""The judge of a soak: each breach that it is there for is found, and told under its guarantee."""

import subprocess
import sys
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from justpaid.ids import Prefix, encode_id, new_id
from tests.faults.processes import ROOT
from tests.faults.soak.customers import Order
from tests.faults.soak.provider import BUSY, Arrival, Provider
from tests.faults.soak.shapes import child, new_input
from tests.faults.soak.verdict import GUARANTEES, Journal, judge

_SENT_AT = datetime(2026, 1, 1, tzinfo=UTC)
_REF = "order-1"
_KEYED = (_REF, "a")
_UNSAFE = (_REF, "b")


class World:
    """One run with a keyed effect and an unsafe one, of which everything is right."""

    def __init__(self) -> None:
        self.run_id = new_id()
        self.run = self._run(self.run_id)
        self.runs: list[dict[str, Any]] = [self.run]
        self.keyed = self._effect("a", "idempotent", "key-a")
        self.unsafe = self._effect("b", "unsafe", "key-b")
        self.rewritten: list[dict[str, Any]] = []
        self.open_approvals: list[dict[str, Any]] = []
        self.provider = Provider(1)
        self.provider.book = [
            Arrival(_SENT_AT.timestamp(), "key-a", _KEYED, "{}", acted=True, status=200),
            Arrival(_SENT_AT.timestamp(), None, _UNSAFE, "{}", acted=True, status=200),
        ]
        self.provider.acts.update([_KEYED, _UNSAFE])
        given = new_input(_REF, 100, approve=True)
        self.order = Order(child(""), given, [encode_id(Prefix.RUN, self.run_id)])
        output = self.order.shape.outputs(given)[0]
        self.order.record = {"status": "completed", "output": output, "error": None}

    def _run(self, run_id: UUID, parent_id: UUID | None = None) -> dict[str, Any]:
        return {
            "id": run_id,
            "parent_run_id": parent_id,
            "parent_path": None if parent_id is None else "child",
            "status": "completed",
            "error_code": None,
            "idempotency_key": _REF if parent_id is None else None,
            "ref": _REF,
        }

    def _effect(self, path: str, effect_class: str, key: str) -> dict[str, Any]:
        return {
            "origin_run_id": self.run_id,
            "run_id": self.run_id,
            "path": path,
            "generation": 1,
            "class": effect_class,
            "key": key,
            "outcome": "done",
            "resolved_at": None,
            "run_status": "completed",
            "step_status": "completed",
            "ref": _REF,
        }

    def add_child(self) -> dict[str, Any]:
        """Give the run a child."""
        self.runs.append(self._run(new_id(), self.run_id))
        return self.runs[-1]

    def repeat(self, arrival: int, **changed: Any) -> None:
        """Let a request arrive once more, a little changed."""
        first = self.provider.book[arrival]
        fields = {name: getattr(first, name) for name in ("at", "key", "place", "body", "status")}
        self.provider.book.append(Arrival(**(fields | changed)))

    def broken(self) -> set[str]:
        """Judge, and return the guarantees under which something stands."""
        completed: list[Any] = [
            {"origin_run_id": self.run_id, "path": path, "at": _SENT_AT} for path in ("a", "b")
        ]
        effects: list[Any] = [self.keyed, self.unsafe]
        runs: list[Any] = self.runs
        approvals: list[Any] = self.open_approvals
        rewritten: list[Any] = self.rewritten
        journal = Journal(runs, effects, completed, approvals, rewritten)
        found = judge(journal, self.provider, [self.order]).broken
        assert set(found) == set(GUARANTEES)
        return {name for name, notes in found.items() if notes}


def test_a_good_end_is_not_blamed() -> None:
    """What went as it should, repeats with the same key and proven ones included, is no breach."""
    world = World()
    assert world.broken() == set()
    world.repeat(0)
    world.provider.book[1].status = BUSY
    world.repeat(1, status=200)
    world.add_child()
    assert world.broken() == set()


def _lose(world: World) -> None:
    world.order.run_ids.append(encode_id(Prefix.RUN, new_id()))


def _start_twice(world: World) -> None:
    world.runs.append({**world.run, "id": new_id()})


def _stick(world: World) -> None:
    world.run["status"] = "suspended"


def _answer_wrongly(world: World) -> None:
    world.order.record = {"status": "completed", "output": {"b": 0}, "error": None}


def _ignore_a_cancel(world: World) -> None:
    world.order.was_cancelled = True


def _rewrite(world: World) -> None:
    world.rewritten.append({"run_id": world.run_id, "before": "completed", "after": "failed"})


def _double(world: World) -> None:
    world.provider.acts[_KEYED] += 1


def _send_with_another_key(world: World) -> None:
    world.repeat(0, key="key-c")


def _send_another_request(world: World) -> None:
    world.repeat(0, body="{1}")


def _repeat_silently(world: World) -> None:
    world.repeat(1)


def _send_late(world: World) -> None:
    world.repeat(0, at=_SENT_AT.timestamp() + 5)


def _forget_in_the_ledger(world: World) -> None:
    world.keyed["outcome"] = None


def _claim_in_the_ledger(world: World) -> None:
    del world.provider.acts[_UNSAFE]


def _fail_a_child(world: World) -> None:
    world.add_child()["status"] = "failed"


def _have_twins(world: World) -> None:
    world.add_child()
    world.add_child()


def _leave_a_question(world: World) -> None:
    world.open_approvals.append({"id": world.run_id})


@pytest.mark.parametrize(
    ("harm", "guarantee"),
    [
        (_lose, "lost"),
        (_start_twice, "lost"),
        (_stick, "stuck"),
        (_answer_wrongly, "wrong"),
        (_ignore_a_cancel, "wrong"),
        (_rewrite, "rewritten"),
        (_double, "doubled"),
        (_send_with_another_key, "keys"),
        (_send_another_request, "keys"),
        (_repeat_silently, "silent"),
        (_send_late, "late"),
        (_forget_in_the_ledger, "ledger"),
        (_claim_in_the_ledger, "ledger"),
        (_fail_a_child, "children"),
        (_have_twins, "children"),
        (_leave_a_question, "children"),
    ],
)
def test_each_breach_is_found(harm: Any, guarantee: str) -> None:
    """A soak that cannot fail proves nothing: one thing wrong, and its guarantee is broken."""
    world = World()
    harm(world)
    assert guarantee in world.broken()


def test_the_mutants_still_fit_the_engine() -> None:
    """A mutant whose words the engine no longer says would take nothing out."""
    program = "from tests.faults.soak.mutants import MUTANTS\n[m.apply() for m in MUTANTS.values()]"
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, timeout=60)
