"""`justpaid secrets rotate` and `retire`: the master key changes under a service that goes on."""

import base64
import errno
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from aiohttp import web
from aiohttp.test_utils import RawTestServer

from justpaid.connections.sealing import seal_secrets
from justpaid.db.encryption import KeyRing, version_of
from justpaid.db.pool import Pool
from justpaid.db.secret_rotation import begin_rotation
from justpaid.db.secrets import (
    SECRETS_FILE,
    SecretRing,
    SecretsError,
    load_secrets,
    read_secrets,
    write_secret,
)
from justpaid.ids import new_id
from justpaid.members.model import Person
from justpaid.members.totp_secrets import TotpSecrets
from justpaid.settings import Settings
from tests.api.command_line import CommandLine
from tests.api.whole_service import WholeService, whole_service

NEW = base64.b64encode(b"n" * 32).decode()


@pytest.fixture
async def settings(database_url: str, tmp_path: Path, pool: Pool) -> Settings:
    """Make the secrets of an installation, as its first start does."""
    made = Settings(database_url=database_url, data_dir=tmp_path)
    async with pool.acquire() as connection:
        await load_secrets(made, connection)
    return made


@pytest.fixture
def cli(settings: Settings) -> CommandLine:
    """Give a command line on the installation."""
    return CommandLine(
        JUSTPAID_DATABASE_URL=settings.database_url or "", JUSTPAID_DATA_DIR=str(settings.data_dir)
    )


@pytest.fixture
async def provider() -> AsyncIterator[str]:
    """Run a provider that knows one token."""

    async def answer(request: web.BaseRequest) -> web.Response:
        is_known = request.headers.get("Authorization") == "Bearer planted-token-7f3a9c"
        return web.Response(status=200 if is_known else 401)

    server = RawTestServer(answer, host="127.0.0.1")
    await server.start_server()
    yield str(server.make_url("")).rstrip("/")
    await server.close()


def done(cli: CommandLine, *words: str) -> Any:
    """Run a verb that has to succeed, and read what it printed."""
    answer = cli.run("secrets", *words, "--json")
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


async def store(pool: Pool, company_id: UUID, ring: SecretRing) -> UUID:
    """Store a connection under this ring's current master key."""
    connection_id = new_id()
    sealed = seal_secrets(KeyRing(ring), company_id, connection_id, {"token": "t"})
    await pool.execute(
        "INSERT INTO connections (id, company_id, name, provider, status, auth_type, sealed,"
        " created_by) VALUES ($1, $2, 'n', 'http', 'active', 'bearer', $3, 'test')",
        connection_id,
        company_id,
        sealed,
    )
    return connection_id


async def versions(pool: Pool) -> list[int]:
    """List the versions that connections are sealed under."""
    rows = await pool.fetch("SELECT sealed FROM connections ORDER BY id")
    return [version_of(row["sealed"]) for row in rows]


async def connect_to(service: WholeService, key: str, origin: str) -> str:
    """Make a connection through the API, prove that it works, and return its id."""
    asked = {
        "provider": "http",
        "name": f"Provider {new_id()}",
        "credentials": {"token": "planted-token-7f3a9c"},
        "allowedOrigins": [origin],
        "testUrl": f"{origin}/",
    }
    async with service.client(key) as client:
        answer = await client.post("/connections", json=asked)
        assert answer.status_code == 201, answer.text
        connection_id: str = answer.json()["data"]["id"]
    await prove(service, key, connection_id)
    return connection_id


async def prove(service: WholeService, key: str, connection_id: str) -> None:
    """Let the running service use a stored credential."""
    async with service.client(key) as client:
        answer = await client.post(f"/connections/{connection_id}/test")
    assert answer.status_code == 200, answer.text
    assert answer.json()["data"]["status"] == 200, answer.text


async def test_the_master_key_changes_under_a_running_service(
    cli: CommandLine, settings: Settings, pool: Pool, provider: str
) -> None:
    """A service started before reads what was moved, seals under the new key, and never stops."""
    data_dir = settings.data_dir
    async with whole_service(
        pool, settings.database_url or "", data_dir, outbound_allow="127.0.0.1"
    ) as service:
        key = await service.make_key(await service.make_company())
        old = await connect_to(service, key, provider)
        assert await versions(pool) == [1]
        assert done(cli, "rotate") == {
            "version": 2,
            "olderVersions": [1],
            "moved": {"connections": 1, "secondFactors": 0, "runValues": 0},
        }
        assert await versions(pool) == [2]
        await prove(service, key, old)
        await connect_to(service, key, provider)
        assert await versions(pool) == [2, 2]
        assert done(cli, "retire") == {"version": 2, "retiredVersions": [1]}
        await prove(service, key, old)
        assert done(cli, "rotate")["version"] == 3
        await prove(service, key, old)
        assert await versions(pool) == [3, 3]
    path = data_dir / SECRETS_FILE
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_text().startswith("#"), "what stood in the file besides is still there"


