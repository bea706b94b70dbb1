"""Fills PostgreSQL's disk for real under running runs; needs root, to mount a small file system.

What an ordinary user can try stands in the tests: there the database refuses every write with the
error that a full disk gives. Here nobody pretends.
"""

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg
from rich.console import Console

from justpaid.db.embedded import EmbeddedPostgres, start_embedded
from justpaid.db.embedded_home import EmbeddedPostgresError
from justpaid.db.migrate import migrate
from justpaid.db.pool import DATABASE_AWAY, connect
from justpaid.ids import new_id
from justpaid.logging import set_up_logging
from justpaid.settings import load_settings
from tests.engine.stage import Stage, open_stub, stored, transform, until
from tests.faults.processes import open_pool_on

_SIZE = "220m"
_LEFT_BYTES = 1 << 20
_RUNS = 30
_FULL_SECONDS = 5.0  # longer than every lease
_PADDING = "x" * 200_000


@contextmanager
def _small_server() -> Generator[EmbeddedPostgres]:
    """Run a PostgreSQL whose files lie on a file system of 220 MB."""
    with tempfile.TemporaryDirectory(prefix="justpaid-full-") as folder:
        data_dir, kept = Path(folder) / "data", Path(folder) / "kept"
        server = start_embedded(data_dir, dies_with_us=True)
        home = server.folder
        server.stop()
        subprocess.run(["cp", "-a", str(home), str(kept)], check=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={_SIZE}", "tmpfs", home], check=True)
        try:
            subprocess.run(["cp", "-a", f"{kept}/.", str(home)], check=True)
            shutil.rmtree(kept)
            server = start_embedded(data_dir, dies_with_us=True)
            yield server
            server.stop()
        finally:
            subprocess.run(["umount", str(home)], check=True)
            server = start_embedded(data_dir)
            server.destroy()


def _fill(folder: Path) -> Path:
    """Leave a megabyte."""
    ballast = folder / "ballast"
    free = os.statvfs(folder)
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, free.f_bavail * free.f_frsize - _LEFT_BYTES)
    return ballast


async def _write_until_full(dsn: str) -> str:
    """Write until the database says that it cannot, or falls over."""
    try:
        connection = await connect(dsn)
        await connection.execute("CREATE TABLE IF NOT EXISTS junk(text text)")
        while True:
            await connection.execute("INSERT INTO junk VALUES ($1)", os.urandom(500_000).hex())
    except (asyncpg.PostgresError, *DATABASE_AWAY) as error:
        return type(error).__name__


async def _play(console: Console, server: EmbeddedPostgres) -> bool:
    await migrate(server.superuser_dsn)
    company_id = new_id()
    async with open_stub() as stub, open_pool_on(server.superuser_dsn) as pool:
        await pool.execute("INSERT INTO companies (id, name) VALUES ($1, 'Acme')", company_id)
        stage = Stage(server.superuser_dsn, pool, company_id, stub)
        body: dict[str, Any] = {"n": "{{input.n}}"}
        workflow_id = await stage.define(
            [
                stage.action("/before", method="POST", json=body),
                transform("n", n="{{input.n}}"),
                stage.action("/after", method="POST", json=body),
                transform("end", n="{{steps.n.output.n}}"),
            ]
        )
        gate = stub.held["/before"] = asyncio.Event()
        async with stage.worker(lease_seconds=2.0):
            given = {"padding": _PADDING}
            runs = [await stage.start(workflow_id, {"n": n, **given}) for n in range(_RUNS)]
            await until(lambda: len(stub.calls_of("/before")) == _RUNS, "effects in flight")
            ballast = await asyncio.to_thread(_fill, server.folder)
            said = await _write_until_full(server.superuser_dsn)
            console.print(f"Full: the database said {said}; it runs: {server.is_running()}")
            gate.set()
            await asyncio.sleep(_FULL_SECONDS)
            console.print(f"Sent meanwhile: {len(stub.calls_of('/after'))} of {_RUNS}")
            await asyncio.to_thread(ballast.unlink)
            await asyncio.to_thread(_revive, server)
            async with open_pool_on(server.superuser_dsn) as stage.pool:
                rows = [await stage.ended(run_id) for run_id in runs]
                outcomes = await stage.pool.fetch(
                    "SELECT DISTINCT outcome, generation FROM effects"
                )
        right = [stored(row["output"]) for row in rows] == [{"n": n} for n in range(_RUNS)]
        once = all(len(stub.keys_of(path)) == _RUNS for path in ("/before", "/after"))
        console.print(f"With room again: outputs right {right}, one key an effect {once}")
        return right and once and [tuple(row) for row in outcomes] == [("done", 1)]


def _revive(server: EmbeddedPostgres) -> None:
    try:
        server.ensure_running()
    except EmbeddedPostgresError:
        server.ensure_running()


def main() -> int:
    """Fill the disk once; the exit status says whether every run came through."""
    if os.geteuid() != 0:
        sys.stderr.write("Filling a disk for real needs root, to mount a small one.\n")
        return 2
    console = Console()
    set_up_logging(load_settings({"log_level": "error"}), process="faults")
    with _small_server() as server:
        holds = asyncio.run(_play(console, server))
    console.print("[green]Everything held.[/]" if holds else "[red]BROKEN.[/]")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
