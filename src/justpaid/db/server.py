"""The database a process works on: the one of DATABASE_URL, or the data dir's embedded one."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Final

from justpaid.db.embedded import EmbeddedPostgres, start_embedded
from justpaid.db.embedded_home import EmbeddedPostgresError, has_database
from justpaid.settings import Settings

_NO_OPTIONS: Final[Mapping[str, str]] = MappingProxyType({})


class DatabaseServer:
    """A database's address, and the embedded server behind it when it is ours."""

    def __init__(self, dsn: str, embedded: EmbeddedPostgres | None) -> None:
        self.dsn = dsn
        self.embedded = embedded


@contextmanager
def database_server(
    settings: Settings,
    *,
    must_exist: bool = False,
    keeps_data: bool = True,
    options: Mapping[str, str] = _NO_OPTIONS,
) -> Generator[DatabaseServer]:
    """Hold the database of the settings, starting or adopting the embedded one.

    On the way out the embedded one stops unless another process holds it. With `must_exist` a data
    dir without a database is refused rather than filled. Without `keeps_data` the embedded one is
    deleted on the way out, and ends if this process is killed. Raises EmbeddedPostgresError.
    """
    if settings.database_url is not None:
        yield DatabaseServer(settings.database_url, None)
        return
    if must_exist and not has_database(settings.data_dir):
        raise EmbeddedPostgresError(
            f"There is no database in {settings.data_dir.expanduser().absolute()}. Name the data"
            " dir with --data-dir, set DATABASE_URL, or begin with: justpaid serve"
        )
    embedded = start_embedded(settings.data_dir, options=options, dies_with_us=not keeps_data)
    try:
        yield DatabaseServer(embedded.dsn, embedded)
    finally:
        if keeps_data:
            embedded.stop()
        else:
            embedded.destroy()
