"""Processes of the bench: started, waited for with a deadline, ended by their own id."""

import socket
import subprocess
import sys
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Final

import psutil

_START_SECONDS: Final = 30.0
_STOP_SECONDS: Final = 5.0


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serving(
    module: str, *words: str, environment: Mapping[str, str] | None = None
) -> Generator[tuple[int, psutil.Process]]:
    """Run a module of the bench that serves on a port: `module`, its first words, port, the rest.

    `words` holds `{port}` where the port stands. Raises RuntimeError when it does not serve.
    """
    port = free_port()
    command = [sys.executable, "-m", module, *(word.format(port=port) for word in words)]
    process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL)
    try:
        wait_for_port(port, process)
        yield port, psutil.Process(process.pid)
    finally:
        stop(process)


def wait_for_port(port: int, process: "subprocess.Popen[bytes]") -> None:
    """Return once something accepts connections; raises RuntimeError when the process will not."""
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1.0).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise RuntimeError(f"{process.args} does not serve on port {port}: {process.poll()}")


def stop(process: "subprocess.Popen[bytes]", seconds: float = _STOP_SECONDS) -> None:
    """Ask a process to end, and end it when it does not."""
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def cpu_seconds(process: psutil.Process) -> float:
    """Return the CPU time that a process and its reaped children have used so far."""
    times = process.cpu_times()
    return times.user + times.system + times.children_user + times.children_system
