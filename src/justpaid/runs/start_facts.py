"""What is to be known before a run starts, asked for many starts at once.

Guarantee: what is remembered of a workflow's state and version is never more than an assumption,
which the accept of a run tests again: an activate, a pause or an archive holds for every start that
follows its answer. What a version demands never changes once the version can run.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final, TypeVar
from uuid import UUID

from justpaid import exact_json
from justpaid.db.pool import Connection, Pool
from justpaid.engine.lanes import Connect, Lane
from justpaid.exact_json import JsonValue
from justpaid.runs import repository
from justpaid.runs.model import KEY_MEMORY_DAYS
from justpaid.workflows.user_schema import UserSchema, compile_user_schema
from justpaid.workflows.write_only import SecretPlace, find_secret_places

ACTIVE: Final = "active"

Key = TypeVar("Key")
Value = TypeVar("Value")

_MOST_REMEMBERED: Final = 2_000
_GIVE_UP_AFTER_SECONDS: Final = 10.0

# The LIMITs and CASEs keep each look-up on its key, whatever a plan made on empty tables would
# prefer.
_FACTS: Final = f"""
SELECT w.status, w.version, r.id AS run_id, r.version AS run_version, r.idempotency_hash,
  r.created_at < now() - interval '{KEY_MEMORY_DAYS} days' AS is_forgotten,
  c.id IS NOT NULL AS has_connection
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[]) WITH ORDINALITY
  AS q(company_id, workflow_id, idempotency_key, connection_id, place)
LEFT JOIN LATERAL (
  SELECT id, status, version FROM workflows
  WHERE id = q.workflow_id AND CASE WHEN company_id = q.company_id THEN true END LIMIT 1) w ON true
LEFT JOIN LATERAL (
  SELECT id, version, idempotency_hash, created_at FROM runs
  WHERE workflow_id = w.id AND idempotency_key = q.idempotency_key LIMIT 1) r ON true
LEFT JOIN LATERAL (
  SELECT id FROM connections
  WHERE id = q.connection_id AND CASE WHEN company_id = q.company_id THEN true END LIMIT 1
) c ON true
ORDER BY q.place
"""


@dataclass(frozen=True, slots=True)
class StartQuestion:
    """Which workflow is to be started, and what else the call names."""

    company_id: UUID
    workflow_id: UUID
    idempotency_key: str | None
    connection_id: UUID | None


@dataclass(frozen=True, slots=True)
class FirstRun:
    """The run that an idempotencyKey names; `is_forgotten` once the key's time is over."""

    run_id: UUID
    version: int
    idempotency_hash: bytes
    is_forgotten: bool


@dataclass(frozen=True, slots=True)
class StartFacts:
    """How the workflow stands now."""

    status: str
    version: int
    first_run: FirstRun | None = None
    has_connection: bool = False


@dataclass(frozen=True, slots=True)
class VersionDemands:
    """What a version asks of a start."""

    input_schema: UserSchema | None
    max_concurrent_runs: int | None
    secret_places: tuple[SecretPlace, ...] = ()


class StartFactsReader:
    """Reads facts for all starts of this process, and remembers what versions demand."""

    def __init__(self, connect: Connect, pool: Pool) -> None:
        self._lane: Lane[StartQuestion, StartFacts | None] = Lane(
            connect, _find_facts, give_up_after_seconds=_GIVE_UP_AFTER_SECONDS
        )
        self._pool = pool
        self._demands: dict[tuple[UUID, int], VersionDemands] = {}
        self._active: dict[tuple[UUID, UUID], StartFacts] = {}

    async def open(self) -> None:
        """Connect ahead of the first start."""
        await self._lane.open()

    async def close(self) -> None:
        """Give the connection back."""
        await self._lane.close()

    async def find(self, question: StartQuestion) -> StartFacts | None:
        """Return how a workflow stands now; None when the company has no such workflow."""
        facts = await self._lane.submit(question)
        place = (question.company_id, question.workflow_id)
        if facts is None or facts.status != ACTIVE:
            self._active.pop(place, None)
        elif place not in self._active or self._active[place].version != facts.version:
            _remember(self._active, place, StartFacts(ACTIVE, facts.version))
        return facts

    def recall(self, question: StartQuestion) -> StartFacts | None:
        """Return how a workflow stood when it was last asked about, if it was active then.

        Only for a run that is accepted `if_active`. What else a call names is always asked.
        """
        if question.idempotency_key is not None or question.connection_id is not None:
            return None
        return self._active.get((question.company_id, question.workflow_id))

    async def get_demands(
        self,
        company_id: UUID,
        workflow_id: UUID,
        facts: StartFacts,
        connection: "Connection | None" = None,
    ) -> VersionDemands:
        """Return what the workflow's present version asks of a start.

        Who holds a connection passes it on: waiting for a second one could wait for ever.
        """
        known = self._demands.get((workflow_id, facts.version))
        if known is not None:
            return known
        async with _borrowed(self._pool, connection) as reading:
            schema, limit = await repository.get_start_demands(
                reading, company_id, workflow_id, facts.version
            )
        demands = _demands(None if schema is None else exact_json.stored(schema), limit)
        if facts.status != "draft":  # a draft's only version changes in place
            _remember(self._demands, (workflow_id, facts.version), demands)
        return demands

    async def forget_key(
        self, company_id: UUID, first: FirstRun, connection: "Connection | None" = None
    ) -> None:
        """Free the idempotencyKey of a run whose time is over, for the next run to take."""
        async with _borrowed(self._pool, connection) as writing:
            await repository.forget_idempotency_key(writing, company_id, first.run_id)


def _remember(memory: dict[Key, Value], key: Key, value: Value) -> None:
    if len(memory) >= _MOST_REMEMBERED:
        del memory[next(iter(memory))]
    memory[key] = value


@asynccontextmanager
async def _borrowed(pool: Pool, connection: "Connection | None") -> AsyncGenerator[Connection]:
    if connection is not None:
        yield connection
        return
    async with pool.acquire() as own:
        yield own


def _demands(schema: JsonValue, limit: int | None) -> VersionDemands:
    if schema is None:
        return VersionDemands(None, limit)
    compiled = compile_user_schema(schema, "inputSchema", [])
    return VersionDemands(compiled, limit, find_secret_places(schema))


async def _find_facts(
    connection: Connection, questions: Sequence[StartQuestion]
) -> list[StartFacts | None]:
    rows = await connection.fetch(
        _FACTS,
        [question.company_id for question in questions],
        [question.workflow_id for question in questions],
        [question.idempotency_key for question in questions],
        [question.connection_id for question in questions],
    )
    return [
        None
        if row["status"] is None
        else StartFacts(
            row["status"],
            row["version"],
            None
            if row["run_id"] is None
            else FirstRun(
                row["run_id"], row["run_version"], row["idempotency_hash"], row["is_forgotten"]
            ),
            row["has_connection"],
        )
        for row in rows
    ]
