"""Fixtures of tests with a real Redis or Valkey beside the database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.redis_server import PROGRAM, WHY_NOT, RedisServer


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RedisServer]:
    """Run a store for the test, where the machine has one; a test may kill or freeze it."""
    if PROGRAM is None:
        pytest.skip(WHY_NOT)
    running = RedisServer(tmp_path)
    running.start()
    yield running
    running.kill()


@pytest.fixture
def redis_url(store: RedisServer) -> str:
    """Tell where the test's store listens."""
    return store.url
