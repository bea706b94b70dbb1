"""Runs the service on one machine: database, API and worker, started again when they die.

Guarantee: what was started ends with the supervisor. A stop is clean and in order; when the
supervisor itself is killed, API and worker are gone within a second and their port is free, while
the embedded PostgreSQL stays to be adopted by the next start.
"""

import asyncio
import contextlib
import errno
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType, TracebackType
from typing import Final, Self

from justpaid.db.embedded import EmbeddedPostgres
from justpaid.db.embedded_backup import back_up_before_upgrade
from justpaid.db.embedded_home import EmbeddedPostgresError
from justpaid.db.pool import connect
from justpaid.db.schema import find_revision, is_current
from justpaid.db.secrets import load_secrets
from justpaid.db.server import DatabaseServer, database_server
from justpaid.db.session_check import check_database
from justpaid.logging import get_logger
from justpaid.settings import Settings, SettingsError, to_environment
from justpaid.supervised import PROCESSES, REFUSED, require_readable_allow

_STOP_SECONDS: Final = 8.0  # `docker stop` kills after ten
_FIRST_DELAY_SECONDS: Final = 0.1
_MAX_DELAY_SECONDS: Final = 10.0
_STEADY_SECONDS: Final = 30.0
_PORT_WAIT_SECONDS: Final = 3.0
_IDLE_SECONDS: Final = 1.0
_STARTING_SECONDS: Final = 0.05
_NO_OPTIONS: Final[Mapping[str, str]] = MappingProxyType({})
_COMMANDS: Final[Mapping[str, Sequence[str]]] = MappingProxyType(
    {name: (sys.executable, "-m", "justpaid.supervised", name) for name in PROCESSES}
)

log = get_logger(__name__)


class ProcessRefused(Exception):
    """A process ended in a way that starting it again would only repeat."""

    def __init__(self, name: str, status: int) -> None:
        super().__init__(f"The {name} process refused to start.")
        self.status = status


