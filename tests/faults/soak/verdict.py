"""What must hold after a soak, judged from the journal, the provider's book and the customers."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from justpaid.db.pool import Connection, Row
from justpaid.ids import Prefix, encode_id
from tests.faults.soak.customers import ENDED, Order
from tests.faults.soak.provider import BUSY, Arrival, Provider
from tests.faults.soak.provider import Place as EffectPlace

# Clocks of one machine: what a worker read before it wrote, and the book when it was asked.
_SLACK_SECONDS = 0.5

_RUNS = """
SELECT id, parent_run_id, parent_path, status, error ->> 'code' AS error_code, idempotency_key,
  input ->> 'ref' AS ref FROM runs
"""
_EFFECTS = """
SELECT e.origin_run_id, e.run_id, e.path, e.generation, e.class, e.key, e.outcome, e.resolved_at,
  r.status AS run_status, r.input ->> 'ref' AS ref, s.status AS step_status
FROM effects e JOIN runs r ON r.id = e.run_id
LEFT JOIN LATERAL (SELECT status FROM steps WHERE run_id = e.run_id AND path = e.path
  ORDER BY attempt DESC LIMIT 1) s ON true
"""
_COMPLETED = """
SELECT r.origin_run_id, s.path, min(s.completed_at) AS at
FROM steps s JOIN runs r ON r.id = s.run_id
WHERE s.type = 'action' AND s.status = 'completed' GROUP BY 1, 2
"""
_OPEN_APPROVALS = """
SELECT r.id FROM approvals a JOIN runs r ON r.id = a.run_id
WHERE a.status = 'open' AND r.completed_at IS NOT NULL
"""
# The database itself watches: a change of an ended run may be gone again before anybody looks.
_WATCH = """
CREATE TABLE rewritten(run_id uuid, before text, after text);
CREATE FUNCTION note_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO rewritten VALUES(old.id, old.status || ' at ' || old.completed_at,
    new.status || ' at ' || coalesce(new.completed_at::text, 'no time'));
  RETURN new; END $$;
CREATE TRIGGER note_rewriting BEFORE UPDATE ON runs FOR EACH ROW
  WHEN (old.completed_at IS NOT NULL) EXECUTE FUNCTION note_rewriting();
