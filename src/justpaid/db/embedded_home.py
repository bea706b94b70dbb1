"""Where the embedded database lives, which system user owns it, and the locks around it.

An ordinary user's database stands inside the data dir. PostgreSQL refuses to run as root, so for
root a system user runs it in a folder of its own, which a note in the data dir names. Permissions
of folders that exist already are left alone.
"""

import fcntl
import hashlib
import os
import pwd
import re
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SYSTEM_ROOT: Final = Path("/var/lib/justpaid")
SYSTEM_USER: Final = "justpaid"
PORT: Final = 5432

_CLUSTER: Final = "postgres"
_NOTE: Final = "database-location"
_SOCKET_NAME: Final = f".s.PGSQL.{PORT}"
_SOCKET_PATH_BYTES: Final = 107
# A comma separates hosts in a connection address and in the server's own setting.
_PLAIN_PATH: Final = re.compile(r"[A-Za-z0-9_./@+-]+")
_LOCK_WAIT_SECONDS: Final = 300.0


class EmbeddedPostgresError(Exception):
    """The embedded database cannot be used; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class ServerUser:
    """The system user the server runs as when we are root."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Home:
    """The folders of one embedded database."""

    data_dir: Path
    folder: Path
    user: ServerUser | None

    @property
    def cluster(self) -> Path:
        """The server's own data directory."""
        return self.folder / _CLUSTER

    @property
    def log(self) -> Path:
        """What the server prints."""
        return self.folder / "postgres.log"

    @property
    def note(self) -> Path:
        """The file in the data dir that names a folder elsewhere."""
        return self.data_dir / _NOTE

    @property
    def is_outside(self) -> bool:
        """Whether it lies in a system folder rather than in the data dir."""
        return self.folder != self.data_dir

    def give(self, path: Path) -> None:
        """Make the server's user the owner of something we made for it."""
        if self.user is not None:
            os.chown(path, self.user.uid, self.user.gid)


def open_home(data_dir: Path) -> Home:
    """Find or make the folder of a data dir's database; the caller holds the start lock."""
    note = data_dir / _NOTE
    if os.geteuid() != 0:
        if note.exists():
            raise EmbeddedPostgresError(
                f"The database of {data_dir} was made by root: run as root."
            )
        return Home(data_dir, data_dir, None)
    owner = data_dir.stat().st_uid
    if owner != 0:
        # An ordinary user's data dir: the server runs as that user, whoever starts it.
        return Home(data_dir, data_dir, _user_of(owner))
    if note.exists():
        return _noted_home(data_dir, note)
    user = _system_user()
    with system_lock():
        folder = _free_folder(data_dir)
        folder.mkdir(mode=0o700)
    home = Home(data_dir, folder, user)
    home.give(folder)
    note.write_text(f"{folder}\n")
    return home


def has_database(data_dir: Path) -> bool:
    """Whether a database was made for a data dir, here or in the folder that its note names."""
    folder = data_dir.expanduser().absolute()
    return (folder / _CLUSTER).exists() or (folder / _NOTE).exists()


@contextmanager
def system_lock() -> Generator[Path]:
    """Hold the lock around what databases of several data dirs share, and yield their folder."""
    try:
        SYSTEM_ROOT.mkdir(mode=0o711, parents=True, exist_ok=True)
    except OSError as error:
        raise EmbeddedPostgresError(
            f"Cannot make {SYSTEM_ROOT}, where root's embedded database lives ({error.strerror})."
            " Run as an ordinary user, or set DATABASE_URL to a PostgreSQL of your own."
        ) from None
    with locked(SYSTEM_ROOT / "lock"):
        yield SYSTEM_ROOT


@contextmanager
def locked(path: Path) -> Generator[None]:
    """Hold an exclusive lock on a file, waiting for whoever has it."""
    descriptor = open_lock(path)
    try:
        deadline = time.monotonic() + _LOCK_WAIT_SECONDS
        while not try_lock(descriptor, fcntl.LOCK_EX):
            if time.monotonic() > deadline:
                raise EmbeddedPostgresError(
                    f"Another process has held {path} for {_LOCK_WAIT_SECONDS:.0f} s while it"
                    " starts or stops the database. End it, then try again."
                )
            time.sleep(0.02)
        yield
    finally:
        os.close(descriptor)


