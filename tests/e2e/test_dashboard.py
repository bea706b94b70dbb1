"""The dashboard in a real browser, on the real service: people's acts, the keyboard, and axe."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.e2e.browsing import DASHBOARD, browser_environment
from tests.e2e.stage import stage

SECONDS = 900


def test_people_do_what_the_pages_promise(database_url: str, tmp_path: Path) -> None:
    """Set-up, keys, rotation, people and audit work in a browser, by keyboard too, without faults.

    What is done stands in dashboard/e2e; every page is checked with axe in light and dark.
    """
    _require_browser()
    with stage(database_url, tmp_path / "service") as told:
        answer = subprocess.run(
            ["npm", "run", "--silent", "e2e"],
            cwd=DASHBOARD,
            env=browser_environment() | told,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    assert answer.returncode == 0, answer.stdout + answer.stderr


def _require_browser() -> None:
    """Say plainly why nothing is tried where no browser starts; in CI that is a failure."""
    probe = subprocess.run(
        ["node", "e2e/probe.ts"],
        cwd=DASHBOARD,
        env=browser_environment(),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    if probe.returncode != 0:
        reason = f"no browser can be started here: {probe.stdout}{probe.stderr}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
