"""The secrets outside the database: made once, proven at each start, refused by name if wrong."""

import base64
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from justpaid.db.pool import Pool
from justpaid.db.secrets import SECRETS_FILE, Secrets, SecretsError, load_secrets
from justpaid.settings import Settings

OTHER = base64.b64encode(b"x" * 32).decode()
NAMES = ["pepper", "master_key", "audit_key"]


async def _load(pool: Pool, settings: Settings) -> Secrets:
    async with pool.acquire() as connection:
        return await load_secrets(settings, connection)


def _names_in(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir()]


async def test_the_first_start_makes_them(pool: Pool, tmp_path: Path) -> None:
    """The first start makes one private file, and the next reads the very same secrets."""
    settings = Settings(data_dir=tmp_path)
    first = await _load(pool, settings)
    path = tmp_path / SECRETS_FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    again = await _load(pool, settings)
    assert again.pepper.current.secret == first.pepper.current.secret
    assert (
        len({ring.current.secret for ring in (first.pepper, first.master_key, first.audit_key)})
        == 3
    )
    assert _names_in(tmp_path) == [SECRETS_FILE]


@pytest.mark.parametrize("name", NAMES)
async def test_a_wrong_secret_is_named(pool: Pool, tmp_path: Path, name: str) -> None:
    """A secret that is not this database's stops the start and says which one it is."""
    await _load(pool, Settings(data_dir=tmp_path))
    wrong = replace(Settings(data_dir=tmp_path), **{name: OTHER})
    with pytest.raises(SecretsError, match=f"JUSTPAID_{name.upper()} is not the one") as caught:
        await _load(pool, wrong)
    assert OTHER not in str(caught.value)


async def test_a_lost_file_is_not_replaced(pool: Pool, tmp_path: Path) -> None:
    """When the file is gone and the database is not, the start is refused and nothing is made."""
    await _load(pool, Settings(data_dir=tmp_path))
    (tmp_path / SECRETS_FILE).unlink()
    with pytest.raises(SecretsError, match="Bring back"):
        await _load(pool, Settings(data_dir=tmp_path))
    assert not (tmp_path / SECRETS_FILE).exists()


async def test_rotation_keeps_the_old_pepper(pool: Pool, tmp_path: Path) -> None:
    """A new pepper in front of the old one is taken; without the old one the start is refused."""
    old = (await _load(pool, Settings(data_dir=tmp_path))).pepper.current
    kept = f"1:{base64.b64encode(old.secret).decode()}"
    both = Settings(data_dir=tmp_path, pepper=f"2:{OTHER}", pepper_previous=kept)
    ring = (await _load(pool, both)).pepper
    assert [each.version for each in ring.all] == [2, 1]
    with pytest.raises(SecretsError, match="Version 1 of the secret JUSTPAID_PEPPER is missing"):
        await _load(pool, Settings(data_dir=tmp_path, pepper=f"2:{OTHER}"))


async def test_production_takes_no_file_of_the_data_dir(pool: Pool, tmp_path: Path) -> None:
    """In production a file beside the data is neither made nor read; one elsewhere is."""
    data_dir = tmp_path / "data"
    production = Settings(env="production", data_dir=data_dir)
    with pytest.raises(SecretsError, match="production"):
        await _load(pool, production)
    await _load(pool, Settings(data_dir=data_dir))
    with pytest.raises(SecretsError, match="production"):
        await _load(pool, production)
    elsewhere = tmp_path / "secrets.env"
    (data_dir / SECRETS_FILE).rename(elsewhere)
    await _load(pool, replace(production, secrets_file=elsewhere))


async def test_a_readable_file_is_refused(pool: Pool, tmp_path: Path) -> None:
    """A file that others can read is not used, and the message says how to close it."""
    await _load(pool, Settings(data_dir=tmp_path))
    (tmp_path / SECRETS_FILE).chmod(0o640)
    with pytest.raises(SecretsError, match="chmod 600"):
        await _load(pool, Settings(data_dir=tmp_path))


@pytest.mark.parametrize("content", [b"\xff\xfe=1", None])
async def test_a_file_that_is_no_text_is_refused(
    pool: Pool, tmp_path: Path, content: bytes | None
) -> None:
    """What cannot be read as a secrets file, a folder too, is refused by its name."""
    path = tmp_path / "other"
    if content is None:
        path.mkdir(mode=0o700)
    else:
        path.write_bytes(content)
        path.chmod(0o600)
    with pytest.raises(SecretsError, match=str(path)):
        await _load(pool, Settings(data_dir=tmp_path, secrets_file=path))


async def test_a_file_in_the_home(
    pool: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`~` in JUSTPAID_SECRETS_FILE is the home, as in the data dir: unit files do not expand it."""
    await _load(pool, Settings(data_dir=tmp_path))
    (tmp_path / SECRETS_FILE).rename(tmp_path / "kept.env")
    monkeypatch.setenv("HOME", str(tmp_path))
    await _load(pool, Settings(data_dir=tmp_path, secrets_file=Path("~/kept.env")))


async def test_a_short_secret_is_refused(pool: Pool, tmp_path: Path) -> None:
    """A secret that is not 32 bytes is refused without being repeated."""
    short = Settings(data_dir=tmp_path, pepper="c2VjcmV0", master_key=OTHER, audit_key=OTHER)
    with pytest.raises(SecretsError, match="JUSTPAID_PEPPER must be 32 bytes") as caught:
        await _load(pool, short)
    assert "c2VjcmV0" not in str(caught.value)


def test_secrets_do_not_print() -> None:
    """No representation of settings or secrets shows a secret."""
    settings = Settings(
        pepper=OTHER, metrics_token="tell-nobody", database_url="postgresql://u:pw@h/d"
    )
    assert not [text for text in (OTHER, "tell-nobody", "pw@h") if text in repr(settings)]
