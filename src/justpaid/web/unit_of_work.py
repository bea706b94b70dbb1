"""One request, one transaction: begun on first use, ended by the edge and by nobody below it."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Final

from asyncpg.pool import PoolConnectionProxy
from asyncpg.transaction import Transaction as DatabaseTransaction
from fastapi import Depends, Request

from justpaid.db import pool as database

UNIT_KEY: Final = "justpaid.unit_of_work"


class UnitOfWork:
    """A request's connection. Reads get a bare one; writes get one in a transaction."""

    def __init__(self, pool: database.Pool, *, writes: bool) -> None:
        self._pool = pool
        self._writes = writes
        self._connection: PoolConnectionProxy[database.Row] | None = None
        self._transaction: DatabaseTransaction | None = None
        self._after_commit: list[Callable[[], Awaitable[None]]] = []

    @property
    def has_begun(self) -> bool:
        """Whether the request holds its connection already: for a POST, its transaction."""
        return self._connection is not None

    async def connection(self) -> database.Connection:
        """Return the request's connection, acquired (and its transaction begun) on first use."""
        if self._connection is None:
            self._connection = await self._pool.acquire()
            if self._writes:
                self._transaction = self._connection.transaction()
                await self._transaction.start()
        return self._connection

    def after_commit(self, act: Callable[[], Awaitable[None]]) -> None:
        """Run `act` once the transaction has committed, before the answer leaves."""
        self._after_commit.append(act)

    async def commit(self) -> None:
        """Commit, give the connection back, then run what waits for the commit."""
        if self._transaction is not None:
            await self._transaction.commit()
            self._transaction = None
        await self.close()
        for act in self._after_commit:
            await act()

    async def close(self) -> None:
        """Undo what is not committed and give the connection back; harmless when repeated."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            if self._transaction is not None:
                await self._transaction.rollback()
        finally:
            self._transaction = None
            await self._pool.release(connection)


async def current_unit(request: Request) -> UnitOfWork:
    """Return the unit of work that the route opened for this request."""
    unit: UnitOfWork = request.scope[UNIT_KEY]
    return unit


async def current_connection(request: Request) -> database.Connection:
    """Return the request's connection: in a transaction unless the request only reads."""
    return await (await current_unit(request)).connection()


Unit = Annotated[UnitOfWork, Depends(current_unit)]
Connection = Annotated[database.Connection, Depends(current_connection)]
