"""Compiled versions of workflows, kept by whoever runs them.

Guarantee: a version is compiled once in a process however many ask at once, and is found for its
own company only. A version never changes once it can run, so nothing kept grows old.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from typing import Final, TypeAlias
from uuid import UUID

from justpaid.db.pool import Pool
from justpaid.errors import NotFound
from justpaid.workflows import repository
from justpaid.workflows.program import Program, compile_definition
from justpaid.workflows.step_types import StepType

_MOST_KEPT: Final = 1_000

_Version: TypeAlias = tuple[UUID, UUID, int]


class ProgramStore:
    """Loads and compiles versions on first use; the longest unused make room."""

    def __init__(
        self, pool: Pool, step_types: Mapping[str, StepType], *, most_kept: int = _MOST_KEPT
    ) -> None:
        self._pool = pool
        self._step_types = step_types
        self._most_kept = most_kept
        self._kept: OrderedDict[_Version, Program] = OrderedDict()
        self._loading: dict[_Version, asyncio.Task[Program | None]] = {}

    async def load(self, company_id: UUID, workflow_id: UUID, version: int) -> Program | None:
        """Return a version's program; None when there is no such version of this company.

        Raises InvalidInput for a stored definition that this release no longer accepts.
        """
        key = (company_id, workflow_id, version)
        program = self._kept.get(key)
        if program is not None:
            self._kept.move_to_end(key)
            return program
        loading = self._loading.get(key)
        if loading is None:
            loading = self._loading[key] = asyncio.create_task(self._load(key))
            loading.add_done_callback(lambda _: self._loading.pop(key, None))
        # One asker's cancellation is not the others'.
        return await asyncio.shield(loading)

    async def _load(self, key: _Version) -> Program | None:
        company_id, workflow_id, version = key
        try:
            async with self._pool.acquire() as connection:
                stored = await repository.get_version(connection, company_id, workflow_id, version)
        except NotFound:
            return None
        program = compile_definition(stored.definition, self._step_types)
        self._kept[key] = program
        while len(self._kept) > self._most_kept:
            self._kept.popitem(last=False)
        return program
