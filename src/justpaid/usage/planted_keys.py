"""Flags keys found where no key belongs: in a URL, a definition, a run's input, a note."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import structlog

from justpaid import clock
from justpaid.api_keys import repository as api_keys
from justpaid.api_keys.key_format import Peppers, find_keys, find_keys_in, hint_of
from justpaid.db.pool import Pool
from justpaid.errors import InvalidInput, Problem
from justpaid.exact_json import JsonValue
from justpaid.ids import Prefix, encode_id
from justpaid.usage import repository
from justpaid.usage.model import Finding, FlagKind

_MAX_KEYS: Final = 20
# The request holds a connection while it asks for this one: of many at once none may wait for ever.
_PATIENCE_SECONDS: Final = 2.0

_log = structlog.get_logger(__name__)


class PlantedKeys:
    """Tells whose keys were found, on a connection of its own: the request itself was refused."""

    def __init__(self, pool: Pool, peppers: Peppers) -> None:
        self._pool = pool
        self._peppers = peppers

    async def refuse(self, company_id: UUID, value: JsonValue) -> None:
        """Raise InvalidInput, naming every place, for what a company sent with keys in it."""
        found = find_keys_in(value)
        if not found:
            return
        await self.report_in_definition(company_id, [key for _, key in found])
        raise InvalidInput(
            "The request holds an API key.",
            [Problem(path, f"holds an API key ({hint_of(key)})") for path, key in found],
        )

    async def report_in_definition(self, company_id: UUID, keys: Sequence[str]) -> None:
        """Flag keys found in what this company sent; the flag goes to the company of each key."""
        sender = encode_id(Prefix.COMPANY, company_id)
        await self._report(FlagKind.KEY_IN_DEFINITION, keys, {"sentBy": sender})

    async def report_in_url(self, query: bytes, address: str | None) -> None:
        """Flag keys found in a query string."""
        keys = find_keys(query.decode("latin-1"))
        await self._report(FlagKind.KEY_IN_URL, keys, {"address": address or ""})

    async def _report(self, kind: FlagKind, keys: Sequence[str], evidence: dict[str, str]) -> None:
        day = f"{clock.now():%Y-%m-%d}"
        try:
            async with self._pool.acquire(timeout=_PATIENCE_SECONDS) as connection:
                for key in list(dict.fromkeys(keys))[:_MAX_KEYS]:
                    found = await api_keys.find_by_digests(connection, self._peppers.digests(key))
                    if found is not None:
                        owner = found[0]
                        finding = Finding(owner.company_id, owner.id, kind, day, {**evidence})
                        await repository.add_flag(connection, owner.company_id, finding)
        except Exception:  # the answer that refuses the key goes out whatever happens here
            _log.warning("planted_key_not_flagged", exc_info=True)