def open_lock(path: Path) -> int:
    """Open a lock file, making it as the property of its folder's owner."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.fchown(descriptor, owner.st_uid, owner.st_gid)
    return descriptor


def try_lock(descriptor: int, kind: int) -> bool:
    """Take or convert a lock without waiting; False when somebody else's forbids it."""
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def make_data_dir(path: Path) -> Path:
    """Make the data dir with mode 0700, or narrow the one that is there, and return its full path.

    A folder that others must be able to enter (`/`, a home, one with the sticky bit) is refused.
    """
    folder = path.expanduser().absolute()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = folder.resolve(strict=True)
        status = folder.stat()
    except OSError as error:
        raise EmbeddedPostgresError(
            f"Cannot use the data dir {folder} ({error.strerror}). Name another with --data-dir."
        ) from None
    if status.st_uid not in {os.geteuid(), 0} and os.geteuid() != 0:
        raise EmbeddedPostgresError(f"The data dir {folder} belongs to another user.")
    if not stat.S_IMODE(status.st_mode) & 0o077:
        return folder
    if status.st_mode & stat.S_ISVTX or folder in {Path("/"), Path.home()}:
        raise EmbeddedPostgresError(
            f"{folder} cannot be the data dir, which only its owner may enter. Name a folder below"
            " it with --data-dir."
        )
    folder.chmod(0o700)
    return folder


def socket_folder(home: Home) -> Path:
    """Make the private folder of the server's socket, a short one where the path is too long."""
    folder = home.folder / "socket"
    if _fits(folder):
        folder.mkdir(mode=0o700, exist_ok=True)
        home.give(folder)
        return folder
    uid = home.user.uid if home.user else os.geteuid()
    short = Path("/tmp") / f"justpaid-{uid}-{_hash_of(home.data_dir)}"  # noqa: S108  checked below
    try:
        short.mkdir(mode=0o700)
    except FileExistsError:
        status = short.lstat()
        is_ours = status.st_uid in {uid, os.geteuid()} and stat.S_ISDIR(status.st_mode)
        if not is_ours or stat.S_IMODE(status.st_mode) != 0o700:  # noqa: PLR2004
            # Somebody else may have made that name to listen in our place.
            short = Path(tempfile.mkdtemp(prefix="justpaid-", dir="/tmp"))
    home.give(short)
    return short


def current_user_name() -> str:
    """Return the system name of the effective user, which PostgreSQL needs to know its peers."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        raise EmbeddedPostgresError(
            f"User id {os.geteuid()} has no name on this system, and PostgreSQL needs one. Add it"
            " to /etc/passwd, run as another user, or set DATABASE_URL to a PostgreSQL of your own."
        ) from None


def _noted_home(data_dir: Path, note: Path) -> Home:
    folder = Path(note.read_text().strip())
    if not folder.is_dir():
        raise EmbeddedPostgresError(
            f"{note} says that the database lies in {folder}, which is not there. Bring it back, or"
            " remove the note to begin with an empty database."
        )
    return Home(data_dir, folder, _user_of(folder.stat().st_uid))


def _free_folder(data_dir: Path) -> Path:
    """Name a new folder after the data dir; an older one of that name belonged to a deleted one."""
    name = _hash_of(data_dir)
    number = 1
    while (SYSTEM_ROOT / name).exists():
        number += 1
        name = f"{_hash_of(data_dir)}-{number}"
    return SYSTEM_ROOT / name


def _system_user() -> ServerUser:
    for command in _user_commands():
        user = _find_user()
        if user is not None:
            return user
        # Losing a race against another starter shows as a failure here and as a user after it.
        subprocess.run(command, capture_output=True, check=False)  # noqa: S603
    user = _find_user()
    if user is None:
        raise EmbeddedPostgresError(
            f"PostgreSQL does not run as root, and the system user {SYSTEM_USER} could not be made."
            f" Make it (useradd --system {SYSTEM_USER}), run as an ordinary user, or set"
            " DATABASE_URL to a PostgreSQL of your own."
        )
    return user


def _user_commands() -> Iterator[list[str]]:
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if useradd is not None:
        flags = ["--system", "--user-group", "--no-create-home", "--home-dir", str(SYSTEM_ROOT)]
        yield [useradd, *flags, "--shell", "/usr/sbin/nologin", SYSTEM_USER]
    adduser = shutil.which("adduser", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if adduser is not None:  # BusyBox
        yield [adduser, "-S", "-D", "-H", "-h", str(SYSTEM_ROOT), SYSTEM_USER]


def _find_user() -> ServerUser | None:
    try:
        entry = pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        return None
    return ServerUser(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _user_of(uid: int) -> ServerUser:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        raise EmbeddedPostgresError(
            f"The database's folder belongs to user id {uid}, which has no name on this system."
        ) from None
    return ServerUser(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _fits(folder: Path) -> bool:
    path = os.fsencode(folder / _SOCKET_NAME)
    return len(path) <= _SOCKET_PATH_BYTES and _PLAIN_PATH.fullmatch(str(folder)) is not None


def _hash_of(data_dir: Path) -> str:
    return hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
