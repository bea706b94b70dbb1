"""One PostgreSQL cluster on disk and its processes: make it, configure it, find and launch it."""

import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from justpaid.db.embedded_binaries import Binaries
from justpaid.db.embedded_home import EmbeddedPostgresError, Home, current_user_name

SUPERUSER: Final = "postgres"
ROLE: Final = "justpaid"
DATABASE: Final = "justpaid"

_BUILTIN_LOCALE_MAJOR: Final = 17
_PID_FILE_LINES: Final = 8
_LOG_KEEP_BYTES: Final = 8 * 1024 * 1024
_LOG_TAIL_BYTES: Final = 2000
_SETTINGS_FILE: Final = "justpaid.conf"
_SETTINGS: Final = """\
# Written at every start; an operator's own settings go through ALTER SYSTEM, which wins.
max_connections = 200
shared_buffers = 128MB
work_mem = 8MB
maintenance_work_mem = 64MB
effective_cache_size = 1GB
random_page_cost = 1.1
jit = off
synchronous_commit = on
wal_compression = on
max_wal_size = 1GB
min_wal_size = 80MB
checkpoint_timeout = 15min
max_wal_senders = 0
autovacuum_naptime = 15s
autovacuum_vacuum_scale_factor = 0.05
autovacuum_analyze_scale_factor = 0.05
timezone = 'UTC'
log_timezone = 'UTC'
log_checkpoints = off
log_line_prefix = '%m [%p] '
"""
_ROLE_AND_DATABASE: Final = (
    f"CREATE ROLE {ROLE} LOGIN CREATEDB NOSUPERUSER;\nCREATE DATABASE {DATABASE} OWNER {ROLE};\n"
)


@dataclass(frozen=True, slots=True)
class Postmaster:
    """A server that runs: its process and where it listens."""

    pid: int
    socket_dir: Path


def major_of(home: Home) -> int | None:
    """Return the PostgreSQL version that made the cluster; None before there is one."""
    try:
        return int((home.cluster / "PG_VERSION").read_text())
    except FileNotFoundError:
        return None


def create(home: Home, binaries: Binaries) -> None:
    """Make the cluster with its role and database; a half-made one is begun anew."""
    half_made = home.cluster.with_name(f"{home.cluster.name}.new")
    shutil.rmtree(half_made, ignore_errors=True)
    half_made.mkdir(mode=0o700)
    home.give(half_made)
    locale = ["--locale=C"]
    if binaries.major >= _BUILTIN_LOCALE_MAJOR:
        locale += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    _run(
        home,
        [
            *(binaries.program("initdb"), "-D", str(half_made), "-U", SUPERUSER),
            *("--encoding=UTF8", *locale, "--data-checksums"),
            *("--auth-local=peer", "--auth-host=reject"),
        ],
    )
    single = [binaries.program("postgres"), "--single", "-j", "-D", str(half_made), "postgres"]
    for statement in _ROLE_AND_DATABASE.splitlines():
        _run(home, single, statement)
    half_made.rename(home.cluster)


def configure(home: Home) -> None:
    """Write the settings and who may log in: the server's user and root, by their system names."""
    _write(home, _SETTINGS_FILE, _SETTINGS)
    _write(home, "pg_hba.conf", "local all all peer map=justpaid\n")
    names = {"root", home.user.name if home.user else current_user_name()}
    roles = [(name, role) for name in sorted(names) for role in (ROLE, SUPERUSER)]
    _write(home, "pg_ident.conf", "".join(f'justpaid "{name}" {role}\n' for name, role in roles))
    main_file = home.cluster / "postgresql.conf"
    include = f"include_if_exists = '{_SETTINGS_FILE}'\n"
    if include not in main_file.read_text():
        with main_file.open("a") as file:
            file.write(f"\n{include}")