class Child:
    """One process of the service, in a process group of its own."""

    def __init__(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self.name = name
        self._command = list(command)
        self._environment = dict(environment)
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._start_after = 0.0
        self._delay_seconds = _FIRST_DELAY_SECONDS

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """Start it, with a guard that ends its group when the supervisor is gone.

        The guard is a shell without any state: it does its work when the child is stopped or stuck.
        """
        self._process = subprocess.Popen(  # noqa: S603  our own interpreter and module
            self._command,
            stdin=subprocess.PIPE,
            env=self._environment,
            start_new_session=True,
        )
        self._guard = subprocess.Popen(  # noqa: S603  fixed words and a number
            ["/bin/sh", "-c", 'read -r _; kill -s KILL -- "-$1"', "sh", str(self._process.pid)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._started_at = time.monotonic()

    def tend(self) -> None:
        """Note its death, and start it again once its delay is over. Raises ProcessRefused."""
        if self._process is not None:
            status = self._process.poll()
            if status is None:
                return
            self._clear()
            if status == REFUSED:
                raise ProcessRefused(self.name, status)
            now = time.monotonic()
            if now - self._started_at > _STEADY_SECONDS:
                self._delay_seconds = _FIRST_DELAY_SECONDS
            self._start_after = now + self._delay_seconds
            log.error(
                "process died", name=self.name, status=status, again_in_seconds=self._delay_seconds
            )
            self._delay_seconds = min(2 * self._delay_seconds, _MAX_DELAY_SECONDS)
        if time.monotonic() >= self._start_after:
            self.start()

    def ask_to_stop(self) -> None:
        """Send it SIGTERM; it ends what it is doing."""
        if self._process is not None:
            self._process.terminate()

    def finish(self, deadline: float) -> None:
        """Wait for its end until a monotonic moment, then kill its group."""
        if self._process is None:
            return
        try:
            self._process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            log.warning("process killed: it did not stop in time", name=self.name)
        self._clear()

    def _clear(self) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)  # what it started and left behind
        for process in (self._process, self._guard):
            if process is not None:
                process.kill()
                process.wait()
                if process.stdin is not None:
                    process.stdin.close()
        self._process = self._guard = None


class Supervisor:
    """The running service; `start` and `stop` it, or `run` it until a signal comes."""

    def __init__(
        self,
        settings: Settings,
        *,
        keeps_data: bool = True,
        database_options: Mapping[str, str] = _NO_OPTIONS,
        commands: Mapping[str, Sequence[str]] = _COMMANDS,
        when_ready: Callable[["Supervisor"], None] = lambda _: None,
    ) -> None:
        self.settings = settings
        self.dsn = ""  # where its database is, once started
        self.is_first_start = False  # whether the database had no schema, once started
        self._when_ready = when_ready
        self._commands = dict(commands)
        self._keeps_data = keeps_data
        self._database_options = dict(database_options)
        self._stack = contextlib.ExitStack()
        self._embedded: EmbeddedPostgres | None = None
        self.children: list[Child] = []
        self._is_ready = False

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start the database, bring its schema up to date, prove the secrets, start the processes.

        Raises one of `supervised.REFUSALS` when something is not as it must be.
        """
        require_readable_allow(self.settings)
        require_free_port(self.settings.host, self.settings.port)
        try:
            server = self._stack.enter_context(
                database_server(
                    self.settings, keeps_data=self._keeps_data, options=self._database_options
                )
            )
            self.dsn = server.dsn
            self._embedded = server.embedded
            self.is_first_start = asyncio.run(prepare_database(self.settings, server))
            environment = self._child_environment(server.dsn)
            for name, command in self._commands.items():
                child = Child(name, command, environment)
                self.children.append(child)
                child.start()
        except BaseException:
            self.stop()
            raise

    def tend(self) -> None:
        """Look after everything once: dead processes, a dead database, the first readiness."""
        if self._embedded is not None and not self._embedded.is_running():
            log.error("database died; starting it again")
            try:
                self._embedded.ensure_running()
            except EmbeddedPostgresError as error:
                log.error("database did not start; trying again", reason=str(error))  # noqa: TRY400
        for child in self.children:
            child.tend()
        if not self._is_ready and can_connect(self.settings.host, self.settings.port):
            self._is_ready = True
            log.info("ready", url=self.settings.base_url)
            self._when_ready(self)

    def wait_ready(self, seconds: float = 60.0) -> None:
        """Block until the API accepts connections. Raises TimeoutError."""
        deadline = time.monotonic() + seconds
        while not self._is_ready:
            if time.monotonic() > deadline:
                raise TimeoutError(f"The API did not open its port in {seconds:.0f} s.")
            self.tend()
            time.sleep(_STARTING_SECONDS)

    def stop(self) -> None:
        """Stop the processes, then the database unless somebody else uses it."""
        deadline = time.monotonic() + _STOP_SECONDS
        for child in self.children:
            child.ask_to_stop()
        for child in self.children:
            child.finish(deadline)
        self.children.clear()
        self._stack.close()

    def run(self) -> int:
        """Run until SIGTERM, SIGINT or SIGHUP and return the exit status; no event loop may run.

        A second signal while stopping is left to the system's default: it ends us at once, and the
        guards end the rest.
        """
        with _Signals() as signals:
            try:
                with self:
                    while signals.wait(_IDLE_SECONDS if self._is_ready else _STARTING_SECONDS):
                        self.tend()
                    signals.restore()
            except ProcessRefused as error:
                return error.status
        return 0

    def _child_environment(self, dsn: str) -> dict[str, str]:
        settings = replace(self.settings, database_url=dsn)
        return {**os.environ, **to_environment(settings)}


async def prepare_database(settings: Settings, server: DatabaseServer) -> bool:
    """Check the database, migrate it when it is behind, and hold the secrets to it.

    Returns whether it had no schema before.
    """
    if server.embedded is None:
        await check_database(server.dsn)
    connection = await connect(server.dsn)
    try:
        revision = await find_revision(connection)
        if not await is_current(connection):
            if server.embedded is not None:
                back_up_before_upgrade(server.embedded, revision)
            await _migrate(server.dsn)
        await load_secrets(settings, connection)
        return revision is None
    finally:
        await connection.close()


def require_free_port(host: str, port: int) -> None:
    """Raise SettingsError when another program listens there.

    Waits a moment: the processes of a supervisor killed just now give their port back in a second.
    """
    deadline = time.monotonic() + _PORT_WAIT_SECONDS
    while (problem := _try_bind(host, port)) is not None:
        if problem.errno != errno.EADDRINUSE:
            raise SettingsError(
                f"Cannot listen on {host} port {port} ({_reason(problem)}). Choose an address of"
                " this machine with --host, and a port that this user may open with --port."
            )
        if time.monotonic() > deadline:
            raise SettingsError(
                f"Cannot listen on {host} port {port} ({_reason(problem)}). End the program that"
                " listens there, or choose another port with --port."
            )
        time.sleep(_STARTING_SECONDS)


def find_free_port(host: str, preferred: int) -> int:
    """Return the preferred port, or any free one when it is taken, or 0."""
    if preferred and _try_bind(host, preferred) is None:
        return preferred
    with socket.create_server((host, 0), family=_family(host)) as listener:
        port: int = listener.getsockname()[1]
        return port


def can_connect(host: str, port: int) -> bool:
    """Whether something accepts connections there."""
    target = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  a comparison
    try:
        socket.create_connection((target, port), timeout=1.0).close()
    except OSError:
        return False
    return True


async def _migrate(dsn: str) -> None:
    """Migrate in a process of its own: its libraries are large, and we stay for months."""
    environment = {**os.environ, "JUSTPAID_DATABASE_URL": dsn}
    command = [sys.executable, "-m", "justpaid.cli", "migrate"]
    process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=sys.stderr)
    if await process.wait() != 0:
        raise EmbeddedPostgresError("The database could not be migrated; the reason stands above.")


def _try_bind(host: str, port: int) -> OSError | None:
    try:
        socket.create_server((host, port), family=_family(host)).close()
    except OSError as error:
        return error
    return None


def _reason(error: OSError) -> str:
    """Say what went wrong without the address, which Python appends to some reasons."""
    return (error.strerror or str(error)).split(" (while", 1)[0]


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


class _Signals:
    """SIGTERM and SIGINT as a flag, and SIGCHLD as a reason to look at once."""

    def __init__(self) -> None:
        self._stop = False
        self._read, self._write = socket.socketpair()
        self._selector = selectors.DefaultSelector()
        self._taken: list[signal.Signals] = []

    def __enter__(self) -> Self:
        self._read.settimeout(0)
        self._write.settimeout(0)
        self._selector.register(self._read, selectors.EVENT_READ)
        signal.set_wakeup_fd(self._write.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
            if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
                signal.signal(number, self._note)
                self._taken.append(number)
        return self

    def __exit__(self, *_: object) -> None:
        self.restore()
        signal.set_wakeup_fd(-1)
        self._selector.close()
        self._read.close()
        self._write.close()

    def wait(self, seconds: float) -> bool:
        """Sleep until a signal or the time is over; False when it is time to stop."""
        if not self._stop and self._selector.select(seconds):
            with contextlib.suppress(BlockingIOError):
                self._read.recv(4096)
        return not self._stop

    def restore(self) -> None:
        """Give the signals back their default."""
        for number in self._taken:
            signal.signal(number, signal.SIG_DFL)

    def _note(self, number: int, _: object) -> None:
        if number != signal.SIGCHLD:
            self._stop = True