async def test_an_interrupted_rotation_goes_on(
    cli: CommandLine, settings: Settings, pool: Pool, company_id: UUID
) -> None:
    """Stopped after the new key was written, and after some was moved, it makes no third key."""
    old = read_secrets(settings).master_key
    await store(pool, company_id, old)
    both = begin_rotation(settings)
    await store(pool, company_id, both)
    await store(pool, company_id, old)
    again = done(cli, "rotate")
    assert (again["version"], again["moved"]["connections"]) == (2, 2)
    assert await versions(pool) == [2, 2, 2]
    again = done(cli, "rotate")
    assert (again["version"], again["moved"]["connections"]) == (2, 0)


async def test_second_factors_move_too(cli: CommandLine, settings: Settings, pool: Pool) -> None:
    """People keep their second factors through a change of the master key."""
    person = Person(new_id(), "a@acme.test", "A", "hash", None, None, 0, ())
    sealed = TotpSecrets(KeyRing(read_secrets(settings).master_key)).seal(person, "TOTPSECRET")
    await pool.execute(
        "INSERT INTO people (id, email, name, password_hash, totp_sealed)"
        " VALUES ($1, $2, $3, $4, $5)",
        person.id,
        person.email,
        person.name,
        "hash",
        sealed,
    )
    assert done(cli, "rotate")["moved"]["secondFactors"] == 1
    assert done(cli, "retire")["retiredVersions"] == [1]
    sealed = await pool.fetchval("SELECT totp_sealed FROM people WHERE id = $1", person.id)
    moved = Person(person.id, person.email, person.name, "hash", sealed, None, 0, ())
    assert TotpSecrets(KeyRing(read_secrets(settings).master_key)).unseal(moved) == "TOTPSECRET"


async def test_a_key_that_is_still_used_is_not_retired(
    cli: CommandLine, settings: Settings, pool: Pool, company_id: UUID
) -> None:
    """While a process still seals under the old key, that key stays, and the operator hears why."""
    old = read_secrets(settings).master_key
    done(cli, "rotate")
    await store(pool, company_id, old)
    refused = cli.run("secrets", "retire")
    assert refused.returncode == 1
    assert "1 values were still under an older master key" in refused.stderr
    assert await versions(pool) == [2], "they are moved all the same"
    assert [each.version for each in read_secrets(settings).master_key.all] == [2, 1]
    assert done(cli, "retire") == {"version": 2, "retiredVersions": [1]}
    assert done(cli, "retire") == {"version": 2, "retiredVersions": []}
    assert [each.version for each in read_secrets(settings).master_key.all] == [2]
    assert cli.run("secrets", "check").returncode == 0


async def test_keys_of_the_environment_are_the_operators(
    settings: Settings, pool: Pool, company_id: UUID
) -> None:
    """What no command can change is told step by step, then moved and retired like the rest."""
    old = read_secrets(settings).master_key
    written = write_secret(old.current)
    await store(pool, company_id, old)
    base = {
        "JUSTPAID_DATABASE_URL": settings.database_url or "",
        "JUSTPAID_DATA_DIR": str(settings.data_dir),
    }
    refused = CommandLine(**base, JUSTPAID_MASTER_KEY=written).run("secrets", "rotate")
    assert refused.returncode == 1
    assert "JUSTPAID_MASTER_KEY=2:… " in refused.stderr
    assert "JUSTPAID_MASTER_KEY_PREVIOUS=1:… " in refused.stderr
    assert written[2:] not in refused.stdout + refused.stderr
    both = CommandLine(**base, JUSTPAID_MASTER_KEY=f"2:{NEW}", JUSTPAID_MASTER_KEY_PREVIOUS=written)
    assert done(both, "rotate")["moved"]["connections"] == 1
    assert done(both, "retire")["retiredVersions"] == [1]
    alone = CommandLine(**base, JUSTPAID_MASTER_KEY=f"2:{NEW}")
    assert alone.run("secrets", "check").returncode == 0
    assert read_secrets(settings).master_key.current.version == 1, "the file is not touched"


def test_a_file_that_cannot_be_replaced_is_said_and_left_alone(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A secrets file that is mounted by itself stays as it is, and no half of a new one is left."""

    def refuse(*_: object) -> None:
        raise OSError(errno.EBUSY, "Device or resource busy")

    path = settings.data_dir / SECRETS_FILE
    before = path.read_text()
    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(SecretsError, match="cannot be changed: Device or resource busy"):
        begin_rotation(settings)
    assert path.read_text() == before
    assert [each.name for each in settings.data_dir.iterdir()] == [SECRETS_FILE]
