"""The measured workflow as a handler of Restate's Python SDK: only the HTTP call is journalled.

Runs in an environment of its own that has restate-sdk, granian, aiohttp and uvloop. Granian serves
it: behind the server of the SDK's examples it answers half as many runs.
"""

import sys
from typing import Any, cast

import aiohttp
import restate  # pyright: ignore[reportMissingImports]  no dependency of ours
import uvloop
from granian.constants import Interfaces
from granian.server.embed import Server


async def serve(port: int, url: str) -> None:
    """Serve the handler `Five/run` to a Restate server; the call goes to `url`."""
    service: Any = restate.Service("Five")
    async with aiohttp.ClientSession() as client:

        async def fetch() -> dict[str, Any]:
            async with client.get(url) as answer:
                return {"status": answer.status, "body": await answer.json()}

        async def run(ctx: Any, order: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401  the SDK's
            amount = order["input"]["amount"]
            fee = {"amount": amount, "fee": round(amount * 0.029, 2)}
            is_large = amount > 100
            shape = {"total": fee["amount"] + fee["fee"]}
            fetched = await ctx.run_typed("fetch", fetch)
            return {"invoice": fetched["body"]["id"], "large": is_large, **shape}

        # The SDK reads the types of what it calls.
        run.__annotations__ = {"ctx": restate.Context, "order": dict, "return": dict}
        service.handler("run")(run)
        server = Server(
            cast("Any", restate.app([service])),
            address="127.0.0.1",
            port=port,
            interface=Interfaces.ASGINL,
            websockets=False,
            log_enabled=False,
        )
        await server.serve()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]), sys.argv[2]))
