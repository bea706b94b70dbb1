"""The dashboard in a real browser, on the real service: people's acts, the keyboard, and axe."""

import subprocess
from pathlib import Path

from tests.e2e.browsing import DASHBOARD, browser_environment
from tests.e2e.stage import stage

SECONDS = 900


def test_people_do_what_the_pages_promise(database_url: str, tmp_path: Path) -> None:
    """Set-up, keys, rotation, people and audit work in a browser, by keyboard too, without faults.

    What is done stands in dashboard/e2e; every page is checked with axe in light and dark.
    """
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
