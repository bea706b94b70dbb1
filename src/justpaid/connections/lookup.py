"""Chooses a step's connection and opens its credential: what a worker needs of connections.

Guarantee: a connection is found for its own company only. What was found is kept for two seconds,
so that is how long a change or deletion may take to reach steps that start meanwhile.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeVar
from uuid import UUID

from justpaid import clock
from justpaid.connections import repository
from justpaid.connections.model import Connection, ConnectionStatus
from justpaid.connections.sealing import unseal_credential
from justpaid.connectors.model import Provider
from justpaid.db.encryption import CannotOpen, KeyRing
from justpaid.db.pool import Pool
from justpaid.ids import Prefix, encode_id
from justpaid.outbound.messages import Credential
from justpaid.outbound.urls import Origin

CACHE_SECONDS: Final = 2.0

_MAX_CACHED: Final = 10_000
_NOTE_USE_SECONDS: Final = 60.0

Key = TypeVar("Key")
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Choice:
    """The connection that a step uses, None for none; or why there is no choice."""

    connection_id: UUID | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """A credential ready for the wire, None for a connection that carries none; or a problem."""

    credential: Credential | None = None
    problem: str | None = None


class ConnectionLookup:
    """Finds connections for running steps, with a short memory; one for each worker."""

    def __init__(
        self, pool: Pool, keys: KeyRing, *, monotonic: clock.MonotonicClock = clock.monotonic
    ) -> None:
        self._pool = pool
        self._keys = keys
        self._monotonic = monotonic
        self._found: dict[tuple[UUID, UUID], tuple[float, tuple[Connection, bytes] | None]] = {}
        self._active: dict[tuple[UUID, str], tuple[float, list[Connection]]] = {}
        self._used: dict[UUID, float] = {}

    async def choose(
        self,
        company_id: UUID,
        provider: Provider,
        *,
        wanted: UUID | None,
        of_run: UUID | None,
        origin: Origin | None,
    ) -> Choice:
        """Choose a step's connection: its own, else the run's, else the provider's only active one.

        `origin` is the scheme, host and port of the request as literally written, None where
        templates make them. One that the step names itself must fit, or there is a problem; the
        other two are used only where they list that origin, and are else left aside.
        """
        if wanted is not None:
            return await self._choose_wanted(company_id, provider, wanted, origin)
        run_connection = await self._find(company_id, of_run) if of_run else None
        if of_run is not None and run_connection is None:
            return Choice(problem=_missing(of_run))
        if run_connection is not None and run_connection[0].provider == provider.name:
            return _default(provider, run_connection[0], origin)
        active = await self._list_active(company_id, provider.name)
        if len(active) == 1:
            return _default(provider, active[0], origin)
        if provider.may_go_without:
            return Choice()
        count = "no active connection" if not active else "more than one active connection"
        return Choice(problem=f"There is {count} of {provider.title}: name one in connectionId.")

    async def open_credential(self, company_id: UUID, connection_id: UUID) -> Opened:
        """Open the credential of a chosen connection, and note that it is used."""
        found = await self._find(company_id, connection_id)
        if found is None:
            return Opened(problem=_missing(connection_id))
        connection, sealed = found
        if connection.status is not ConnectionStatus.ACTIVE:
            return Opened(problem=_inactive(connection))
        try:
            credential = unseal_credential(self._keys, connection, sealed)
        except CannotOpen as error:
            return Opened(problem=f"The connection's credential cannot be read: {error}.")
        await self._note_use(company_id, connection_id)
        return Opened(credential)

    async def _choose_wanted(
        self, company_id: UUID, provider: Provider, wanted: UUID, origin: Origin | None
    ) -> Choice:
        found = await self._find(company_id, wanted)
        if found is None:
            return Choice(problem=_missing(wanted))
        connection = found[0]
        if connection.provider != provider.name:
            return Choice(
                problem=f"The connection {connection.name!r} is one of {connection.provider}, "
                f"and the step needs one of {provider.name}."
            )
        if connection.status is not ConnectionStatus.ACTIVE:
            return Choice(problem=_inactive(connection))
        if provider.needs_origins and (origin is None or origin not in connection.origins):
            place = "an address that templates make" if origin is None else origin.text
            return Choice(
                problem=f"The connection {connection.name!r} may not be used for {place}. Its "
                f"allowed origins are: {', '.join(connection.allowed_origins)}."
            )
        return Choice(wanted)

    async def _find(self, company_id: UUID, connection_id: UUID) -> tuple[Connection, bytes] | None:
        async def read() -> tuple[Connection, bytes] | None:
            async with self._pool.acquire() as connection:
                return await repository.find_sealed(connection, company_id, connection_id)

        return await self._remember(self._found, (company_id, connection_id), read)

    async def _list_active(self, company_id: UUID, provider: str) -> list[Connection]:
        async def read() -> list[Connection]:
            async with self._pool.acquire() as connection:
                return await repository.list_active(connection, company_id, provider)

        return await self._remember(self._active, (company_id, provider), read)

    async def _remember(
        self,
        memory: dict[tuple[UUID, Key], tuple[float, Value]],
        key: tuple[UUID, Key],
        read: Callable[[], Awaitable[Value]],
    ) -> Value:
        now = self._monotonic()
        kept = memory.get(key)
        if kept is not None and now < kept[0]:
            return kept[1]
        value = await read()
        if len(memory) >= _MAX_CACHED:
            memory.clear()
        memory[key] = (now + CACHE_SECONDS, value)
        return value

    async def _note_use(self, company_id: UUID, connection_id: UUID) -> None:
        now = self._monotonic()
        noted_at = self._used.get(connection_id)
        if noted_at is not None and now - noted_at < _NOTE_USE_SECONDS:
            return
        if len(self._used) >= _MAX_CACHED:
            self._used.clear()
        self._used[connection_id] = now
        async with self._pool.acquire() as connection:
            await repository.note_use(connection, company_id, connection_id, at=clock.now())


def _default(provider: Provider, connection: Connection, origin: Origin | None) -> Choice:
    """Use a connection that the step did not name, where it fits."""
    is_listed = origin is not None and origin in connection.origins
    if provider.needs_origins and not is_listed:
        return Choice()
    if connection.status is not ConnectionStatus.ACTIVE:
        return Choice(problem=_inactive(connection))
    return Choice(connection.id)


def _missing(connection_id: UUID) -> str:
    return f"There is no connection {encode_id(Prefix.CONNECTION, connection_id)}."


def _inactive(connection: Connection) -> str:
    return f"The connection {connection.name!r} is {connection.status.value}, not active."
