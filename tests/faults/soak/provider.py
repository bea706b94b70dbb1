"""The outside world of a soak: one server that remembers keys, one that ignores them, and a book.

Every request is written into the book as it came and as it was answered. Answers are late, lost,
refused or errors by a chance drawn from the seed, the effect and how often it was asked.
"""

import asyncio
import random
import time
from collections import Counter, defaultdict
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal

from aiohttp import web
from typing_extensions import override

from justpaid import exact_json
from justpaid.exact_json import JsonObject

BUSY, FAILING, REFUSED = 429, 503, 402

Place = tuple[str, str]
"""The order an effect belongs to, and its step."""


@dataclass(slots=True)
class Arrival:
    """One request. `status` is None when its answer was lost; `acted` says whether it did."""

    at: float
    key: str | None
    place: Place
    body: str
    acted: bool = False
    status: int | None = None

    @override
    def __str__(self) -> str:
        did = "acted" if self.acted else "did nothing"
        return f"{self.at:.3f} key {(self.key or 'none')[-8:]}: {did}, {self.status or 'lost'}"


@dataclass
class Provider:
    """The server's state: its book, and what it did for whom."""

    seed: int
    url: str = ""
    book: list[Arrival] = field(default_factory=list)
    acts: Counter[Place] = field(default_factory=Counter[Place])
    answers: dict[str, bytes] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    _asked: Counter[Place] = field(default_factory=Counter[Place])

    def arrivals(self) -> dict[Place, list[Arrival]]:
        """Return the book by effect, in order."""
        found: dict[Place, list[Arrival]] = defaultdict(list)
        for arrival in self.book:
            found[arrival.place].append(arrival)
        return found

    async def keyed(self, request: web.Request) -> web.Response:
        """Act once for a key; the same key gets the first answer again, and a refusal too.

        A worker whose run was taken away may send a generation's request after its successor has
        gone on to the next one: what tells the two apart is that a refused key stays refused.
        """
        arrival, sent = await self._write_down(request)
        chance = self._chance(arrival.place)
        assert arrival.key is not None
        if sent.get("refuse") is True and self._asked[arrival.place] == 1:
            self.refused.add(arrival.key)
        if arrival.key in self.refused:
            return self._answer(arrival, REFUSED)
        if chance.random() < 0.03:
            return self._answer(arrival, chance.choice((BUSY, FAILING)))
        await asyncio.sleep(chance.uniform(0, 0.06))
        if arrival.key not in self.answers:
            self.answers[arrival.key] = self._act(arrival, sent)
        await asyncio.sleep(chance.uniform(0, 0.06))
        return self._settle(request, arrival, chance, self.answers[arrival.key])

    async def unkeyed(self, request: web.Request) -> web.Response:
        """Act whenever asked."""
        arrival, sent = await self._write_down(request)
        chance = self._chance(arrival.place)
        lot = chance.random()
        if lot < 0.08:
            return self._answer(arrival, BUSY)
        if lot < 0.12:
            return self._lose(request, arrival)
        done = self._act(arrival, sent)
        await asyncio.sleep(chance.uniform(0, 0.12))
        return self._settle(request, arrival, chance, done)

    async def _write_down(self, request: web.Request) -> tuple[Arrival, JsonObject]:
        raw = await request.read()
        sent = exact_json.parse(raw)
        assert isinstance(sent, dict)
        place = (str(sent["ref"]), str(sent["step"]))
        key = request.headers.get("Idempotency-Key")
        arrival = Arrival(time.time(), key, place, raw.decode())
        self.book.append(arrival)
        self._asked[place] += 1
        return arrival, sent

    def _chance(self, place: Place) -> random.Random:
        return random.Random(f"{self.seed}/{place}/{self._asked[place]}")  # noqa: S311  replayable

    def _act(self, arrival: Arrival, sent: JsonObject) -> bytes:
        self.acts[arrival.place] += 1
        arrival.acted = True
        return exact_json.encode(answer_of(arrival.place, sent["amount"]))

    def _settle(
        self, request: web.Request, arrival: Arrival, chance: random.Random, body: bytes
    ) -> web.Response:
        lot = chance.random()
        if lot < 0.04:
            return self._lose(request, arrival)
        if lot < 0.07:
            return self._answer(arrival, FAILING)
        arrival.status = 200
        return web.Response(body=body, content_type="application/json")

    def _answer(self, arrival: Arrival, status: int) -> web.Response:
        arrival.status = status
        return web.Response(status=status)

    def _lose(self, request: web.Request, arrival: Arrival) -> web.Response:
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=arrival.status or FAILING)


def answer_of(place: Place, amount: object) -> JsonObject:
    """Return what the provider says to an effect: the same whoever asks, and however often."""
    assert isinstance(amount, int | Decimal)
    return {"id": "/".join(place), "doubled": amount * 2}


@asynccontextmanager
async def open_provider(seed: int) -> AsyncGenerator[Provider]:
    """Serve on a free port of this machine."""
    provider = Provider(seed)
    app = web.Application()
    app.router.add_post("/keyed", provider.keyed)
    app.router.add_post("/unkeyed", provider.unkeyed)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    provider.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield provider
    finally:
        await runner.cleanup()
