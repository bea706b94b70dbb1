"""A Redis or Valkey of the bench's own, where the machine has one."""

import shutil
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

import psutil

from bench.processes import free_port, stop, wait_for_port

PROGRAM: Final = shutil.which("redis-server") or shutil.which("valkey-server")


@contextmanager
def store() -> Generator[tuple[str, psutil.Process]]:
    """Run it without persistence; gives its address and its process."""
    assert PROGRAM is not None
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        command = [PROGRAM, "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
        process = subprocess.Popen([*command, "--dir", folder], stdout=subprocess.DEVNULL)
        try:
            wait_for_port(port, process)
            yield f"redis://127.0.0.1:{port}/0", psutil.Process(process.pid)
        finally:
            stop(process)
