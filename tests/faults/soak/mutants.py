"""Engines with one guarantee taken out: a soak that does not notice them proves nothing."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from justpaid.engine import journal, retry
from justpaid.engine.dispatcher import WorkerLanes
from justpaid.engine.model import Entry, StepStatus


@dataclass(frozen=True)
class Mutant:
    """What is taken out, and how."""

    what: str
    apply: Callable[[], None]


def _change(statement: str, *pairs: tuple[str, str]) -> None:
    text: str = getattr(journal, statement)
    for old, new in pairs:
        assert old in text, f"{statement} no longer says {old!r}"
        text = text.replace(old, new)
    setattr(journal, statement, text)


def _forget_the_fence() -> None:
    """Let a worker write what it no longer owns: everything joins on the run alone."""
    lock = ("ELSE r.fence = i.fence AND r.status = 'running' END", "ELSE true END")
    rows = ("l.id = s.run_id AND l.fence = s.fence", "l.id = s.run_id")
    ledger = ("l.id = e.run_id AND l.fence = e.fence", "l.id = e.run_id")
    _change("_RECORD", lock, rows, ledger)
    for name in ("_FINISH", "_FINISH_CHILDREN"):
        _change(name, lock, rows, ledger, ("r.id = f.id AND r.fence = f.fence", "r.id = f.id"))
    _change("_SUSPEND", lock, rows, ledger, ("r.id = f.id AND r.fence = f.fence", "r.id = f.id"))


def _write_the_intent_late() -> None:
    """Write an effect down together with its answer: a death in between leaves no trace."""
    record = WorkerLanes.record

    async def without_intents(self: WorkerLanes, entry: Entry) -> bool:
        known = [effect for effect in entry.effects if effect.outcome is not None]
        steps = [step for step in entry.steps if step.status is not StepStatus.RUNNING]
        return await record(self, replace(entry, effects=known, steps=steps))

    WorkerLanes.record = without_intents


def _ignore_wakes() -> None:
    """Suspend whatever was told since the claim: a wake-up that came early is lost."""
    _change("_SUSPEND", ("r.wakes = f.wakes", "true"))


def _repeat_anything() -> None:
    """Send an effect again when its outcome was never recorded, also an unsafe one."""
    retry.may_send_again = lambda *_: None


MUTANTS = {
    "no-fence": Mutant("late workers write", _forget_the_fence),
    "late-intent": Mutant("intents are written with their answers", _write_the_intent_late),
    "no-wakes": Mutant("early wake-ups are lost", _ignore_wakes),
    "repeats": Mutant("unsafe effects are repeated", _repeat_anything),
}
