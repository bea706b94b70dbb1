"""Stand-ins for the providers that the example calls: a Stripe-like one and a Slack-like one.

They do what the real ones promise for `Idempotency-Key`: the same key gets the first answer again.
"""

import itertools
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from justpaid import exact_json
from justpaid.exact_json import JsonObject

Answer = Callable[[JsonObject], Awaitable[JsonObject]]

_PATHS: Final = "/{provider}/{rest:.*}"


class Providers:
    """One local server for both; `calls` is everything it was asked, `repeats` what came twice."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []
        self.repeats = 0
        self._answers: dict[str, bytes] = {}
        self._numbers = itertools.count(1042)
        self._runner: web.AppRunner | None = None
        self.address = ""

    async def start(self) -> None:
        """Listen on a free port of this machine alone."""
        app = web.Application()
        app.router.add_route("*", _PATHS, self._answer)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.address = f"http://{host}:{port}"

    async def stop(self) -> None:
        """Close the port."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        key = request.headers.get("Idempotency-Key")
        kept = self._answers.get(key) if key is not None else None
        if kept is None:
            raw = await request.read()
            sent = exact_json.parse(raw) if raw else {}
            body = self._act(request, sent if isinstance(sent, dict) else {})
            kept = exact_json.encode(body)
            if key is not None:
                self._answers[key] = kept
        else:
            self.repeats += 1
        self.calls.append((request.method, request.path))
        return web.Response(body=kept, content_type="application/json")

    def _act(self, request: web.Request, sent: JsonObject) -> JsonObject:
        if request.match_info["provider"] == "slack":
            return {"ok": True, "channel": sent.get("channel"), "ts": f"{next(self._numbers)}.0001"}
        kind = request.match_info["rest"].rstrip("/").rpartition("/")[2]
        prefix = {"invoices": "in", "charges": "ch", "customers": "cus"}.get(kind, "obj")
        return {"id": f"{prefix}_{next(self._numbers)}", "status": "open", **sent}
