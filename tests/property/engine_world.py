"""A world for the executor in tests: a journal in memory, an outside that remembers, and deaths.

The journal has the rules of the real one (fence, one row a step and attempt, a completed row never
changed); everything else is the engine's own code.
"""

import asyncio
import copy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from justpaid.connectors.model import Delivery, EffectClass
from justpaid.engine.contract import (
    Completed,
    EffectHandler,
    Failed,
    Intent,
    Resources,
    StepContext,
)
from justpaid.engine.executor import advance
from justpaid.engine.model import (
    ClaimedRun,
    EffectRecord,
    End,
    Entry,
    ErrorCode,
    Finished,
    Journal,
    Owner,
    RunStatus,
    StepRecord,
    StepStatus,
    Suspension,
)
from justpaid.engine.resolve import CompanyFacts
from justpaid.engine.run_state import ActiveRun, LeaseLost
from justpaid.exact_json import JsonObject, stored
from justpaid.expressions.errors import ExpressionError
from justpaid.ids import new_id
from justpaid.steps.condition import Decide
from justpaid.steps.loop import Loop
from justpaid.steps.parallel import Parallel
from justpaid.steps.transform import Transform
from justpaid.workflows.program import Program

RUN, COMPANY, WORKFLOW = new_id(), new_id(), new_id()
START = datetime(2026, 1, 1, tzinfo=UTC)
_LONG = 1e9


@dataclass
class Chance:
    """Where a worker dies: at the n-th point it passes, counted over all its lives."""

    deaths: set[int]
    repeats: set[int]
    passed: int = 0
    crash: asyncio.Event = field(default_factory=asyncio.Event)

    def point(self) -> bool:
        """Count one point; tell whether this is one to die at."""
        self.passed += 1
        if self.passed in self.deaths:
            self.crash.set()
            return True
        return False

    async def perhaps_die(self) -> None:
        """Go no further if this is a point to die at."""
        if self.point():
            await asyncio.Event().wait()


@dataclass
class Memory:
    """A journal with the rules of the real one."""

    chance: Chance
    fence: int = 0
    status: RunStatus = RunStatus.PENDING
    output: str | None = None
    steps: dict[tuple[str, int], StepRecord] = field(default_factory=dict)
    effects: dict[tuple[str, int], EffectRecord] = field(default_factory=dict)
    computed_after_commit: list[str] = field(default_factory=list)

    def claim(self) -> tuple[ClaimedRun, Journal]:
        """Take the run with a new fence, and read its journal."""
        self.fence += 1
        self.status = RunStatus.RUNNING
        claimed = ClaimedRun(
            RUN, COMPANY, WORKFLOW, 1, self.fence, 0, 0, None, RUN, None, 0, START, START, 0,
            "api", None, None, '{"n":1}', 1, START,
        )  # fmt: skip
        rows = sorted(self.steps.values(), key=lambda row: (row.path, row.attempt))
        steps = [replace(row, output=_or_none(row.output_text)) for row in rows]
        last = {effect.path: effect for effect in self.effects.values()}
        return claimed, Journal(copy.deepcopy(steps), copy.deepcopy(list(last.values())))

    async def record(self, entry: Entry) -> bool:
        """Write rows, perhaps twice, perhaps without an answer."""
        return await self._commit(entry)

    async def finish(self, end: End) -> Finished | None:
        """End the run."""
        if not await self._commit(end.entry, end):
            return None
        return Finished(end.status, None)

    async def suspend(self, suspension: Suspension) -> RunStatus | None:
        """Let the run wait."""
        return RunStatus.SUSPENDED if await self._commit(suspension.entry) else None

    async def hand_back(self, owner: Owner) -> None:
        """Nothing asks for it here."""

    async def _commit(self, entry: Entry, end: End | None = None) -> bool:
        await self.chance.perhaps_die()
        is_held = entry.fence == self.fence and self.status is RunStatus.RUNNING
        if is_held:
            for _ in range(2 if self.chance.passed in self.chance.repeats else 1):
                self._apply(entry)
            if end is not None:
                self.status, self.output = end.status, end.output
        await asyncio.sleep(0)
        await self.chance.perhaps_die()  # committed, and nobody is told
        return is_held

    def _apply(self, entry: Entry) -> None:
        rows: dict[tuple[str, int], StepRecord] = {}
        for row in entry.steps:  # of an attempt the last row counts, or the completed one
            earlier = rows.get((row.path, row.attempt))
            if earlier is None or earlier.status is not StepStatus.COMPLETED:
                rows[row.path, row.attempt] = row
        for row in rows.values():
            known = self.steps.get((row.path, row.attempt))
            if known is None or known.status is not StepStatus.COMPLETED:
                self.steps[row.path, row.attempt] = copy.deepcopy(row)
            elif row.output_text != known.output_text:
                self.computed_after_commit.append(row.path)
        for effect in entry.effects:
            known = self.effects.get((effect.path, effect.generation))
            request = effect.request if known is None else known.request
            self.effects[effect.path, effect.generation] = replace(effect, request=request)


