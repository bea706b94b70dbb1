"""The three secrets that live outside the database, and the proof that they are its own.

Guarantee: a process starts with exactly the pepper, master key and audit key that the database was
made with (and every older one that is still in use), or refuses and says which one is wrong.
"""

import base64
import binascii
import hmac
import os
import re
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from justpaid.db.pool import Connection
from justpaid.settings import PREFIX, Settings

SECRETS_FILE: Final = "secrets.env"

_BYTES: Final = 32
_NAMES: Final = ("pepper", "master_key", "audit_key")
_HEX: Final = re.compile(rf"[0-9A-Fa-f]{{{2 * _BYTES}}}")
_VERSIONED: Final = re.compile(r"(?:(\d{1,4}):)?(.+)")
_CANARY: Final = b"justpaid-canary-1:"
_READ: Final = "SELECT name, version, sealed FROM secret_canaries ORDER BY name, version"
_WRITE: Final = """
INSERT INTO secret_canaries (name, version, sealed) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING
"""
_HEADER: Final = """\
# Made at the first start. Whoever has this file and the database can read stored credentials and
# test API keys; whoever has lost it has lost them. Keep a copy apart from the database's backups.
"""


class SecretsError(Exception):
    """The secrets cannot be used; the message says which one, and what to do."""


@dataclass(frozen=True, slots=True, repr=False)
class VersionedSecret:
    """32 secret bytes, and the version that stored rows name them by."""

    version: int
    secret: bytes


@dataclass(frozen=True, slots=True, repr=False)
class SecretRing:
    """The secret that new rows are made under, and older ones that stored rows still need."""

    name: str
    current: VersionedSecret
    older: tuple[VersionedSecret, ...] = ()

    @property
    def all(self) -> tuple[VersionedSecret, ...]:
        """Every version, the current one first."""
        return (self.current, *self.older)


@dataclass(frozen=True, slots=True, repr=False)
class Secrets:
    """What composition hands to the rooms that hash, encrypt and chain."""

    pepper: SecretRing
    master_key: SecretRing
    audit_key: SecretRing


async def load_secrets(settings: Settings, connection: Connection) -> Secrets:
    """Read the secrets, making them on the first start, and hold them to the database's canaries.

    The environment wins over the file. Raises SecretsError naming the secret that is missing,
    malformed or not this database's.
    """
    stored = {(row["name"], row["version"]): row["sealed"] for row in await connection.fetch(_READ)}
    found = find_secrets(settings)
    if found is None:
        path = secrets_path(settings)
        if stored:
            raise SecretsError(
                f"The secrets of this database are not here. Bring back {path}, or set"
                f" {', '.join(variable_of(name) for name in _NAMES)}."
            )
        _refuse_generating_in_production(settings)
        _generate(path)
        found = read_secrets(settings)
    for ring in (found.pepper, found.master_key, found.audit_key):
        _compare(
            ring, {version: seal for (name, version), seal in stored.items() if name == ring.name}
        )
        for each in ring.all:
            await connection.execute(_WRITE, ring.name, each.version, _seal(ring.name, each))
    return found


def find_secrets(settings: Settings) -> Secrets | None:
    """Read the secrets without a database; None when there are none at all."""
    return read_secrets(settings) if _given(settings) else None


def read_secrets(settings: Settings) -> Secrets:
    """Read the secrets without a database. Raises SecretsError naming what is missing."""
    given = _given(settings)
    missing = [variable_of(name) for name in _NAMES if not given.get(variable_of(name))]
    if missing:
        raise SecretsError(
            f"{' and '.join(missing)} not found, neither in the environment nor in"
            f" {secrets_path(settings)}. Bring back what this installation was made with."
        )
    rings = (_ring(name, given) for name in _NAMES)
    return Secrets(*rings)


def secrets_path(settings: Settings) -> Path:
    """Return the file the secrets are read from when the environment does not hold them."""
    path = settings.secrets_file or settings.data_dir / SECRETS_FILE
    return path.expanduser().absolute()


def variable_of(name: str) -> str:
    """Name the variable that sets a secret, in the environment and in the file."""
    return f"{PREFIX}{name.upper()}"


def _given(settings: Settings) -> Mapping[str, str]:
    """Collect variables from the environment, and from the file where they are missing."""
    from_environment = {
        variable_of(field): value
        for name in _NAMES
        for field in (name, f"{name}_previous")
        if (value := getattr(settings, field)) is not None
    }
    if all(variable_of(name) in from_environment for name in _NAMES):
        return from_environment
    path = secrets_path(settings)
    if not path.exists():
        if settings.secrets_file is not None:
            raise SecretsError(f"{PREFIX}SECRETS_FILE names {path}, which is not there.")
        return from_environment
    if settings.secrets_file is None:
        _refuse_generating_in_production(settings)
    return {**read_secrets_file(path), **from_environment}


