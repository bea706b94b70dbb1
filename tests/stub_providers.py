"""Stand-ins for the services that the example workflows call, all on one local port.

Billing, chat, mail and contracts, each below its own path. A request that carries an
`Idempotency-Key` acts once: a repeat gets the first answer again and is counted apart.
"""

import itertools
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from justpaid import exact_json
from justpaid.exact_json import JsonObject


@dataclass
class StubProviders:
    """What was asked and what is answered.

    `records` are what GET finds, by path. `failing` holds how often a path still answers 503,
    before it acts (`lost` after it acted, so that only a key tells the repeat from a second one);
    what is `refused` answers 422.
    """

    url: str = ""
    acts: list[tuple[str, JsonObject]] = field(default_factory=list)
    repeats: Counter[str] = field(default_factory=Counter[str])
    records: dict[str, JsonObject] = field(default_factory=dict)
    failing: Counter[str] = field(default_factory=Counter[str])
    refused: set[str] = field(default_factory=set)
    lost: Counter[str] = field(default_factory=Counter[str])
    keyless: list[str] = field(default_factory=list)
    _answers: dict[str, JsonObject] = field(default_factory=dict)
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1001))

    def base(self, service: str) -> str:
        """Return the base address of `billing`, `chat`, `mail` or `contracts`."""
        return f"{self.url}/{service}"

    def paths(self) -> list[str]:
        """List the paths that were acted on, in order."""
        return [path for path, _ in self.acts]

    def sent(self, path: str) -> list[JsonObject]:
        """List the bodies of the requests that a path acted on."""
        return [body for acted, body in self.acts if acted == path]

    async def answer(self, request: web.Request) -> web.Response:
        """Act once for a key, or find what GET asks for."""
        path = request.path
        if self.failing[path] > 0:
            self.failing[path] -= 1
            return web.Response(status=503)
        if path in self.refused:
            return web.Response(status=422)
        if request.method == "GET":
            found = self.records.get(path)
            return _json(found) if found is not None else web.Response(status=404)
        body = self._act_once(path, request.headers.get("Idempotency-Key"), await request.read())
        if self.lost[path] > 0:
            self.lost[path] -= 1
            return web.Response(status=503)
        return _json(body)

    def _act_once(self, path: str, key: str | None, raw: bytes) -> JsonObject:
        if key is None:
            self.keyless.append(path)
        elif key in self._answers:
            self.repeats[path] += 1
            return self._answers[key]
        sent = exact_json.parse(raw) if raw else {}
        assert isinstance(sent, dict)
        self.acts.append((path, sent))
        answer: JsonObject = {"id": f"{path.rpartition('/')[2][:2]}_{next(self._numbers)}", **sent}
        if key is not None:
            self._answers[key] = answer
        return answer


@asynccontextmanager
async def open_stub_providers() -> AsyncGenerator[StubProviders]:
    """Serve the stand-ins on a free port of this machine."""
    providers = StubProviders()
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", providers.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    providers.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield providers
    finally:
        await runner.cleanup()


def _json(body: JsonObject) -> web.Response:
    return web.Response(body=exact_json.encode(body), content_type="application/json")
