"""The embedded PostgreSQL: started, adopted, started again and stopped, for one data dir.

Guarantees: one server for one data dir whoever starts it (a file lock), reachable over a Unix
socket by its own system user and root alone (peer authentication), and stopped by whoever leaves
it last, never under somebody else's feet.
"""

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final, Self
from urllib.parse import quote

from justpaid.db import embedded_cluster
from justpaid.db.embedded_binaries import find_binaries, reachable_binaries
from justpaid.db.embedded_cluster import Postmaster
from justpaid.db.embedded_home import (
    PORT,
    EmbeddedPostgresError,
    Home,
    locked,
    make_data_dir,
    open_home,
    open_lock,
    socket_folder,
    system_lock,
    try_lock,
)

_START_SECONDS: Final = 180.0
_STOP_SECONDS: Final = 30.0
_POLL_SECONDS: Final = 0.02
_NO_OPTIONS: Final[Mapping[str, str]] = MappingProxyType({})
# What a killed postmaster leaves behind for the moment its processes need to notice.
_STILL_IN_USE: Final = "is still in use"


def start_embedded(
    data_dir: Path, *, options: Mapping[str, str] = _NO_OPTIONS, dies_with_us: bool = False
) -> "EmbeddedPostgres":
    """Start the database of a data dir, or adopt the one that runs, and return its handle.

    `options` are server settings for this start alone (`{"fsync": "off"}`). With `dies_with_us` the
    server stops when this process ends in any way, kill -9 too; else it outlives a crash and waits
    to be adopted. Blocks until it accepts connections. Raises EmbeddedPostgresError.
    """
    embedded = EmbeddedPostgres(make_data_dir(data_dir), options, dies_with_us=dies_with_us)
    embedded.ensure_running()
    return embedded


