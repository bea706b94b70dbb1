"""The world outside of a proof: a provider that counts, and an internal service nobody may reach.

The provider remembers idempotency keys on one path and ignores them on another. Both listen on this
machine alone; only the provider is on the list of what workflows may call.
"""

import asyncio
import threading
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from justpaid import exact_json

ANSWER_SECONDS: Final = 0.15


@dataclass(frozen=True, slots=True)
class Arrival:
    """One request that the provider received."""

    path: str
    key: str | None
    subject: str
    body: str


class Outside:
    """Both servers. `acts` counts what the provider carried out, by subject."""

    def __init__(self) -> None:
        self.arrivals: list[Arrival] = []
        self.acts: Counter[str] = Counter()
        self.intrusions = 0
        self.is_slow = False
        self.address = ""
        self.internal_port = 0
        self._kept: dict[str, bytes] = {}
        self._runners: list[web.AppRunner] = []

    async def start(self) -> None:
        """Listen on two free ports of this machine."""
        provider = web.Application()
        provider.router.add_post("/keyed", self._keyed)
        provider.router.add_post("/ignoring", self._ignoring)
        provider.router.add_get("/redirect", self._redirect)
        self.address = f"http://127.0.0.1:{await self._serve(provider)}"
        internal = web.Application()
        internal.router.add_route("*", "/{rest:.*}", self._intrude)
        self.internal_port = await self._serve(internal)

    async def stop(self) -> None:
        """Close both ports."""
        for runner in self._runners:
            await runner.cleanup()

    async def _serve(self, app: web.Application) -> int:
        runner = web.AppRunner(app, access_log=None)
        self._runners.append(runner)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port: int = runner.addresses[0][1]
        return port

    async def _note(self, request: web.Request) -> Arrival:
        body = (await request.read()).decode()
        sent = exact_json.parse(body)
        subject = str(sent["subject"]) if isinstance(sent, dict) else ""
        key = request.headers.get("Idempotency-Key")
        arrival = Arrival(request.path, key, subject, body)
        self.arrivals.append(arrival)
        return arrival

    async def _keyed(self, request: web.Request) -> web.Response:
        """Act once for a key, and answer late, so that there is time to die in between."""
        arrival = await self._note(request)
        key = arrival.key or f"without-a-key-{len(self.arrivals)}"
        if key not in self._kept:
            self.acts[arrival.subject] += 1
            self._kept[key] = exact_json.encode({"done": arrival.subject})
        if self.is_slow:
            await asyncio.sleep(ANSWER_SECONDS)
        return web.Response(body=self._kept[key], content_type="application/json")

    async def _ignoring(self, request: web.Request) -> web.Response:
        """Act whenever asked; the answer takes so long that it never comes in time."""
        arrival = await self._note(request)
        self.acts[arrival.subject] += 1
        await asyncio.sleep(60)
        return web.Response(body=b"{}", content_type="application/json")

    async def _redirect(self, _: web.Request) -> web.Response:
        target = f"http://127.0.0.1:{self.internal_port}/from-a-redirect"
        return web.Response(status=302, headers={"Location": target})

    async def _intrude(self, _: web.Request) -> web.Response:
        self.intrusions += 1
        return web.Response(text="the internal service was reached")


@contextmanager
def open_outside() -> Generator[Outside]:
    """Run both servers on an event loop of their own."""
    outside = Outside()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="outside", daemon=True)
    thread.start()
    asyncio.run_coroutine_threadsafe(outside.start(), loop).result()
    try:
        yield outside
    finally:
        asyncio.run_coroutine_threadsafe(outside.stop(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
