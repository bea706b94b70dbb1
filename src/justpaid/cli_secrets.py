"""The verbs `justpaid secrets …`: proving the secrets, and changing the master key."""

from typing import Final

import typer

from justpaid.cli_frame import (
    AsJson,
    DataDir,
    Workplace,
    examples,
    exit_codes,
    on_database,
    print_json,
    print_table,
    say,
)
from justpaid.connections.sealing import reseal_all as reseal_connections
from justpaid.db import secret_rotation
from justpaid.db.encryption import KeyRing
from justpaid.db.pool import open_pool
from justpaid.db.secrets import SecretRing, Secrets, load_secrets, secrets_path, variable_of
from justpaid.engine.sealed_journal import reseal_all as reseal_run_values
from justpaid.errors import InvalidState
from justpaid.exact_json import JsonObject, JsonValue
from justpaid.members.totp_secrets import reseal_all as reseal_second_factors
from justpaid.settings import Settings, load_settings

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

_VARIABLE: Final = variable_of(secret_rotation.MASTER_KEY)
_SET_IT: Final = (
    f"{_VARIABLE} is set in the environment, where no command can change it. Set, for every process"
    f" and for this command, {_VARIABLE}=%d:… to what `openssl rand -base64 32` prints and"
    f" {_VARIABLE}_PREVIOUS=%d:… to what {_VARIABLE} is now; restart the processes; then run this"
    " again."
)
_STILL_USED: Final = (
    "%d values were still under an older master key, and have been moved. If the rotation had been"
    " finished before, a process seals under the old key: restart every process. Run this again."
)


@app.callback()
def root() -> None:
    """Look after the secrets outside the database: pepper, master key, audit key."""


@app.command(epilog=examples("justpaid secrets check", "justpaid secrets check --json"))
def check(*, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Prove that the secrets are this database's, and say where each is read from; show none."""

    async def act(workplace: Workplace) -> Secrets:
        return workplace.secrets

    with exit_codes():
        settings = load_settings({"data_dir": data_dir})
        secrets = on_database(data_dir, act)
    rings = (secrets.pepper, secrets.master_key, secrets.audit_key)
    shapes = [_shape(ring, settings) for ring in rings]
    if as_json:
        print_json([*shapes])
        return
    rows = [
        (
            variable_of(ring.name),
            str(ring.current.version),
            ",".join(str(each.version) for each in ring.older) or "-",
            _source(ring, settings),
        )
        for ring in rings
    ]
    print_table(("SECRET", "VERSION", "OLDER", "READ FROM"), rows)


@app.command(epilog=examples("justpaid secrets rotate", "justpaid secrets rotate --json"))
def rotate(*, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Move everything stored to a new master key, while the service runs or stands still.

    Puts a new key in front of the old one in the secrets file, unless a rotation is under way, and
    moves what is stored. Interrupted or repeated, it goes on where it stopped.
    """
    settings = load_settings({"data_dir": data_dir})

    async def act(workplace: Workplace) -> tuple[SecretRing, dict[str, int]]:
        async with secret_rotation.one_at_a_time(workplace.connection):
            ring = (await load_secrets(settings, workplace.connection)).master_key
            if not ring.older:
                if secret_rotation.is_in_environment(settings):
                    version = ring.current.version
                    raise InvalidState(_SET_IT % (version + 1, version))
                secret_rotation.begin_rotation(settings)
                ring = (await load_secrets(settings, workplace.connection)).master_key
            return ring, await _move(workplace, ring)

    with exit_codes():
        ring, moved = on_database(data_dir, act)
    older: list[JsonValue] = [each.version for each in ring.older]
    if as_json:
        print_json({"version": ring.current.version, "olderVersions": older, "moved": {**moved}})
        return
    told = ", ".join(f"{name} {count}" for name, count in moved.items())
    print_table(
        ("MASTER KEY", "OLDER", "MOVED TO IT"), [(str(ring.current.version), _listed(older), told)]
    )
    say("The old key is still there, for processes and backups that need it. Later:")
    say("  justpaid secrets retire")


@app.command(epilog=examples("justpaid secrets retire", "justpaid secrets retire --json"))
def retire(*, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Take older master keys out, once nothing that is stored needs them.

    Backups made before the rotation still do: keep a copy of the secrets beside them.
    """
    settings = load_settings({"data_dir": data_dir})
    is_ours = not secret_rotation.is_in_environment(settings)

    async def act(workplace: Workplace) -> SecretRing:
        async with secret_rotation.one_at_a_time(workplace.connection):
            ring = (await load_secrets(settings, workplace.connection)).master_key
            if left := sum((await _move(workplace, ring)).values()):
                raise InvalidState(_STILL_USED % left)
            await secret_rotation.forget_older(workplace.connection, ring)
            if is_ours and ring.older:
                secret_rotation.remove_older(settings)
                # A process that started in between has written down what it had read.
                await secret_rotation.forget_older(workplace.connection, ring)
            return ring

    with exit_codes():
        ring = on_database(data_dir, act)
    older: list[JsonValue] = [each.version for each in ring.older]
    if older and not is_ours:
        say(f"Take {_VARIABLE}_PREVIOUS out of every environment before anything is restarted.")
    if as_json:
        print_json({"version": ring.current.version, "retiredVersions": older})
        return
    print_table(("MASTER KEY", "RETIRED"), [(str(ring.current.version), _listed(older))])


async def _move(workplace: Workplace, ring: SecretRing) -> dict[str, int]:
    """Put all that is sealed under the current master key; say how much was not."""
    keys = KeyRing(ring)
    pool = await open_pool(workplace.dsn, max_size=1)
    try:
        return {
            "connections": await reseal_connections(pool, keys),
            "secondFactors": await reseal_second_factors(pool, keys),
            "runValues": await reseal_run_values(pool, keys),
        }
    finally:
        await pool.close()


def _listed(versions: list[JsonValue]) -> str:
    return ",".join(map(str, versions)) or "-"


def _shape(ring: SecretRing, settings: Settings) -> JsonObject:
    return {
        "name": variable_of(ring.name),
        "version": ring.current.version,
        "olderVersions": [each.version for each in ring.older],
        "source": _source(ring, settings),
    }


def _source(ring: SecretRing, settings: Settings) -> str:
    is_set = getattr(settings, ring.name) is not None
    return "environment" if is_set else str(secrets_path(settings))
