"""Connections of running steps: the credential joins at the wire, and stays nowhere else."""

from typing import Any
from uuid import UUID

from justpaid.connections.sealing import seal_secrets
from justpaid.ids import Prefix, encode_id, new_id
from tests.engine.stage import Stage, stored

TOKEN = "planted-secret-4711"


async def _connect(stage: Stage, *origins: str, company_id: UUID | None = None) -> UUID:
    identity, company_id = new_id(), company_id or stage.company_id
    await stage.pool.execute(
        "INSERT INTO connections(id,company_id,name,provider,status,auth_type,allowed_origins,"
        "sealed,created_by) VALUES($1,$2,'Acme','http','active','bearer',$3,$4,'test')",
        identity,
        company_id,
        list(origins),
        seal_secrets(stage.keys, company_id, identity, {"token": TOKEN}),
    )
    return identity


async def _everything(stage: Stage) -> str:
    tables = ("runs", "steps", "effects", "run_logs")
    rows = [await stage.pool.fetch(f"SELECT t::text FROM {table} t") for table in tables]
    requests = await stage.pool.fetch("SELECT convert_from(request,'UTF8') FROM effects")
    return "\n".join(str(row[0]) for table in (*rows, requests) for row in table)


def _named(stage: Stage, connection_id: UUID, **config: Any) -> dict[str, Any]:
    return stage.action("/a", connectionId=encode_id(Prefix.CONNECTION, connection_id), **config)


async def test_a_credential_is_sent_and_never_stored(stage: Stage) -> None:
    """The receiver gets the credential; no row holds it, even where the answer echoes it."""
    connection_id = await _connect(stage, stage.stub.url)
    stage.stub.answers["/a"] = f'{{"echo": "Bearer {TOKEN}", "id": 7}}'
    row = await stage.run([_named(stage, connection_id, method="POST", json={"n": 1})])
    assert row["status"] == "completed"
    assert stage.stub.calls[0].headers["Authorization"] == f"Bearer {TOKEN}"
    assert stored(row["output"])["body"]["id"] == 7
    assert TOKEN not in await _everything(stage)


async def test_an_error_that_echoes_the_credential_is_masked(stage: Stage) -> None:
    """A failure's record is masked like an output."""
    connection_id = await _connect(stage, stage.stub.url)
    stage.stub.script["/a"] = [400]
    stage.stub.answers["/a"] = f'{{"message": "bad token {TOKEN}"}}'
    row = await stage.run([_named(stage, connection_id)])
    assert row["status"] == "failed"
    assert TOKEN not in await _everything(stage)


async def test_a_credential_goes_to_listed_origins_only(stage: Stage) -> None:
    """A connection that does not list the address fails the step before anything is sent."""
    connection_id = await _connect(stage, "https://elsewhere.test")
    row = await stage.run([_named(stage, connection_id)])
    assert stored(row["error"])["code"] == "CONNECTION"
    assert stage.stub.calls == []


async def test_another_companys_connection_does_not_exist(stage: Stage) -> None:
    """A step cannot name a connection of another company."""
    other = new_id()
    await stage.pool.execute("INSERT INTO companies (id, name) VALUES ($1, 'Other')", other)
    connection_id = await _connect(stage, stage.stub.url, company_id=other)
    row = await stage.run([_named(stage, connection_id)])
    assert stored(row["error"])["code"] == "CONNECTION"
    assert stage.stub.calls == []


async def test_the_runs_connection_is_the_default(stage: Stage) -> None:
    """A run started with a connectionId uses it where the step names none."""
    await _connect(stage, stage.stub.url)
    connection_id = await _connect(stage, stage.stub.url)
    workflow_id = await stage.define([stage.action("/a")])
    run_id = await stage.start(workflow_id, connection_id=connection_id)
    async with stage.worker():
        await stage.ended(run_id)
    (effect,) = await stage.effects(run_id)
    assert effect["connection_id"] == connection_id
    assert "Authorization" in stage.stub.calls[0].headers


async def test_two_connections_and_no_choice_send_no_credential(stage: Stage) -> None:
    """Where nothing says which of several connections is meant, http goes without."""
    await _connect(stage, stage.stub.url)
    await _connect(stage, stage.stub.url)
    row = await stage.run([stage.action("/a")])
    assert row["status"] == "completed"
    assert "Authorization" not in stage.stub.calls[0].headers


async def test_environment_values_can_be_read(stage: Stage) -> None:
    """A company's environment values reach its templates, and another company's do not."""
    other = new_id()
    await stage.pool.execute("INSERT INTO companies (id, name) VALUES ($1, 'Other')", other)
    for company_id, value in ((stage.company_id, "eu"), (other, "us")):
        await stage.pool.execute(
            "INSERT INTO environment_values(company_id,name,value,updated_by)"
            " VALUES($1,'REGION',$2,'test')",
            company_id,
            value,
        )
    row = await stage.run([stage.action("/a", method="POST", json={"region": "{{env.REGION}}"})])
    assert row["status"] == "completed"
    assert stage.stub.calls[0].body == '{"region":"eu"}'
