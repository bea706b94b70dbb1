"""What schema this code needs and a database has; asked at every start, so it loads little."""

from pathlib import Path
from typing import Final

from justpaid.db.pool import Connection
from justpaid.errors import Unavailable

_VERSIONS = Path(__file__).parent / "migrations" / "versions"

HEAD: Final = max(file.stem.partition("_")[0] for file in _VERSIONS.glob("[0-9]*.sql"))


class UnknownSchema(Unavailable):
    """The database was migrated by a newer release than this one."""


async def find_revision(connection: Connection) -> str | None:
    """Return the revision that the database is at; None before the first migration."""
    exists = await connection.fetchval("SELECT to_regclass('alembic_version') IS NOT NULL")
    if not exists:
        return None
    revision: str | None = await connection.fetchval("SELECT version_num FROM alembic_version")
    return revision


async def is_current(connection: Connection) -> bool:
    """Tell whether the database is at this release's schema; raises UnknownSchema past it."""
    revision = await find_revision(connection)
    if revision is not None and revision > HEAD:
        raise UnknownSchema(
            f"The database is at schema {revision}, newer than this release knows ({HEAD}). "
            "Start the newer release, or restore the backup made before the upgrade."
        )
    return revision == HEAD
