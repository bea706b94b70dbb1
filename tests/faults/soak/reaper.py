"""Kills, freezes, and takes runs away, at moments and of victims drawn from the seed."""

import asyncio
import os
import random
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from justpaid.db.pool import Connection
from tests.faults.soak.stage import LEASE_SECONDS, Nursery

_API_SHARE = 0.15
_FREEZE_SHARE = 0.08
_THEFT_SECONDS = 0.5

# Leases that seem to have run out while their workers, which are most likely alive, go on.
_STEAL = """
UPDATE runs SET status = 'pending', due_at = NULL WHERE id IN (
  SELECT id FROM runs WHERE status = 'running' ORDER BY claimed_at DESC LIMIT 3
  FOR UPDATE SKIP LOCKED)
"""


@dataclass
class Reaper:
    """What was done to the processes so far."""

    nursery: Nursery
    connection: Connection
    chance: random.Random
    gap_seconds: float
    kills: dict[str, int] = field(default_factory=lambda: {"api": 0, "worker": 0})
    freezes: int = 0
    thefts: int = 0
    _frozen: set["asyncio.Task[None]"] = field(default_factory=set)

    async def reap(self, kills: int, tell: Callable[[int], None]) -> None:
        """Kill so many processes, one after the other, and freeze some in between."""
        while sum(self.kills.values()) < kills:
            await asyncio.sleep(min(self.chance.expovariate(1 / self.gap_seconds), 5.0))
            if self.chance.random() < _FREEZE_SHARE and (pid := self._choose("worker")):
                task = asyncio.create_task(self._freeze(pid))
                self._frozen.add(task)
                task.add_done_callback(self._frozen.discard)
            kind = "api" if self.chance.random() < _API_SHARE else "worker"
            if pid := self._choose(kind):
                self.nursery.killed.add(pid)
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                self.kills[kind] += 1
                tell(sum(self.kills.values()))
        await asyncio.gather(*self._frozen)

    async def steal(self) -> None:
        """Put runs back into the queue while their workers go on."""
        while True:
            await asyncio.sleep(self.chance.expovariate(1 / _THEFT_SECONDS))
            stolen = await self.connection.execute(_STEAL)
            self.thefts += int(stolen.split()[-1])

    def _choose(self, kind: str) -> int | None:
        living = [pid for pid, what in self.nursery.living.items() if what == kind]
        open_to_it = [pid for pid in living if pid not in self.nursery.killed]
        return self.chance.choice(open_to_it) if open_to_it else None

    async def _freeze(self, pid: int) -> None:
        """Stop a worker for longer than its lease, then let it go on."""
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
            self.freezes += 1
            await asyncio.sleep(LEASE_SECONDS * 1.5)
            if pid in self.nursery.living:
                os.kill(pid, signal.SIGCONT)