def _refuse_generating_in_production(settings: Settings) -> None:
    if settings.is_production:
        names = ", ".join(variable_of(name) for name in _NAMES)
        raise SecretsError(
            f"{PREFIX}ENV=production takes no secrets from a file in the data dir, where a copy of"
            f" the data would hold both. Set {names}, or {PREFIX}SECRETS_FILE to a file elsewhere."
        )


def read_secrets_file(path: Path) -> dict[str, str]:
    """Read a file's variables. Raises SecretsError when others can read it too."""
    try:
        text = path.read_text()
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError as error:
        raise SecretsError(f"Cannot read the secrets file {path} ({error.strerror}).") from None
    except UnicodeDecodeError:
        raise SecretsError(f"The secrets file {path} is no text of lines NAME=value.") from None
    if mode & 0o077:
        raise SecretsError(f"Others can read {path}. Run: chmod 600 {path}")
    found: dict[str, str] = {}
    for line in text.splitlines():
        name, separator, value = line.partition("=")
        if separator and not line.startswith("#"):
            found[name.strip()] = value.strip().strip("'\"")
    return found


def _generate(path: Path) -> None:
    """Write new secrets; of several processes that start at once, the first one's file stays."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lines = [f"{variable_of(name)}={write_secret(make_secret(1))}\n" for name in _NAMES]
    half_made = write_beside(path, _HEADER + "".join(lines))
    try:
        os.link(half_made, path)
    except FileExistsError:
        return
    finally:
        half_made.unlink()


def write_beside(path: Path, text: str) -> Path:
    """Write a private file that is to take the place of `path`; return where it stands."""
    half_made = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(half_made, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    if os.geteuid() == 0:
        owner = (path if path.exists() else path.parent).stat()
        os.chown(half_made, owner.st_uid, owner.st_gid)
    return half_made


def make_secret(version: int) -> VersionedSecret:
    """Make a new secret."""
    return VersionedSecret(version, secrets.token_bytes(_BYTES))


def write_secret(secret: VersionedSecret) -> str:
    """Write a secret as a variable holds it."""
    encoded = base64.urlsafe_b64encode(secret.secret).decode().rstrip("=")
    return f"{secret.version}:{encoded}"


def _ring(name: str, given: Mapping[str, str]) -> SecretRing:
    variable = variable_of(name)
    texts = [given[variable]]
    texts += [part for part in given.get(f"{variable}_PREVIOUS", "").split(",") if part.strip()]
    # Without written versions the oldest is 1, so that a new one in front gets the next number.
    parsed = [
        _parse(variable, text.strip(), len(texts) - index) for index, text in enumerate(texts)
    ]
    if len({each.version for each in parsed}) < len(parsed):
        raise SecretsError(f"{variable}: two secrets have the same version.")
    return SecretRing(name, parsed[0], tuple(parsed[1:]))


def _parse(variable: str, text: str, version: int) -> VersionedSecret:
    match = _VERSIONED.fullmatch(text)
    written, encoded = match.groups() if match else (None, "")
    try:
        if _HEX.fullmatch(encoded):
            raw = bytes.fromhex(encoded)
        else:
            plain = encoded.rstrip("=").replace("-", "+").replace("_", "/")
            raw = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != _BYTES:
        raise SecretsError(
            f"{variable} must be {_BYTES} bytes in base64 or hex, as `openssl rand -base64"
            f" {_BYTES}` prints them, with its version before it if wanted (2:…)."
        )
    return VersionedSecret(int(written or version), raw)


def _compare(ring: SecretRing, stored: Mapping[int, bytes]) -> None:
    variable = variable_of(ring.name)
    held = {each.version: each for each in ring.all}
    for version, sealed in stored.items():
        each = held.get(version)
        if each is None:
            raise SecretsError(
                f"Version {version} of the secret {variable} is missing, and the database still"
                f" needs it. Add it: {variable}_PREVIOUS={version}:…"
            )
        if not hmac.compare_digest(sealed, _seal(ring.name, each)):
            raise SecretsError(
                f"{variable} is not the one this database was made with (version {version})."
                " Set the right one; nothing was changed."
            )


def _seal(name: str, secret: VersionedSecret) -> bytes:
    """Compute what proves possession of a secret and tells nothing about it."""
    return hmac.digest(secret.secret, _CANARY + name.encode(), "sha256")
