"""Forks API and worker processes that have everything loaded, so that a kill costs little.

Reads `api` or `worker` a line on stdin and answers `born KIND PID`, later `dead PID STATUS`. What
it forks is the service's own process, from its settings on; only the loading is done once. When the
soak that started it is gone, however it ended, everything here ends with it.
"""

import contextlib
import os
import selectors
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Callable
from types import FrameType

from justpaid.app import run_api
from justpaid.logging import set_up_logging
from justpaid.settings import Settings, load_settings
from justpaid.worker import run_worker
from tests.faults.soak.mutants import MUTANTS

_RUN: dict[str, Callable[[Settings], None]] = {"api": run_api, "worker": run_worker}


def main() -> None:
    """Fork on demand until stdin closes."""
    lifeline, mutant = int(sys.argv[1]), sys.argv[2]
    settings = load_settings()
    if mutant:
        MUTANTS[mutant].apply()
    heard, told = socket.socketpair()
    told.settimeout(0)
    signal.set_wakeup_fd(told.fileno(), warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, _ignore)
    living: set[int] = set()
    selector = selectors.DefaultSelector()
    selector.register(sys.stdin.fileno(), selectors.EVENT_READ)
    selector.register(heard, selectors.EVENT_READ)
    _say("ready")
    while True:
        for key, _ in selector.select():
            if key.fileobj is heard:
                heard.recv(4096)
                _bury(living)
                continue
            kinds = os.read(sys.stdin.fileno(), 4096)
            if not kinds:
                for pid in living:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                return
            for kind in kinds.decode().split():
                pid = _fork(kind, settings, lifeline)
                living.add(pid)
                _say(f"born {kind} {pid}")


def _fork(kind: str, settings: Settings, lifeline: int) -> int:
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.dup2(os.open(os.devnull, os.O_RDWR), 0)
        os.dup2(2, 1)
        threading.Thread(target=_end_with, args=(lifeline,), daemon=True).start()
        set_up_logging(settings, process=kind)
        _RUN[kind](settings)
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def _end_with(lifeline: int) -> None:
    os.read(lifeline, 1)
    os._exit(1)


def _bury(living: set[int]) -> None:
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            living.discard(pid)
            _say(f"dead {pid} {os.waitstatus_to_exitcode(status)}")


def _say(line: str) -> None:
    os.write(1, f"{line}\n".encode())


def _ignore(_number: int, _frame: FrameType | None) -> None:
    """Wake the selector; the wake-up descriptor does the rest."""


if __name__ == "__main__":
    main()
