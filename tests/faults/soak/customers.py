"""Those who use the service during a soak: they start runs, cancel, retry, approve and look up.

Each repeats what was not answered, as a client has to, and gives up on nothing that was accepted.
"""

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from justpaid import exact_json
from tests.faults.soak.provider import Provider, answer_of
from tests.faults.soak.shapes import Shape, new_input

ENDED = frozenset({"completed", "failed", "timed_out", "cancelled"})
_PAUSE_SECONDS = 0.25
_ANSWER_SECONDS = 8.0
_MOST_RETRIES = 4


class Client:
    """Speaks to the API with one key, until it is answered."""

    def __init__(self, url: str, key: str) -> None:
        headers = {"x-api-key": key, "Content-Type": "application/json"}
        timeout = aiohttp.ClientTimeout(total=_ANSWER_SECONDS)
        self.http = aiohttp.ClientSession(f"{url}/api/v1/", headers=headers, timeout=timeout)
        self.unanswered = 0

    async def ask(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Any]:
        """Ask until the service says something of its own; returns the status and the data."""
        raw = None if body is None else exact_json.encode(body)
        while True:
            try:
                async with self.http.request(method, path, data=raw, headers=headers) as answer:
                    told = await answer.read()
                    if answer.status < 500:
                        parsed: Any = exact_json.parse(told)
                        return answer.status, parsed.get("data")
            except (aiohttp.ClientError, TimeoutError, OSError):
                pass
            self.unanswered += 1
            await asyncio.sleep(_PAUSE_SECONDS)


@dataclass
class Order:
    """One thing that a customer wants done, and what became of it."""

    shape: Shape
    given: dict[str, Any]
    run_ids: list[str] = field(default_factory=list)
    record: dict[str, Any] | None = None
    was_cancelled: bool = False
    retries: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def ref(self) -> str:
        """The customer's own name for it, and its idempotency key."""
        name: str = self.given["ref"]
        return name


@dataclass
class Market:
    """All customers of a soak; `orders` is everything they asked for that was accepted."""

    client: Client
    provider: Provider
    offers: Sequence[tuple[Shape, str]]
    chance: random.Random
    orders: list[Order] = field(default_factory=list)
    is_closed: bool = False
    _numbers: int = 0

    async def shop(self) -> None:
        """Order one thing after the other until the market closes; see each through to its end."""
        while not self.is_closed:
            self._numbers += 1
            offer = self.chance.choices(self.offers, [shape.share for shape, _ in self.offers])
            shape, workflow_id = offer[0]
            approve = self.chance.random() < 0.5
            cents = self.chance.randrange(1, 10**7)
            order = Order(shape, new_input(f"order-{self._numbers}", cents, approve=approve))
            self.orders.append(order)
            await self._start(order, workflow_id)
            if shape.name.startswith("cancelled"):
                await self._cancel(order)
            await self._see_through(order)

    async def _start(self, order: Order, workflow_id: str) -> None:
        body = {"input": order.given, "idempotencyKey": order.ref}
        for _ in range(2 if self.chance.random() < 0.2 else 1):
            status, data = await self.client.ask("POST", f"workflows/{workflow_id}/run", body)
            if status not in {200, 202}:
                order.problems.append(f"the start was answered {status}")
                return
            if data["runId"] not in order.run_ids:
                order.run_ids.append(data["runId"])
        if len(order.run_ids) > 1:
            order.problems.append("one idempotency key started two runs")

    async def _cancel(self, order: Order) -> None:
        await asyncio.sleep(self.chance.uniform(0, 1.5))
        status, _ = await self.client.ask("POST", f"runs/{order.run_ids[-1]}/cancel", {})
        order.was_cancelled = status == 202
        if status not in {202, 409}:
            order.problems.append(f"the cancel was answered {status}")

    async def _see_through(self, order: Order) -> None:
        while order.run_ids:
            status, record = await self.client.ask("GET", f"runs/{order.run_ids[-1]}")
            if status != 200:
                order.problems.append(f"an accepted run was answered {status}")
                return
            if record["status"] in ENDED:
                order.record = record
                if not _is_worth_a_retry(order, record) or not await self._retry(order):
                    return
            elif (record["waitingFor"] or {}).get("kind") == "effect":
                await self._look_up(order)
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _retry(self, order: Order) -> bool:
        run_id = order.run_ids[-1]
        # A refusal is kept under its key too, so each question that is asked anew has its own.
        order.retries += 1
        headers = {"Idempotency-Key": f"retry-{run_id}-{order.retries}"}
        status, data = await self.client.ask("POST", f"runs/{run_id}/retry", {}, headers)
        if status == 409 and await self._look_up(order):
            return True  # what stood in the way is resolved: see it fail again, and retry again
        if status != 202:
            order.problems.append(f"the retry was answered {status}")
            return False
        order.run_ids.append(data["runId"])
        order.record = None
        return True

    async def _look_up(self, order: Order) -> bool:
        """Be the person who asks the provider what became of an effect, and says so."""
        found = False
        run_id = order.run_ids[-1]
        _, rows = await self.client.ask("GET", f"runs/{run_id}/effects")
        await asyncio.sleep(_PAUSE_SECONDS)  # what was on its way has arrived
        for row in rows:
            if row["outcome"] != "unknown":
                continue
            found = True
            place = (order.ref, row["stepPath"])
            said: dict[str, Any]
            if self.provider.acts[place]:
                body = answer_of(place, order.given["amount"])
                output = {"status": 200, "headers": {}, "body": body}
                said = {"outcome": "done", "output": output, "comment": "Found in the book."}
            else:
                said = {"outcome": "not_done", "comment": "Not in the book."}
            await self.client.ask("POST", f"runs/{run_id}/effects/{row['id']}/resolve", said)
        return found


def _is_worth_a_retry(order: Order, record: Mapping[str, Any]) -> bool:
    """Retry what a provider refused, and what was given up because its workers were killed."""
    if record["status"] != "failed" or len(order.run_ids) > _MOST_RETRIES:
        return False
    return order.shape.name == "refused" or record["error"]["code"] in {"WORKER_LOST", "CHILD_RUN"}


async def approve(client: Client, chance: random.Random) -> None:
    """Decide every approval as its title says; sometimes twice at the same moment."""
    while True:
        _, rows = await client.ask("GET", "approvals?status=open&limit=100")
        for row in rows:
            body = {"approved": row["title"].endswith(" true"), "comment": "By the book."}
            path = f"approvals/{row['id']}/decide"
            times = 2 if chance.random() < 0.2 else 1
            await asyncio.gather(*(client.ask("POST", path, body) for _ in range(times)))
        await asyncio.sleep(_PAUSE_SECONDS)
