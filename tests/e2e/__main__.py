"""`python -m tests.e2e COMMAND …`: runs a command in the dashboard's folder, on the stage."""

import asyncio
import subprocess
import sys
import tempfile
from pathlib import Path

from justpaid.db.embedded import start_embedded
from justpaid.db.migrate import migrate
from tests.e2e.browsing import DASHBOARD, browser_environment
from tests.e2e.stage import stage


def main() -> int:
    """Start a database and the service, run the command, and take everything away again."""
    command = sys.argv[1:] or ["npm", "run", "--silent", "e2e"]
    with tempfile.TemporaryDirectory() as folder:
        database = start_embedded(Path(folder) / "database", dies_with_us=True)
        try:
            asyncio.run(migrate(database.dsn))
            with stage(database.dsn, Path(folder) / "service") as told:
                environment = browser_environment() | told
                return subprocess.run(
                    command, cwd=DASHBOARD, env=environment, check=False
                ).returncode
        finally:
            database.destroy()


if __name__ == "__main__":
    sys.exit(main())
