"""The embedded PostgreSQL with real processes: one server, whoever starts, dies or comes back."""

import asyncio
import json
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest

from justpaid.db.embedded import EmbeddedPostgres, start_embedded
from justpaid.db.embedded_backup import back_up_before_upgrade
from justpaid.db.embedded_binaries import Binaries, find_binaries, reachable_binaries
from justpaid.db.embedded_home import EmbeddedPostgresError, ServerUser, make_data_dir
from justpaid.db.pool import connect

OPTIONS = {"fsync": "off"}
PATIENCE_SECONDS = 30.0

START_AND_WAIT = """
import json, sys, time
from pathlib import Path
from justpaid.db.embedded import start_embedded
embedded = start_embedded(
    Path(sys.argv[1]), options={"fsync": "off"}, dies_with_us=sys.argv[2] == "dies"
)
print(json.dumps({"pid": embedded.pid, "adopted": embedded.was_adopted}), flush=True)
sys.stdin.read()
embedded.stop()
"""

# Drops root for good inside the interpreter, whose own files that user may not be able to open.
AS_ORDINARY_USER = """
import asyncio, json, os, pwd, sys
from pathlib import Path
import asyncpg
from justpaid.db.embedded import start_embedded
from justpaid.db.embedded_binaries import find_binaries, reachable_binaries
from justpaid.db.embedded_home import ServerUser
from justpaid.db.pool import connect
if os.geteuid() == 0:
    entry = pwd.getpwnam("nobody")
    user = ServerUser(entry.pw_name, entry.pw_uid, entry.pw_gid)
    programs = reachable_binaries(find_binaries(), user, Path(sys.argv[2])).folder
    sys.path.insert(0, str(programs.parents[2]))
    os.setgroups([]); os.setgid(user.gid); os.setuid(user.uid)
with start_embedded(Path(sys.argv[1]), options={"fsync": "off"}) as embedded:
    async def ask():
        connection = await connect(embedded.dsn)
        owner = await connection.fetchval("SELECT current_user")
        await connection.close()
        return owner
    print(json.dumps({"role": asyncio.run(ask()), "folder": str(embedded.folder),
                      "uid": os.stat(f"/proc/{embedded.pid}").st_uid, "me": os.geteuid()}))
"""


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    """Give a data dir, and remove whatever database was made for it."""
    path = tmp_path / "data"
    yield path
    if path.exists():
        start_embedded(path, options=OPTIONS).destroy()


def test_data_outlive_a_stop(data_dir: Path) -> None:
    """What was committed is there after a stop and a start, at the same address."""
    with start_embedded(data_dir, options=OPTIONS) as embedded:
        first = embedded.dsn
        _execute(first, "CREATE TABLE kept AS SELECT 42 AS value")
    assert not embedded.is_running()
    with start_embedded(data_dir, options=OPTIONS) as embedded:
        assert embedded.dsn == first
        assert _ask(embedded.dsn, "SELECT value FROM kept") == 42


