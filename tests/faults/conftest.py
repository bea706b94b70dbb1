"""Fixtures of tests with a real Redis or Valkey beside the database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.redis_server import PROGRAM, WHY_NOT, RedisServer


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    """Run a store for the test, where the machine has one."""
    if PROGRAM is None:
        pytest.skip(WHY_NOT)
    running = RedisServer(tmp_path)
    running.start()
    yield running.url
    running.kill()
