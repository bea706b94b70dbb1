"""What every verb of the command line shares: options, the database, output, errors, exit codes.

Exit codes: 0 done · 1 refused by a rule, with what to change · 2 wrong usage · 3 no such object ·
78 the settings, the secrets or the database do not allow it.
"""

import asyncio
import getpass
import json
import os
import pwd
import sys
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Annotated, Final, NoReturn, TypeVar
from uuid import UUID

import typer

from justpaid.audit.model import Actor
from justpaid.audit.service import AuditLog
from justpaid.companies.model import Company
from justpaid.companies.service import get_company, list_companies
from justpaid.db.pool import Connection
from justpaid.db.schema import find_revision, is_current
from justpaid.db.secrets import Secrets, load_secrets
from justpaid.db.server import database_server
from justpaid.db.session_check import UnusableDatabase, reach_database
from justpaid.errors import AppError, InvalidInput, NotFound, Problem
from justpaid.exact_json import JsonValue
from justpaid.ids import Prefix, decode_id, encode_id
from justpaid.keyrings import audit_secrets_of
from justpaid.logging import set_up_logging
from justpaid.settings import load_settings
from justpaid.supervised import REFUSALS, REFUSED

FAILED: Final = 1
NOT_FOUND: Final = 3

T = TypeVar("T")

DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        help="Where the embedded database and the secrets live [JUSTPAID_DATA_DIR, else ./.data]."
        " With DATABASE_URL set, only the secrets.",
        show_default=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON: one object, or one array.")]
CompanyName = Annotated[
    str | None,
    typer.Option(
        "--company",
        help="The company, by its id or exact name; not needed when there is only one.",
        show_default=False,
    ),
]


@dataclass(frozen=True, slots=True)
class Workplace:
    """What a verb works with: one connection, the secrets, the audit log, and who is acting.

    `dsn` is for what opens connections of its own.
    """

    dsn: str
    connection: Connection
    secrets: Secrets
    audit: AuditLog
    operator: Actor


def on_database(
    data_dir: Path | None, act: Callable[[Workplace], Awaitable[T]], *, may_begin: bool = False
) -> T:
    """Run a verb on the database, whether the service runs or not.

    A stopped embedded database is started for it and stopped after it. With `may_begin` a database
    without any schema gets it; else it must be current: a verb never upgrades one in use.
    """
    settings = load_settings({"data_dir": data_dir})
    set_up_logging(settings, process="cli")
    with database_server(settings, must_exist=not may_begin) as server:

        async def run() -> T:
            connection = await reach_database(server.dsn)
            try:
                if may_begin and await find_revision(connection) is None:
                    await _migrate(server.dsn)
                if not await is_current(connection):
                    raise UnusableDatabase(
                        "The database is not at this release's schema. Run: justpaid migrate"
                    )
                secrets = await load_secrets(settings, connection)
                audit = AuditLog(audit_secrets_of(secrets))
                return await act(Workplace(server.dsn, connection, secrets, audit, operator()))
            finally:
                await connection.close()

        return asyncio.run(run())


async def find_company(workplace: Workplace, named: str | None) -> Company:
    """Return the company meant: by id or exact name, or the only one when none is named."""
    if named is not None and (company_id := decode_id(Prefix.COMPANY, named)) is not None:
        return await get_company(workplace.connection, company_id)
    companies = await list_companies(workplace.connection)
    if not companies:
        raise NotFound('There is no company yet. Make one: justpaid company create "Acme GmbH"')
    meant = [each for each in companies if named is None or each.name == named]
    if len(meant) == 1:
        return meant[0]
    if not meant:
        raise NotFound(f"There is no company {named!r}. Show them: justpaid company list")
    choices = ", ".join(f"{encode_id(Prefix.COMPANY, each.id)} ({each.name})" for each in meant)
    raise InvalidInput("Several companies fit.", [Problem("--company", f"name one of {choices}")])


def operator() -> Actor:
    """Name who acts in the audit log: the system user, behind sudo the one who called it."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        name = str(os.getuid())
    if name == "root" and (behind := os.environ.get("SUDO_USER")):
        name = behind
    return Actor(f"operator:{name}")


def read_id(prefix: Prefix, text: str) -> UUID:
    """Read an id of one type. Raises NotFound, as an id that never existed would."""
    value = decode_id(prefix, text)
    if value is None:
        raise NotFound(f"{text!r} is not an id such as {prefix}_01h45ytscbebyvny4gc8cr8ma2.")
    return value


def examples(*lines: str) -> str:
    """Write the examples that stand below a verb's help, one a line."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


def say(text: str) -> None:
    """Tell the person something on stderr, so that stdout holds the answer alone."""
    typer.echo(_harmless(text, keeps="\n"), err=True)


def print_json(value: JsonValue) -> None:
    """Print the bare JSON value on stdout."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


def print_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows in columns as wide as they need to be."""
    lines = [tuple(headings), *(tuple(map(_harmless, row)) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headings))]
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        typer.echo("  ".join(cells).rstrip())


def _harmless(text: str, keeps: str = "") -> str:
    """Spell out what a terminal would obey: a name is whatever a caller of the API made it."""
    return "".join(
        each if each.isprintable() or each in keeps else repr(each)[1:-1] for each in text
    )


def read_stdin() -> str:
    """Read stdin, without showing what is typed when a person types it."""
    if sys.stdin.isatty():
        return getpass.getpass("Key (not shown): ")
    return sys.stdin.read()


@contextmanager
def exit_codes() -> Generator[None]:
    """Turn what went wrong into words on stderr and an exit code."""
    try:
        yield
    except REFUSALS as error:
        _fail(str(error), REFUSED)
    except NotFound as error:
        _fail(error.message, NOT_FOUND)
    except AppError as error:
        lines = [f"  {each.field}: {each.message}" for each in error.problems]
        _fail("\n".join([error.message, *lines]), FAILED)


async def _migrate(dsn: str) -> None:
    """Migrate with libraries loaded only now: they are larger than all others together."""
    migrate: Callable[[str], Awaitable[bool]] = import_module("justpaid.db.migrate").migrate
    await migrate(dsn)


def _fail(message: str, code: int) -> NoReturn:
    say(message)
    raise typer.Exit(code)