def _or_none(text: str | None) -> Any:
    return None if text is None else stored(text)


class Provider(EffectHandler):
    """An outside that remembers keys and answers late."""

    def __init__(self, memory: Memory, delays: list[int]) -> None:
        self.memory = memory
        self.delays = list(delays)
        self.done: dict[str, Any] = {}
        self.keys: dict[str, set[str]] = {}
        self.requests: dict[str, set[str]] = {}
        self.sent_after_completion: list[str] = []

    async def prepare(self, context: StepContext) -> Intent | Failed:
        """Intend to send what the config says."""
        try:
            config = context.node.resolve(context.names)
        except ExpressionError as error:
            return Failed(ErrorCode.TEMPLATE, error.message)
        request: JsonObject = {"config": config}
        return Intent(EffectClass.IDEMPOTENT, "test", "test.do", request, config)

    async def perform(
        self, context: StepContext, request: JsonObject, connection_id: Any, key: str
    ) -> Completed | Failed:
        """Do it once for a key, whenever it arrives; what says `refuse` is refused."""
        del connection_id
        if any(
            row.status is StepStatus.COMPLETED and row.path == context.path
            for row in self.memory.steps.values()
        ):
            self.sent_after_completion.append(context.path)
        self.keys.setdefault(context.path, set()).add(key)
        self.requests.setdefault(context.path, set()).add(repr(request))
        for _ in range(self.delays.pop() if self.delays else 0):
            await asyncio.sleep(0)
        if "'refuse'" in repr(request):
            return Failed(ErrorCode.HTTP_STATUS, "No.", delivery=Delivery.REFUSED)
        first = len(self.done) + 1
        output = self.done.setdefault(key, {"number": first, "path": context.path})
        await self.memory.chance.perhaps_die()
        return Completed(output)


class Clock:
    """A clock that moves by a microsecond each time it is read."""

    def __init__(self) -> None:
        self.reads = 0

    def __call__(self) -> datetime:
        """Return the next moment."""
        self.reads += 1
        return START + timedelta(microseconds=self.reads)


async def live(program: Program, memory: Memory, provider: Provider) -> None:
    """Run to the end, with a new worker after each that dies; late ones go on beside it."""
    clock = Clock()
    late: list[asyncio.Task[None]] = []

    async def load_program(*_: Any) -> Program:
        return program

    async def load_company(_: Any) -> CompanyFacts:
        return CompanyFacts({}, "UTC")

    def at(_: str) -> None:
        memory.chance.point()

    while memory.status not in {RunStatus.COMPLETED, RunStatus.FAILED}:
        claimed, journal = memory.claim()
        crash = memory.chance.crash = asyncio.Event()
        resources = Resources(
            writes=memory,
            handlers={
                "action": provider,
                "transform": Transform(),
                "condition": Decide(),
                "loop": Loop(),
                "parallel": Parallel(),
            },
            load_program=load_program,
            load_company=load_company,
            clock=clock,
            monotonic=lambda: 0.0,
            random=lambda: 0.0,
            new_id=new_id,
            at=at,
            on_finished=lambda _: None,
        )
        task = asyncio.create_task(advance(resources, ActiveRun(claimed, _LONG), journal))
        crashed = asyncio.create_task(crash.wait())
        await asyncio.wait([task, crashed], return_when=asyncio.FIRST_COMPLETED)
        crashed.cancel()
        if not task.done() and memory.chance.passed % 2:
            task.cancel()
            await asyncio.wait([task])
        late.append(task)  # perhaps frozen past its lease rather than dead: it goes on, fenced out
    for _ in range(100):
        await asyncio.sleep(0)
    for task in late:
        task.cancel()
    for end in await asyncio.gather(*late, return_exceptions=True):
        if isinstance(end, Exception) and not isinstance(end, LeaseLost):
            raise end
