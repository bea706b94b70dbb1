"""How a program of the dashboard's folder is started: with the Node beside this Python."""

import os
import sys
from pathlib import Path
from typing import Final

DASHBOARD: Final = Path(__file__).parents[2] / "dashboard"


def browser_environment() -> dict[str, str]:
    """Return this process's environment, with the programs beside this Python first."""
    programs = str(Path(sys.executable).parent)
    return os.environ | {"PATH": os.pathsep.join([programs, os.environ["PATH"]])}
