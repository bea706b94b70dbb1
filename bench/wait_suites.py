"""Does `Retry-After` keep its word in real time: keys with small budgets, each with one caller."""

import asyncio
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count
from typing import Final

import httpx
import uvloop

from bench.edge_server import PATH
from bench.key_acts import make_key
from bench.processes import serving
from bench.store import PROGRAM, store
from bench.workbench import Bench, make_table

_BUDGETS: Final = (1, 2, 3, 5, 8, 13)
_WINDOWS_SECONDS: Final = 150.0
_UNEVEN: Final = 7


@dataclass
class Kept:
    """What one caller saw."""

    requests: int = 0
    waits: int = 0
    refused_after_waiting: int = 0


def waits(bench: Bench) -> None:
    """Let callers wait as they are told for two and a half minutes, in memory and on Redis."""
    table = make_table("Waiting as Retry-After says", "what", "requests", "waits", "broken words")
    with ExitStack() as stack:
        file = stack.enter_context(tempfile.NamedTemporaryFile())
        environment = bench.service.environment
        words = ("gated", "{port}", file.name)
        port, _ = stack.enter_context(serving("bench.edge_server", *words, environment=environment))
        ports = {"in memory": port}
        if PROGRAM is not None:
            url, _ = stack.enter_context(store())
            shared = environment | {"JUSTPAID_REDIS_URL": url}
            port, _ = stack.enter_context(serving("bench.edge_server", *words, environment=shared))
            ports["on Redis"] = port
        keys = {name: [make_key(bench.service, reads=each) for each in _BUDGETS] for name in ports}
        seen = uvloop.run(_wait_on_all(ports, keys))
    for name, kept in seen.items():
        table.add_row(
            name,
            str(sum(each.requests for each in kept)),
            str(sum(each.waits for each in kept)),
            str(sum(each.refused_after_waiting for each in kept)),
        )
    bench.console.print(table)


async def _wait_on_all(ports: dict[str, int], keys: dict[str, list[str]]) -> dict[str, list[Kept]]:
    async with asyncio.TaskGroup() as group:
        waiting = {
            name: [group.create_task(_obey(port, key)) for key in keys[name]]
            for name, port in ports.items()
        }
    return {name: [task.result() for task in tasks] for name, tasks in waiting.items()}


async def _obey(port: int, key: str) -> Kept:
    """Ask at an uneven pace; when refused, wait as told and ask again."""
    kept, until = Kept(), time.monotonic() + _WINDOWS_SECONDS
    headers = {"x-api-key": key}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers) as client:
        for number in count():
            answer = await client.get(PATH)
            kept.requests += 1
            if answer.status_code == 429:
                wait = int(answer.headers["retry-after"])
                if time.monotonic() + wait > until:
                    return kept
                await asyncio.sleep(wait)
                again = await client.get(PATH)
                kept.requests += 1
                kept.waits += 1
                kept.refused_after_waiting += again.status_code != 200
            await asyncio.sleep(number % _UNEVEN / 10)
    raise AssertionError("the counter ended")
