"""`python -m tests.e2e COMMAND …`: runs a command in the dashboard's folder, on the stage."""

import subprocess
import sys

from tests.e2e.browsing import DASHBOARD, browser_environment
from tests.e2e.stage import own_stage


def main() -> int:
    """Start a database and the service, run the command, and take everything away again."""
    command = sys.argv[1:] or ["npm", "run", "--silent", "e2e"]
    with own_stage() as told:
        environment = browser_environment() | told
        return subprocess.run(command, cwd=DASHBOARD, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