def find_postmaster(home: Home, *, is_ready: bool = True) -> Postmaster | None:
    """Return the server of this cluster when it runs (and, unless told, accepts connections)."""
    try:
        lines = (home.cluster / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return None
    if len(lines) < _PID_FILE_LINES and (is_ready or not lines):
        return None
    if is_ready and lines[7].strip() != "ready":
        return None
    pid = int(lines[0])
    if not is_postmaster(pid, home):
        return None
    socket_dir = lines[4] if len(lines) >= _PID_FILE_LINES else str(home.folder)
    return Postmaster(pid, Path(socket_dir))


def await_postmaster(home: Home, seconds: float) -> Postmaster | None:
    """Return the running server, waiting for one that is still starting or stopping."""
    deadline = time.monotonic() + seconds
    while find_postmaster(home, is_ready=False) is not None:
        postmaster = find_postmaster(home)
        if postmaster is not None:
            return postmaster
        if time.monotonic() > deadline:
            raise EmbeddedPostgresError(
                f"A server of {home.cluster} runs but accepts no connections; see {home.log}."
            )
        time.sleep(0.02)
    return None


def is_postmaster(pid: int, home: Home) -> bool:
    """Whether the process is this cluster's server, and not another one of the same number."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return False  # another user's process: ours would be our own, or anybody's for root
    if Path("/proc/self/cwd").exists():
        try:
            # A server's working directory is its cluster; a dead one not yet reaped has none.
            return Path(f"/proc/{pid}/cwd").readlink() == home.cluster
        except OSError:
            return False
    answer = subprocess.run(  # noqa: S603  fixed words and a number
        ["/bin/ps", "-o", "state=,command=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
    )
    return str(home.cluster) in answer.stdout and not answer.stdout.startswith("Z")


def remove_stale_pid_file(home: Home) -> None:
    """Remove the note of a dead server whose process number now belongs to something else.

    PostgreSQL refuses to start then, as after a container's restart. Its shared memory still
    protects the cluster from a second server.
    """
    if find_postmaster(home, is_ready=False) is None:
        (home.cluster / "postmaster.pid").unlink(missing_ok=True)


def launch(home: Home, command: list[str]) -> subprocess.Popen[bytes]:
    """Start the server as its user, in a session of its own so that a terminal's Ctrl-C passes."""
    if home.log.exists() and home.log.stat().st_size > _LOG_KEEP_BYTES:
        home.log.replace(home.log.with_name(f"{home.log.name}.1"))
    descriptor = os.open(home.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        home.give(home.log)
        return subprocess.Popen(  # noqa: S603  our own program and our own arguments
            command,
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=descriptor,
            cwd="/",
            env=_environment(),
            start_new_session=True,
            umask=0o077,
            user=home.user.uid if home.user else None,
            group=home.user.gid if home.user else None,
            extra_groups=[] if home.user else None,
        )
    finally:
        os.close(descriptor)


def start_guard(home: Home, pid: int) -> subprocess.Popen[bytes]:
    """Start a process that stops the server when the pipe to us closes: when we are gone."""
    return subprocess.Popen(  # noqa: S603  fixed words and a number
        ["/bin/sh", "-c", 'read -r _; kill -INT "$1" 2>/dev/null', "sh", str(pid)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env=_environment(),
        start_new_session=True,
        user=home.user.uid if home.user else None,
        group=home.user.gid if home.user else None,
        extra_groups=[] if home.user else None,
    )


def log_tail(home: Home) -> str:
    """Return the end of the server's log."""
    raw = home.log.read_bytes()[-_LOG_TAIL_BYTES:]
    return raw.decode(errors="replace").strip()


def _run(home: Home, command: list[str], text: str = "") -> None:
    answer = subprocess.run(  # noqa: S603  our own program and our own arguments
        command,
        input=f"{text}\n",
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env=_environment(),
        umask=0o077,
        user=home.user.uid if home.user else None,
        group=home.user.gid if home.user else None,
        extra_groups=[] if home.user else None,
    )
    failed = answer.returncode != 0 or "ERROR" in answer.stderr
    if failed:
        raise EmbeddedPostgresError(
            f"The embedded database could not be made: {Path(command[0]).name} said:\n"
            f"{answer.stderr.strip() or answer.stdout.strip()}"
        )


def _environment() -> dict[str, str]:
    """Return what the server needs of ours, without the PG* variables of somebody's client."""
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC", **kept}


def _write(home: Home, name: str, text: str) -> None:
    path = home.cluster / name
    path.write_text(text)
    path.chmod(0o600)
    home.give(path)
