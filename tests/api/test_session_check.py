"""The start-up check of a database: it must answer, and its sessions must be our own."""

import pytest

from justpaid.db import session_check
from justpaid.db.pool import connect
from justpaid.db.session_check import UnusableDatabase, check_database


async def test_a_good_database_passes(database_url: str) -> None:
    """A PostgreSQL reached directly passes, and the check leaves nothing behind."""
    await check_database(database_url)
    connection = await connect(database_url)
    held = await connection.fetchval("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")
    await connection.close()
    assert held == 0


async def test_a_shared_session_is_found(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two connections that end in one session, as behind a transaction pool, are refused."""
    shared = await connect(database_url)

    class Pooled:
        """What a client of a transaction pool gets: the same session as everybody."""

        def __getattr__(self, name: str) -> object:
            return getattr(shared, name)

        async def close(self) -> None:
            """Leave the session to the others."""

    async def pooled(_: str) -> Pooled:
        return Pooled()

    monkeypatch.setattr(session_check, "connect", pooled)
    try:
        with pytest.raises(UnusableDatabase, match="pools transactions"):
            await check_database(database_url)
    finally:
        await shared.close()


async def test_an_absent_database_is_said() -> None:
    """A database that does not answer is named as that, without its password."""
    with pytest.raises(UnusableDatabase, match="cannot be reached") as caught:
        await check_database("postgresql://me:hush@127.0.0.1:1/none")
    assert "hush" not in str(caught.value)
