"""The dashboard in a real browser, on the real service: a person's whole course, and axe."""

import os
import subprocess
import sys
from pathlib import Path

from tests.api.live_service import live_service

ROOT = Path(__file__).parents[2]
PROGRAMS = Path(sys.executable).parent
SECONDS = 900


def _command_line(database_url: str, data_dir: Path, *words: str) -> str:
    given = {"DATABASE_URL": database_url, "JUSTPAID_DATA_DIR": str(data_dir)}
    answer = subprocess.run(
        [sys.executable, "-m", "justpaid.cli", *words],
        env=os.environ | given,
        capture_output=True,
        text=True,
        check=True,
    )
    return answer.stdout.strip()


def test_a_person_does_what_the_pages_promise(database_url: str, tmp_path: Path) -> None:
    """Set-up, keys, rotation, people and audit work in a browser, by keyboard too, without faults.

    The course itself stands in dashboard/e2e; every page is checked with axe in light and dark.
    """
    with live_service(database_url, tmp_path) as address:
        port = address.rpartition(":")[2]
        _command_line(database_url, tmp_path, "company", "create", "Acme GmbH")
        link = _command_line(database_url, tmp_path, "setup-link", "--port", port)
        environment = os.environ | {
            "BASE_URL": address,
            "JUSTPAID_E2E_SETUP_LINK": link,
            "PATH": os.pathsep.join([str(PROGRAMS), os.environ["PATH"]]),
        }
        answer = subprocess.run(
            ["npm", "run", "--silent", "e2e"],
            cwd=ROOT / "dashboard",
            env=environment,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    assert answer.returncode == 0, answer.stdout + answer.stderr
