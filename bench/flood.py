"""Junk keys at a steady rate, from a process of its own: it takes no turns from who measures.

Run as `python -m bench.flood PATH RATE`. Each line `PORT SECONDS` on stdin is one flood: answered
with an empty line when it is under way, and at its end with how many answers of each status came.
"""

import asyncio
import json
import sys
import time
from collections import Counter
from itertools import count
from typing import Final

import uvloop

from bench.load import open_connection, request_bytes
from justpaid.api_keys.key_format import generate_key

_CONNECTIONS: Final = 32
_KEYS: Final = 4096
_BEGUN: Final = 200


async def _flood(junk: list[bytes], port: int, rate: float, seconds: float) -> Counter[int]:
    statuses: Counter[int] = Counter()
    begun = time.monotonic()

    async def send(first: int) -> None:
        connection = await open_connection(port)
        for number in count(first, _CONNECTIONS):
            due = begun + number / rate
            if due > begun + seconds or time.monotonic() > begun + seconds:
                connection.close()
                return
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            statuses[await connection.send(junk[number % _KEYS])] += 1
            if number == _BEGUN:
                print(flush=True)

    await asyncio.gather(*map(send, range(_CONNECTIONS)))
    return statuses


def main() -> None:
    """Flood as stdin says, until it closes."""
    path, rate = sys.argv[1:]
    junk = [request_bytes("GET", path, {"x-api-key": generate_key()}) for _ in range(_KEYS)]
    for line in sys.stdin:
        port, seconds = line.split()
        statuses = uvloop.run(_flood(junk, int(port), float(rate), float(seconds)))
        print(json.dumps(statuses), flush=True)


if __name__ == "__main__":
    main()