"""
_REWRITTEN = "SELECT run_id, before, after FROM rewritten"


@dataclass(frozen=True)
class Journal:
    """What the database says when all is over."""

    runs: Sequence[Row]
    effects: Sequence[Row]
    completed: Sequence[Row]
    open_approvals: Sequence[Row]
    rewritten: Sequence[Row]


async def watch_ends(connection: Connection) -> None:
    """Have the database note every change of a run that has ended."""
    await connection.execute(_WATCH)


async def read_journal(connection: Connection) -> Journal:
    """Read everything that is judged."""
    return Journal(
        await connection.fetch(_RUNS),
        await connection.fetch(_EFFECTS),
        await connection.fetch(_COMPLETED),
        await connection.fetch(_OPEN_APPROVALS),
        await connection.fetch(_REWRITTEN),
    )


@dataclass
class Verdict:
    """What was found, by guarantee; each is kept when nothing stands under it."""

    broken: dict[str, list[str]] = field(default_factory=lambda: {name: [] for name in GUARANTEES})

    @property
    def holds(self) -> bool:
        """Whether nothing was found."""
        return not any(self.broken.values())

    def note(self, guarantee: str, found: str) -> None:
        """Write down one breach."""
        self.broken[guarantee].append(found)


GUARANTEES = {
    "lost": "a start that was answered 200 or 202 is there, once",
    "stuck": "every run has ended",
    "wrong": "every run ended as its definition says, with the right output",
    "rewritten": "a run that had ended never changed",
    "doubled": "no effect was carried out twice",
    "keys": "one key and one request for a generation of an effect, written down before it is sent",
    "silent": "no unsafe effect was repeated without proof or a person's word",
    "late": "nothing was sent after its completion was recorded",
    "ledger": "the ledger agrees with the provider's book",
    "children": "children and approvals agree with their runs",
}


def judge(journal: Journal, provider: Provider, orders: Sequence[Order]) -> Verdict:
    """Hold everything against everything; pure."""
    verdict = Verdict()
    _judge_runs(verdict, journal, orders)
    _judge_orders(verdict, orders)
    _judge_ends(verdict, journal)
    _judge_acts(verdict, provider)
    _judge_sendings(verdict, journal, provider)
    _judge_unsafe(verdict, journal, provider)
    _judge_ledger(verdict, journal, provider)
    _judge_families(verdict, journal)
    return verdict


def _judge_runs(verdict: Verdict, journal: Journal, orders: Sequence[Order]) -> None:
    known = {encode_id(Prefix.RUN, row["id"]) for row in journal.runs}
    keys = Counter(row["idempotency_key"] for row in journal.runs if row["idempotency_key"])
    for order in orders:
        for run_id in order.run_ids:
            if run_id not in known:
                verdict.note("lost", f"{order.ref}: {run_id} is not there")
        if order.run_ids and keys[order.ref] != 1:
            verdict.note("lost", f"{order.ref}: {keys[order.ref]} runs have its key")
    for row in journal.runs:
        if row["status"] not in ENDED:
            verdict.note("stuck", f"{row['ref']}: {row['id']} is {row['status']}")


def _judge_orders(verdict: Verdict, orders: Sequence[Order]) -> None:
    for order in orders:
        for problem in order.problems:
            verdict.note("wrong", f"{order.ref} ({order.shape.name}): {problem}")
        record = order.record
        if record is None:
            continue  # stuck, and said so
        may_be_cancelled = order.shape.name.startswith("cancelled")
        is_right = record["status"] == "completed" and record["output"] in order.shape.outputs(
            order.given
        )
        if order.was_cancelled:
            is_right = record["status"] == "cancelled"
        elif may_be_cancelled and record["status"] == "cancelled":
            is_right = True  # the answer to the cancel was lost
        if not is_right:
            found = f"{record['status']}, {record['output']}, {record['error']}"
            verdict.note("wrong", f"{order.ref} ({order.shape.name}): {found}")


def _judge_ends(verdict: Verdict, journal: Journal) -> None:
    for row in journal.rewritten:
        verdict.note("rewritten", f"{row['run_id']}: {row['before']} became {row['after']}")


def _judge_acts(verdict: Verdict, provider: Provider) -> None:
    for place, times in provider.acts.items():
        if times > 1:
            story = "; ".join(str(arrival) for arrival in provider.arrivals()[place])
            verdict.note("doubled", f"{place} was done {times} times: {story}")


def _judge_sendings(verdict: Verdict, journal: Journal, provider: Provider) -> None:
    rows = {row["key"]: row for row in journal.effects}
    done_at = {(row["origin_run_id"], row["path"]): row["at"] for row in journal.completed}
    bodies: dict[str, set[str]] = defaultdict(set)
    for place, arrivals in provider.arrivals().items():
        effects: set[tuple[UUID, str]] = set()
        for arrival in arrivals:
            row = _row_of(arrival, rows, journal)
            if row is None:
                verdict.note("keys", f"{place} was sent and is not in the ledger")
                continue
            effects.add((row["origin_run_id"], row["path"]))
            if arrival.key is not None:
                bodies[arrival.key].add(arrival.body)
            completed_at = done_at.get((row["origin_run_id"], row["path"]))
            if completed_at is not None and arrival.at > completed_at.timestamp() + _SLACK_SECONDS:
                verdict.note("late", f"{place} was sent after it had been completed")
        if len(effects) > 1:
            verdict.note("keys", f"{place} was sent for {len(effects)} effects")
    for key, found in bodies.items():
        if len(found) > 1:
            verdict.note("keys", f"{rows[key]['ref']}: {len(found)} requests with one key")


def _row_of(arrival: Arrival, rows: dict[str, Row], journal: Journal) -> Row | None:
    if arrival.key is not None:
        return rows.get(arrival.key)
    return next(_generations(arrival.place, journal), None)


def _generations(place: EffectPlace, journal: Journal) -> Iterator[Row]:
    for row in journal.effects:
        if row["class"] == "unsafe" and (row["ref"], row["path"]) == place:
            yield row


def _judge_unsafe(verdict: Verdict, journal: Journal, provider: Provider) -> None:
    for place, arrivals in provider.arrivals().items():
        if arrivals[0].key is not None:
            continue
        unproven = sum(arrival.status != BUSY for arrival in arrivals[:-1])
        said = sum(
            row["resolved_at"] is not None and row["outcome"] == "refused"
            for row in _generations(place, journal)
        )
        if unproven > said:
            verdict.note(
                "silent", f"{place}: {unproven} repeats, {said} of them by a person's word"
            )


def _judge_ledger(verdict: Verdict, journal: Journal, provider: Provider) -> None:
    by_key = {
        arrival.key: place
        for place, arrivals in provider.arrivals().items()
        for arrival in arrivals
        if arrival.key is not None
    }
    closed: set[EffectPlace] = set()
    for row in journal.effects:
        place = (
            by_key.get(row["key"]) if row["class"] == "idempotent" else (row["ref"], row["path"])
        )
        where = f"{row['ref']} {row['path']} generation {row['generation']}"
        is_done = row["outcome"] == "done"
        if is_done and (place is None or not provider.acts[place]):
            verdict.note("ledger", f"{where} is done, the book says no")
        is_open = row["outcome"] in {None, "unknown"}
        was_let_go = row["run_status"] != "completed" or row["step_status"] == "cancelled"
        if is_open and not was_let_go:
            verdict.note("ledger", f"{where} is {row['outcome']} in a completed run")
        if place is not None and (is_done or (is_open and was_let_go)):
            closed.add(place)
    for place, times in provider.acts.items():
        if times and place not in closed:
            verdict.note("ledger", f"{place} was done, the ledger says no")


def _judge_families(verdict: Verdict, journal: Journal) -> None:
    by_id = {row["id"]: row for row in journal.runs}
    children: Counter[tuple[UUID, str]] = Counter()
    for row in journal.runs:
        if row["parent_run_id"] is None:
            continue
        parent = by_id.get(row["parent_run_id"])
        if parent is None:
            verdict.note("children", f"{row['ref']} has no parent")
            continue
        children[parent["id"], row["parent_path"]] += 1
        if parent["status"] == "completed" and row["status"] != "completed":
            verdict.note("children", f"{row['ref']} is {row['status']}, its parent completed")
    for (parent_id, path), times in children.items():
        if times > 1:
            verdict.note("children", f"{times} children of {parent_id} at {path}")
    for row in journal.open_approvals:
        verdict.note("children", f"an approval of {row['id']}, which has ended, is open")
