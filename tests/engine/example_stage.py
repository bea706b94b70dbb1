"""Runs of the example workflows, against stand-ins for what they call."""

from pathlib import Path
from typing import Any, Final
from uuid import UUID

from justpaid import exact_json
from justpaid.db.pool import Row
from justpaid.engine import journal
from justpaid.engine.sealed import seal_input
from justpaid.exact_json import JsonObject
from justpaid.steps.catalogue import STEP_TYPES
from justpaid.workflows.program import compile_definition
from justpaid.workflows.write_only import find_secret_places
from tests.engine.stage import Stage
from tests.stub_providers import StubProviders

EXAMPLES: Final = Path(__file__).parents[2] / "examples"
SERVICES: Final = ("billing", "chat", "mail", "contracts", "ledger", "bank")

_DECIDE: Final = """
UPDATE approvals SET status = $2, decided_by = $3, decided_at = now(), comment = $4
WHERE run_id = $1 AND status = 'open'
"""


def read_example(name: str) -> JsonObject:
    """Read an example's definition."""
    definition = exact_json.parse((EXAMPLES / f"{name}.json").read_bytes())
    assert isinstance(definition, dict)
    return definition


def take(providers: StubProviders, name: str, value: Any) -> JsonObject:
    """Return an input that an example's schema accepts, with the stand-ins' addresses."""
    schema = compile_definition(read_example(name), STEP_TYPES).input_schema
    whole = {f"{service}Url": providers.base(service) for service in SERVICES} | value
    assert schema is not None
    assert schema.problems(whole) == []
    return whole


async def store(stage: Stage, name: str, **changed: Any) -> UUID:
    """Store an example as an active workflow, with some fields changed."""
    return await stage.define(**{**read_example(name), **changed})  # pyright: ignore[reportArgumentType]  an example has `steps`


async def begin(stage: Stage, providers: StubProviders, name: str, value: Any) -> UUID:
    """Store an example and start a run of it, as the room of runs does."""
    whole = take(providers, name, value)
    places = find_secret_places(read_example(name)["inputSchema"])
    run = seal_input(stage.keys, stage.new_run(await store(stage, name)), places, whole)
    async with stage.pool.acquire() as connection:
        assert await journal.accept_runs(connection, [run]) == [None]
    return run.id


async def play(stage: Stage, providers: StubProviders, name: str, value: Any) -> Row:
    """Run an example to its end."""
    run_id = await begin(stage, providers, name, value)
    async with stage.worker():
        return await stage.ended(run_id)


async def decide(stage: Stage, run_id: UUID, status: str, comment: str | None = None) -> None:
    """Decide what a run has asked, as the room of approvals does once it is decided."""
    async with stage.pool.acquire() as connection, connection.transaction():
        await connection.execute(_DECIDE, run_id, status, "mem_controller", comment)
        await journal.wake_run(connection, stage.company_id, run_id)
