"""The start of one process of the service, `api` or `worker`, by itself or under the supervisor.

Kept apart from the command line, and loading the process's own code only here, so that each process
holds no more than it uses.
"""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from typing import Final, cast

from justpaid.db.embedded_home import EmbeddedPostgresError
from justpaid.db.schema import UnknownSchema, is_current
from justpaid.db.secrets import SecretsError
from justpaid.db.server import DatabaseServer, database_server
from justpaid.db.session_check import (
    UnreachableDatabase,
    UnusableDatabase,
    check_database,
    reach_database,
)
from justpaid.logging import set_up_logging
from justpaid.outbound.policy import parse_allow
from justpaid.settings import Settings, SettingsError, load_settings

# EX_CONFIG of sysexits.h: starting again would end the same way, so the supervisor does not.
REFUSED: Final = 78
REFUSALS: Final = (
    SettingsError,
    SecretsError,
    EmbeddedPostgresError,
    UnknownSchema,
    UnusableDatabase,
)

_ENTRIES: Final = {
    "api": ("justpaid.app", "run_api"),
    "worker": ("justpaid.worker", "run_worker"),
}
PROCESSES: Final = tuple(_ENTRIES)


def run_process(name: str, settings: Settings) -> None:
    """Run a process until it is told to stop, on the database of the settings."""
    module, function = _ENTRIES[name]
    set_up_logging(settings, process=name)
    require_readable_allow(settings)
    with database_server(settings) as server:
        asyncio.run(_require_usable(server))
        run = cast("Callable[[Settings], None]", getattr(import_module(module), function))
        run(replace(settings, database_url=server.dsn))


def require_readable_allow(settings: Settings) -> None:
    """Raise SettingsError unless the outbound client can read what it may call besides."""
    try:
        parse_allow(settings.outbound_allow)
    except ValueError:
        raise SettingsError(
            "JUSTPAID_OUTBOUND_ALLOW: must be networks and hosts, separated by commas, each with a"
            " port if wanted, such as 10.1.0.0/16,crm.internal:8443"
        ) from None


async def _require_usable(server: DatabaseServer) -> None:
    """Raise unless the database's sessions and its schema are ours: only `migrate` changes it."""
    if server.embedded is None:
        await check_database(server.dsn)
    connection = await reach_database(server.dsn)
    try:
        if not await is_current(connection):
            raise UnusableDatabase(
                "The database is not at this release's schema. Run: justpaid migrate"
            )
    finally:
        await connection.close()


def end_with_supervisor() -> None:
    """End this process and those it started as soon as the pipe on stdin closes.

    The supervisor holds the other end, and the system closes it however the supervisor ends. Not a
    clean stop: the supervisor's successor needs the port, and the journal survives any crash.
    """

    def watch() -> None:
        while os.read(0, 1):
            pass
        os.killpg(os.getpgid(0), signal.SIGKILL)

    threading.Thread(target=watch, name="supervisor-watch", daemon=True).start()


def main() -> None:
    """Start the process named by the only argument, under the supervisor."""
    end_with_supervisor()
    try:
        run_process(sys.argv[1], load_settings())
    except UnreachableDatabase as error:  # it may come back: the supervisor tries again
        sys.stderr.write(f"{error}\n")
        sys.exit(1)
    except REFUSALS as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(REFUSED)


if __name__ == "__main__":
    main()
