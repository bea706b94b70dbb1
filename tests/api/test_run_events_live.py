"""Listening over real HTTP: what the gate, the server and a listener who goes do to a stream."""

import asyncio
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from justpaid.runs.streams import MOST_STREAMS_A_CALLER
from tests.api.live_service import live_service
from tests.api.whole_service import make_company_and_key, revoke_key
from tests.engine.stage import until


@dataclass
class Live:
    """A running service, a key of its own, and a run that waits for an hour."""

    database_url: str
    data_dir: Path
    address: str
    key: str
    run_id: str

    def client(self) -> httpx.AsyncClient:
        """Speak to the service with the key."""
        base = f"{self.address}/api/v1"
        return httpx.AsyncClient(base_url=base, headers={"x-api-key": self.key}, timeout=20)

    @property
    def events(self) -> str:
        """The path of the run's stream."""
        return f"/runs/{self.run_id}/events"


@pytest.fixture(scope="module")
def service(
    module_database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Generator[tuple[str, str, Path]]:
    """Run the service as a process."""
    data_dir = tmp_path_factory.mktemp("live")
    with live_service(module_database_url, data_dir) as address:
        yield module_database_url, address, data_dir


@pytest.fixture
async def live(service: tuple[str, str, Path]) -> Live:
    """Make a key and a run that waits."""
    database_url, address, data_dir = service
    key = await make_company_and_key(database_url, data_dir)
    found = Live(database_url, data_dir, address, key, "")
    steps = [
        {"id": "shape", "type": "transform", "config": {"mapping": {"a": 1}}},
        {"id": "hold", "type": "wait", "config": {"duration": 1, "unit": "hours"}},
    ]
    definition = {"name": "Slow", "trigger": {"type": "api"}, "steps": steps}
    async with found.client() as client:
        made = (await client.post("/workflows", json=definition)).json()["data"]["id"]
        await client.post(f"/workflows/{made}/activate")
        found.run_id = (await client.post(f"/workflows/{made}/run")).json()["data"]["runId"]
    return found


async def test_a_line_arrives_while_the_run_goes_on(live: Live) -> None:
    """A listener hears a step before the run has ended, and its end when it is cancelled."""
    heard = ""
    async with live.client() as client, client.stream("GET", live.events) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["x-ratelimit-limit"]
        is_cancelled = False
        async for text in answer.aiter_text():
            heard += text
            if "Waits until" in heard and not is_cancelled:
                assert "event: end" not in heard
                is_cancelled = True
                cancelled = await client.post(f"/runs/{live.run_id}/cancel")
                assert cancelled.status_code == 202
    assert 'data: {"status":"cancelled"}' in heard


async def test_a_revoked_key_hears_no_more(live: Live) -> None:
    """Revoking a key ends the streams it holds; it cannot open another."""
    async with live.client() as client, client.stream("GET", live.events) as answer:
        pieces = answer.aiter_text()
        assert "retry:" in await anext(pieces)
        await revoke_key(live.database_url, live.data_dir, live.key)
        async with asyncio.timeout(10):
            rest = "".join([piece async for piece in pieces])
        assert "event: end" not in rest
        assert (await client.get(live.events)).status_code == 401


async def test_a_listener_who_goes_frees_its_place(live: Live) -> None:
    """A closed connection is noticed: its stream no longer counts against the key."""
    async with live.client() as client:
        opened = [
            await client.send(client.build_request("GET", live.events), stream=True)
            for _ in range(MOST_STREAMS_A_CALLER)
        ]
        assert [answer.status_code for answer in opened] == [200] * MOST_STREAMS_A_CALLER
        refused = await client.get(live.events)
        assert (refused.status_code, refused.json()["error"]["code"]) == (429, "RATE_LIMITED")
        await opened.pop().aclose()

        async def has_room() -> bool:
            again = await client.send(client.build_request("GET", live.events), stream=True)
            opened.append(again)
            return again.status_code == 200

        await until(has_room, "a place to be free")
        for answer in opened:
            await answer.aclose()


async def test_a_head_is_answered_at_once(live: Live) -> None:
    """HEAD tells what a GET would, and does not listen."""
    async with live.client() as client:
        answer = await client.head(live.events)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"].startswith("text/event-stream")
