"""`justpaid` as an operator runs it: a process of its own with one environment."""

import os
import subprocess
import sys

Answer = subprocess.CompletedProcess[str]


class CommandLine:
    """`justpaid` with one environment."""

    def __init__(self, **environment: str) -> None:
        self._environment = {**os.environ, **environment}

    def run(self, *arguments: str, stdin: str = "") -> Answer:
        """Run a verb to its end."""
        return subprocess.run(
            [sys.executable, "-m", "justpaid.cli", *arguments],
            env=self._environment,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
