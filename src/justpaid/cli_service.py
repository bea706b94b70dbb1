"""The verbs that run the service or a part of it: serve, api, worker, migrate."""

import asyncio
import contextlib
from importlib import import_module
from typing import Annotated, Final

import typer

from justpaid.cli_frame import AsJson, DataDir, examples, exit_codes, print_json, say
from justpaid.db.embedded_backup import back_up_before_upgrade
from justpaid.db.pool import DATABASE_AWAY, connect
from justpaid.db.schema import HEAD, find_revision, is_current
from justpaid.db.server import database_server
from justpaid.db.session_check import check_database
from justpaid.logging import set_up_logging
from justpaid.members.links import LinkPage, link_address, make_setup_link_if_needed
from justpaid.settings import LAST_PORT, load_settings
from justpaid.supervised import run_process
from justpaid.supervisor import Supervisor, require_free_port

app = typer.Typer()

# Loaded by the verbs that need them alone: they are larger than all the rest of the command line.
_MIGRATIONS: Final = "justpaid.db.migrate"
_DEMO: Final = "justpaid.demo.story"

Host = Annotated[
    str | None,
    typer.Option(help="Address to listen on [JUSTPAID_HOST, else 127.0.0.1].", show_default=False),
]
Port = Annotated[
    int | None,
    typer.Option(
        min=0,
        max=LAST_PORT,
        help="Port to listen on [JUSTPAID_PORT, else 8080].",
        show_default=False,
    ),
]


@app.command(
    epilog=examples(
        "justpaid serve",
        "justpaid serve --port 9000 --data-dir /srv/justpaid",
        "DATABASE_URL=postgresql://justpaid@db/justpaid justpaid serve --host 0.0.0.0",
    )
)
def serve(*, host: Host = None, port: Port = None, data_dir: DataDir = None) -> None:
    """Run the whole service: database, API and worker, in the foreground until Ctrl-C.

    Without DATABASE_URL an embedded PostgreSQL lives in the data dir. A process that dies is
    started again. The first start makes the schema and the secrets, and prints a link for the first
    owner (in production, what prints one).
    """
    with exit_codes():
        settings = load_settings({"host": host, "port": port, "data_dir": data_dir})
        set_up_logging(settings, process="supervisor")
        status = Supervisor(settings, when_ready=_welcome).run()
    raise typer.Exit(status)


@app.command(epilog=examples("justpaid demo", "justpaid demo --stay --port 9000"))
def demo(
    *,
    port: Port = None,
    stay: Annotated[
        bool | None,
        typer.Option(help="Keep running until Ctrl-C [in a terminal: yes].", show_default=False),
    ] = None,
) -> None:
    """Play a finance workflow through the public API, from nothing, and show the run.

    Everything lives in a folder of its own, which is deleted at the end.
    """
    with exit_codes():
        set_up_logging(load_settings({"log_level": "warning"}), process="demo")
        import_module(_DEMO).run_demo(port=port, stay=stay)


@app.command(
    epilog=examples(
        "DATABASE_URL=postgresql://justpaid@db/justpaid justpaid api --host 0.0.0.0 --port 8080",
    )
)
def api(*, host: Host = None, port: Port = None, data_dir: DataDir = None) -> None:
    """Run one API process alone, for installations of several machines.

    More than one needs JUSTPAID_REDIS_URL, because limits are counted over all of them.
    """
    with exit_codes():
        settings = load_settings({"host": host, "port": port, "data_dir": data_dir})
        require_free_port(settings.host, settings.port)
        run_process("api", settings)


@app.command(
    epilog=examples(
        "DATABASE_URL=postgresql://justpaid@db/justpaid JUSTPAID_WORKER_SLOTS=512 justpaid worker",
    )
)
def worker(*, data_dir: DataDir = None) -> None:
    """Run one worker process alone; any number of them share the work of one database."""
    with exit_codes():
        run_process("worker", load_settings({"data_dir": data_dir}))


@app.command(
    epilog=examples(
        "justpaid migrate",
        "DATABASE_URL=postgresql://justpaid@db/justpaid justpaid migrate --json",
    )
)
def migrate(*, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Bring the database to this release's schema; safe to repeat, and by several at once.

    `serve` does it by itself. An embedded database is copied into `backups` of the data dir first.
    """
    with exit_codes():
        settings = load_settings({"data_dir": data_dir})
        set_up_logging(settings, process="cli")
        with database_server(settings) as server:
            if server.embedded is None:
                asyncio.run(check_database(server.dsn))
            revision, is_behind = asyncio.run(_look(server.dsn))
            if is_behind and server.embedded is not None:
                back_up_before_upgrade(server.embedded, revision)
            changed: bool = import_module(_MIGRATIONS).migrate_now(server.dsn)
    if as_json:
        print_json({"revision": HEAD, "migrated": changed})
    else:
        say(f"The schema is now at {HEAD}." if changed else f"The schema was already at {HEAD}.")


def _welcome(supervisor: Supervisor) -> None:
    """Tell the person of a first start how to get in.

    What production prints is kept somewhere, so no link goes there.
    """
    if not supervisor.is_first_start:
        return
    token = None
    if not supervisor.settings.is_production:
        with contextlib.suppress(*DATABASE_AWAY):  # no reason to end the service
            token = asyncio.run(_make_setup_token(supervisor.dsn))
    if token is None:
        say("Nobody can sign in yet. Print a link for the first owner: justpaid setup-link")
        return
    say("Make the company and its owner in the browser, with this link. It works once, in an hour:")
    typer.echo(link_address(supervisor.settings.base_url, LinkPage.SETUP, token))


async def _make_setup_token(dsn: str) -> str | None:
    connection = await connect(dsn)
    try:
        async with connection.transaction():
            return await make_setup_link_if_needed(connection)
    finally:
        await connection.close()


async def _look(dsn: str) -> tuple[str | None, bool]:
    connection = await connect(dsn)
    try:
        return await find_revision(connection), not await is_current(connection)
    finally:
        await connection.close()
