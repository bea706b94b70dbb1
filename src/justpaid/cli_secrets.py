"""The verbs `justpaid secrets …`."""

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
)
from justpaid.db.secrets import SecretRing, Secrets, secrets_path, variable_of
from justpaid.exact_json import JsonObject
from justpaid.settings import Settings, load_settings

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


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