def test_only_its_owner_gets_in(data_dir: Path) -> None:
    """Nobody but the server's user and root reaches it: no TCP, a private socket, no superuser."""
    with start_embedded(data_dir, options=OPTIONS) as embedded:
        assert _ask(embedded.dsn, "SHOW listen_addresses") == ""
        assert stat.S_IMODE(embedded.socket_dir.stat().st_mode) == 0o700
        assert stat.S_IMODE(data_dir.stat().st_mode) == 0o700
        assert (
            _ask(embedded.dsn, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
            is False
        )
        stranger = embedded.dsn.replace("justpaid@", "stranger@")
        with pytest.raises(asyncpg.PostgresError):
            _ask(stranger, "SELECT 1")


def test_root_never_runs_the_server(data_dir: Path) -> None:
    """As root a system user runs it in its own folder, named in the data dir; else it is ours."""
    with start_embedded(data_dir, options=OPTIONS) as embedded:
        owner = Path(f"/proc/{embedded.pid}").stat().st_uid
        assert owner != 0
        if os.geteuid() == 0:
            assert Path((data_dir / "database-location").read_text().strip()) == embedded.folder
            assert data_dir not in embedded.folder.parents
        else:
            assert (owner, embedded.folder) == (os.geteuid(), data_dir)


def test_an_ordinary_user_needs_no_root() -> None:
    """An ordinary user's database runs as that user, inside the data dir."""
    home = Path(tempfile.mkdtemp(dir="/tmp"))
    shared = Path(tempfile.mkdtemp(dir="/tmp"))
    try:
        shared.chmod(0o755)
        if os.geteuid() == 0:
            shutil.chown(home, "nobody")
        found = _run(AS_ORDINARY_USER, str(home / "data"), str(shared))
        assert found["role"] == "justpaid"
        assert found["uid"] == found["me"] != 0
        assert found["folder"] == str(home / "data")
    finally:
        shutil.rmtree(home)
        shutil.rmtree(shared)


def test_other_folders_are_left_alone(data_dir: Path) -> None:
    """Parents keep their permissions, and files that lie in the data dir stay."""
    data_dir.parent.chmod(0o710)
    data_dir.mkdir(mode=0o755)
    (data_dir / "notes.txt").write_text("mine")
    with start_embedded(data_dir, options=OPTIONS):
        assert stat.S_IMODE(data_dir.parent.stat().st_mode) == 0o710
        assert (data_dir / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("path", [Path("/"), Path("/tmp"), Path.home()], ids=str)  # noqa: S108
def test_a_folder_others_need_is_no_data_dir(path: Path) -> None:
    """A data dir is private, so a folder that others must enter is refused, not narrowed."""
    before = path.stat().st_mode
    if stat.S_IMODE(before) & 0o077:
        with pytest.raises(EmbeddedPostgresError, match="data dir"):
            make_data_dir(path)
    assert path.stat().st_mode == before


def test_a_path_too_long_for_a_socket(data_dir: Path) -> None:
    """A data dir whose socket path would not fit, or would be read as a list, works too."""
    deep = data_dir.parent / ("x" * 120) / "a,b c"
    embedded = start_embedded(deep, options=OPTIONS)
    try:
        assert len(os.fsencode(embedded.socket_dir / ".s.PGSQL.5432")) <= 107
        assert _ask(embedded.dsn, "SELECT 1") == 1
    finally:
        embedded.destroy()


def test_a_running_server_is_adopted(data_dir: Path) -> None:
    """A second start finds the first one's server, and the last to leave stops it."""
    first = start_embedded(data_dir, options=OPTIONS)
    second = start_embedded(data_dir, options=OPTIONS)
    assert (second.pid, second.was_adopted) == (first.pid, True)
    assert first.stop() is False
    assert _ask(second.dsn, "SELECT 1") == 1
    assert second.stop() is True
    assert not second.is_running()


def test_two_starters_make_one_server(data_dir: Path) -> None:
    """Two processes that start at the same moment on an empty data dir share one server."""
    starters = [_start_elsewhere(data_dir, "stays") for _ in range(2)]
    answers = [_read_answer(process) for process in starters]
    assert answers[0]["pid"] == answers[1]["pid"]
    assert sorted(answer["adopted"] for answer in answers) == [False, True]
    for process in starters:
        _end(process)
    _await(lambda: not _is_alive(answers[0]["pid"]))


def test_a_starter_that_is_killed_leaves_the_server(data_dir: Path) -> None:
    """After kill -9 of whoever started it the server lives, and the next start adopts it."""
    starter = _start_elsewhere(data_dir, "stays")
    pid = _read_answer(starter)["pid"]
    starter.kill()
    _end(starter)
    with start_embedded(data_dir, options=OPTIONS) as embedded:
        assert (embedded.pid, embedded.was_adopted) == (pid, True)
    _await(lambda: not _is_alive(pid))


def test_a_server_can_end_with_its_starter(data_dir: Path) -> None:
    """On request the server ends when its starter is killed: a test leaves nothing behind."""
    starter = _start_elsewhere(data_dir, "dies")
    pid = _read_answer(starter)["pid"]
    starter.kill()
    _end(starter)
    _await(lambda: not _is_alive(pid))


def test_a_killed_server_comes_back(data_dir: Path) -> None:
    """After kill -9 of the server the same handle starts it again with every committed row."""
    with start_embedded(data_dir, options={}) as embedded:
        _execute(embedded.dsn, "CREATE TABLE kept AS SELECT 7 AS value")
        killed = embedded.pid
        os.kill(killed, signal.SIGKILL)
        _await(lambda: not embedded.is_running())
        embedded.ensure_running()
        assert embedded.pid != killed
        assert _ask(embedded.dsn, "SELECT value FROM kept") == 7


def test_a_stale_pid_file_of_a_living_process(data_dir: Path) -> None:
    """A note that names a process number now used by another program does not stop the start."""
    with start_embedded(data_dir, options=OPTIONS) as embedded:
        cluster = embedded.folder / "postgres"
        lines = (cluster / "postmaster.pid").read_text().splitlines()
        owner = cluster.stat()
    sleeper = _sleep_as(owner.st_uid, owner.st_gid)
    try:
        (cluster / "postmaster.pid").write_text("\n".join([str(sleeper.pid), *lines[1:], ""]))
        with start_embedded(data_dir, options=OPTIONS) as embedded:
            assert embedded.was_adopted is False
            assert _ask(embedded.dsn, "SELECT 1") == 1
    finally:
        _end(sleeper)


def test_programs_in_a_private_folder_are_copied(tmp_path: Path) -> None:
    """A server's user that cannot reach the installed programs gets a copy that runs."""
    installed = find_binaries()
    site = installed.folder.parents[2]
    private = tmp_path / "private"
    package = installed.folder.parents[1].name
    shutil.copytree(
        installed.folder.parent, private / package / installed.folder.parent.name, symlinks=True
    )
    if (site / f"{package}.libs").is_dir():
        shutil.copytree(site / f"{package}.libs", private / f"{package}.libs")
    private.chmod(0o700)
    hidden = Binaries(private / package / installed.folder.parent.name / "bin", installed.major)
    entry = pwd.getpwnam("nobody")
    user = ServerUser("nobody", entry.pw_uid, entry.pw_gid)
    copied = reachable_binaries(hidden, user, tmp_path / "shared")
    assert tmp_path / "shared" in copied.folder.parents
    assert stat.S_IMODE(private.stat().st_mode) == 0o700
    answer = subprocess.run(
        [copied.program("initdb"), "--version"], capture_output=True, text=True, check=True
    )
    assert str(installed.major) in answer.stdout
    assert reachable_binaries(hidden, user, tmp_path / "shared") == copied


def test_a_handle_that_was_never_started_says_so(tmp_path: Path) -> None:
    """Using a handle before its start is a clear error, not an address of nothing."""
    with pytest.raises(EmbeddedPostgresError, match="has not been started"):
        _ = EmbeddedPostgres(tmp_path, {}).dsn


def test_an_upgrade_begins_with_a_copy(data_dir: Path) -> None:
    """Before a schema changes the database is copied, privately; before the first there is none."""
    with start_embedded(data_dir, options=OPTIONS) as embedded:
        assert back_up_before_upgrade(embedded, None) is None
        _execute(embedded.dsn, "CREATE TABLE kept AS SELECT 42 AS value")
        path = back_up_before_upgrade(embedded, "0001")
        assert path is not None
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        listing = subprocess.run(
            [embedded.programs / "pg_restore", "--list", path],
            capture_output=True,
            text=True,
            check=True,
        )
        assert "TABLE DATA public kept" in listing.stdout


def _execute(dsn: str, statement: str) -> None:
    async def run() -> None:
        connection = await connect(dsn)
        await connection.execute(statement)
        await connection.close()

    asyncio.run(run())


def _ask(dsn: str, query: str) -> object:
    async def run() -> object:
        connection = await connect(dsn)
        try:
            return await connection.fetchval(query)
        finally:
            await connection.close()

    return asyncio.run(run())


def _run(script: str, *arguments: str) -> dict[str, object]:
    answer = subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


def _start_elsewhere(data_dir: Path, end: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", START_AND_WAIT, str(data_dir), end],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _read_answer(process: subprocess.Popen[str]) -> dict[str, int]:
    assert process.stdout is not None
    return json.loads(process.stdout.readline())


def _sleep_as(uid: int, gid: int) -> subprocess.Popen[str]:
    """Start a program of the server's user that is not a server."""
    return subprocess.Popen(
        ["/bin/sh", "-c", "read -r _"],
        stdin=subprocess.PIPE,
        text=True,
        user=uid if os.geteuid() == 0 else None,
        group=gid if os.geteuid() == 0 else None,
    )


def _end(process: subprocess.Popen[str]) -> None:
    process.communicate()


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _await(claim: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not claim():
        assert time.monotonic() < deadline, "the state did not come"
        time.sleep(0.02)