class EmbeddedPostgres:
    """A hold on the running database of a data dir; `stop` (or leaving `with`) gives it up."""

    def __init__(
        self, data_dir: Path, options: Mapping[str, str], *, dies_with_us: bool = False
    ) -> None:
        self.data_dir = data_dir
        self.was_adopted = False
        self._options = dict(options)
        self._dies_with_us = dies_with_us
        self._home: Home | None = None
        self._postmaster: Postmaster | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: subprocess.Popen[bytes] | None = None
        self._users: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def dsn(self) -> str:
        """Where to connect, as the role that owns the database `justpaid`."""
        return self._address(embedded_cluster.ROLE, embedded_cluster.DATABASE)

    @property
    def superuser_dsn(self) -> str:
        """Where an operator connects as the server's superuser."""
        return self._address(embedded_cluster.SUPERUSER, "postgres")

    @property
    def programs(self) -> Path:
        """The folder of PostgreSQL's programs of the server's version, such as pg_dump."""
        return find_binaries(embedded_cluster.major_of(self._place())).folder

    @property
    def pid(self) -> int:
        """The process id of the server."""
        return self._running().pid

    @property
    def socket_dir(self) -> Path:
        """The folder of the server's socket."""
        return self._running().socket_dir

    @property
    def folder(self) -> Path:
        """Where its files lie: the data dir, or for root a folder of the system user."""
        return self._place().folder

    def is_running(self) -> bool:
        """Whether the server is there and accepts connections."""
        self._reap()
        return self._home is not None and embedded_cluster.find_postmaster(self._home) is not None

    def ensure_running(self) -> None:
        """Start the server unless it runs; the same call brings a dead one back."""
        with locked(self.data_dir / "database.lock"):
            home = self._home = open_home(self.data_dir)
            if self._users is None:
                self._users = open_lock(self.data_dir / "database.users")
                if not try_lock(self._users, fcntl.LOCK_SH):
                    raise EmbeddedPostgresError(f"{self.data_dir}/database.users is locked.")
            self._reap()
            found = embedded_cluster.await_postmaster(home, _START_SECONDS)
            self.was_adopted = found is not None
            self._postmaster = found or self._start(home)

    def stop(self) -> bool:
        """Give up this hold, and stop the server when nobody else holds it.

        A fast stop: open transactions are rolled back, committed ones are safe. Returns whether the
        server is down. Calling it again does nothing.
        """
        if self._users is None or self._home is None:
            return True
        with locked(self.data_dir / "database.lock"):
            is_last = try_lock(self._users, fcntl.LOCK_EX)
            if is_last:
                self._end(self._home)
            os.close(self._users)
            self._users = None
        if self._process is not None and self._process.poll() is None:
            self._process.returncode = 0  # it goes on for its other holders: nothing to wait for
        self._dismiss_guard()
        return is_last

    def destroy(self) -> None:
        """Stop the server and delete its files; for databases made by tests."""
        home = self._place()
        if not self.stop():
            raise EmbeddedPostgresError(f"The database of {self.data_dir} is in use.")
        shutil.rmtree(home.folder if home.is_outside else home.cluster)
        if home.is_outside:
            home.note.unlink()

    def _start(self, home: Home) -> Postmaster:
        self._dismiss_guard()
        self._bury()
        binaries = find_binaries(embedded_cluster.major_of(home))
        if home.user is not None:
            with system_lock() as shared_root:
                binaries = reachable_binaries(binaries, home.user, shared_root)
        if not home.cluster.exists():
            embedded_cluster.create(home, binaries)
        embedded_cluster.configure(home)
        command = [binaries.program("postgres"), "-D", str(home.cluster), "-p", str(PORT)]
        for name, value in {
            **self._options,
            "listen_addresses": "",
            "unix_socket_directories": str(socket_folder(home)),
            "unix_socket_permissions": "0700",
        }.items():
            command += ["-c", f"{name}={value}"]
        postmaster = self._launch(home, command)
        if self._dies_with_us:
            self._guard = embedded_cluster.start_guard(home, postmaster.pid)
        return postmaster

    def _launch(self, home: Home, command: list[str]) -> Postmaster:
        deadline = time.monotonic() + _START_SECONDS
        while True:
            embedded_cluster.remove_stale_pid_file(home)
            process = self._process = embedded_cluster.launch(home, command)
            while process.poll() is None:
                postmaster = embedded_cluster.find_postmaster(home)
                if postmaster is not None and postmaster.pid == process.pid:
                    return postmaster
                if time.monotonic() > deadline:
                    process.send_signal(signal.SIGQUIT)
                    process.wait()
                    break
                time.sleep(_POLL_SECONDS)
            tail = embedded_cluster.log_tail(home)
            if _STILL_IN_USE not in tail or time.monotonic() > deadline:
                raise EmbeddedPostgresError(
                    f"The embedded database did not start. Its log, {home.log}, ends with:\n{tail}"
                )
            time.sleep(0.1)

    def _end(self, home: Home) -> None:
        postmaster = embedded_cluster.find_postmaster(home, is_ready=False)
        if postmaster is None:
            return
        for kind in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            try:
                os.kill(postmaster.pid, kind)
            except ProcessLookupError:
                return
            deadline = time.monotonic() + _STOP_SECONDS
            while time.monotonic() < deadline:
                self._reap()
                if not embedded_cluster.is_postmaster(postmaster.pid, home):
                    _remove_outer_socket_folder(postmaster, home)
                    return
                time.sleep(_POLL_SECONDS)

    def _reap(self) -> None:
        if self._process is not None:
            self._process.poll()

    def _bury(self) -> None:
        """Wait for the end of a server that was ours: one killed just now still holds its place.

        Until its parent has taken note of the end, PostgreSQL takes the process for a living one.
        """
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_STOP_SECONDS)

    def _dismiss_guard(self) -> None:
        if self._guard is not None:
            self._guard.kill()
            self._guard.wait()
            if self._guard.stdin is not None:
                self._guard.stdin.close()
            self._guard = None

    def _address(self, role: str, database: str) -> str:
        host = quote(str(self.socket_dir), safe="")
        return f"postgresql://{role}@/{database}?host={host}&port={PORT}&sslmode=disable"

    def _running(self) -> Postmaster:
        if self._postmaster is None:
            raise EmbeddedPostgresError("The embedded database has not been started.")
        return self._postmaster

    def _place(self) -> Home:
        if self._home is None:
            raise EmbeddedPostgresError("The embedded database has not been started.")
        return self._home


def _remove_outer_socket_folder(postmaster: Postmaster, home: Home) -> None:
    """Remove the short socket folder; one inside the database's own folder stays."""
    if home.folder not in postmaster.socket_dir.parents:
        shutil.rmtree(postmaster.socket_dir, ignore_errors=True)
