"""Puts a new master key into the secrets file, takes older ones out, and notices that it was done.

Guarantee: the file is replaced as a whole, so a reader sees the old ring or the new one; and no
process takes up a ring in which a version that it knows has another secret.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from justpaid.db.pool import Connection
from justpaid.db.secrets import (
    SecretRing,
    SecretsError,
    VersionedSecret,
    make_secret,
    read_secrets,
    read_secrets_file,
    secrets_path,
    variable_of,
    write_beside,
    write_secret,
)
from justpaid.settings import Settings

MASTER_KEY: Final = "master_key"

_LOCK: Final = 0x6A7570_03
_TAKE_TURN: Final = "SELECT pg_advisory_lock($1)"
_GIVE_TURN: Final = "SELECT pg_advisory_unlock($1)"
_FORGET: Final = "DELETE FROM secret_canaries WHERE name = $1 AND version <> $2"


def is_in_environment(settings: Settings) -> bool:
    """Say whether the master key, or an older one, is set where no command can change it."""
    return settings.master_key is not None or settings.master_key_previous is not None


def begin_rotation(settings: Settings) -> SecretRing:
    """Put a new master key in front of those in the file; return the ring that this makes."""
    known = read_secrets(settings).master_key
    new = make_secret(max(each.version for each in known.all) + 1)
    _write(settings, new, known.all)
    return read_secrets(settings).master_key


def remove_older(settings: Settings) -> None:
    """Leave the current master key alone in the file."""
    _write(settings, read_secrets(settings).master_key.current, ())


@asynccontextmanager
async def one_at_a_time(connection: Connection) -> AsyncGenerator[None]:
    """Let no two operators rotate at once: the second finds what the first one has made."""
    await connection.execute(_TAKE_TURN, _LOCK)
    try:
        yield
    finally:
        await connection.execute(_GIVE_TURN, _LOCK)


async def forget_older(connection: Connection, ring: SecretRing) -> None:
    """Let processes start without the older master keys."""
    await connection.execute(_FORGET, MASTER_KEY, ring.current.version)


class MasterKeyWatch:
    """Reads the master keys again once the secrets file has changed; quick when it has not."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._seen: tuple[int, int] | None = None

    def __call__(self) -> SecretRing | None:
        """Return the ring when it may be another than last time, else None."""
        seen = _stamp(secrets_path(self._settings))
        if seen is None or seen == self._seen:
            return None
        self._seen = seen
        try:
            return read_secrets(self._settings).master_key
        except (SecretsError, OSError):  # half of an edit by hand: what is known goes on
            return None


def _write(
    settings: Settings, current: VersionedSecret, older: tuple[VersionedSecret, ...]
) -> None:
    path, name = secrets_path(settings), variable_of(MASTER_KEY)
    if name not in read_secrets_file(path):
        raise SecretsError(f"{name} is not in {path}.")
    previous = f"{name}_PREVIOUS"
    kept = [
        line
        for line in path.read_text().splitlines()
        if line.partition("=")[0].strip() not in {name, previous}
    ]
    kept.append(f"{name}={write_secret(current)}")
    if older:
        kept.append(f"{previous}={','.join(map(write_secret, older))}")
    _replace(path, "\n".join(kept) + "\n")


def _replace(path: Path, text: str) -> None:
    half_made: Path | None = None
    try:
        half_made = write_beside(path, text)
        half_made.replace(path)
    except OSError as error:  # a read-only folder, or a file that is mounted by itself
        if half_made is not None:
            half_made.unlink(missing_ok=True)
        raise SecretsError(f"{path} cannot be changed: {error.strerror}.") from None


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns
