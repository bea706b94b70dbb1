"""A copy of the embedded database before an upgrade touches it."""

import os
import subprocess
from pathlib import Path

from justpaid import clock
from justpaid.db.embedded import EmbeddedPostgres
from justpaid.db.embedded_home import EmbeddedPostgresError


def back_up_before_upgrade(embedded: EmbeddedPostgres, revision: str | None) -> Path | None:
    """Dump the database into the data dir's `backups`; nothing before its first schema.

    Raises EmbeddedPostgresError when the copy cannot be made: no upgrade without one.
    """
    if revision is None:
        return None
    folder = embedded.data_dir / "backups"
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"schema-{revision}-{clock.now():%Y%m%dT%H%M%SZ}.dump"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        answer = subprocess.run(  # noqa: S603  PostgreSQL's own program
            [embedded.programs / "pg_dump", "--format=custom", f"--dbname={embedded.dsn}"],
            stdout=descriptor,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    finally:
        os.close(descriptor)
    if answer.returncode != 0:
        path.unlink()
        raise EmbeddedPostgresError(
            f"The database was not upgraded, because it could not be copied first: {answer.stderr}"
        )
    return path
