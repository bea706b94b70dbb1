"""The demo, as its first reader meets it: piped it ends by itself, in a terminal it stays."""

import codecs
import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx

COMMAND = [sys.executable, "-m", "justpaid.cli", "demo"]
SECONDS = 120


def _environment(folder: Path) -> dict[str, str]:
    return os.environ | {"TMPDIR": str(folder), "TERM": "dumb", "COLUMNS": "160"}


def test_piped_it_shows_the_run_and_ends(tmp_path: Path) -> None:
    """Without a terminal the demo runs the workflow, prints its steps, cleans up and exits 0."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        environment = _environment(tmp_path) | {"JUSTPAID_PORT": str(taken.getsockname()[1])}
        answer = subprocess.run(
            COMMAND, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
        )
    assert answer.returncode == 0, answer.stderr
    assert "Make the invoice" in answer.stdout
    assert '"total":61.30' in answer.stdout
    assert "wfk_" not in answer.stderr
    assert list(tmp_path.iterdir()) == []


def test_in_a_terminal_it_stays_until_ctrl_c(tmp_path: Path) -> None:
    """In a terminal the service goes on, with a key and ready lines, and Ctrl-C ends it whole."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        COMMAND,
        env=_environment(tmp_path) | {"JUSTPAID_PORT": "0"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        shown = _read_until(ours, r"/effects")
        key = re.search(r"wfk_[0-9A-Za-z]{49}", shown)
        address = re.search(r"Running at (http://127\.0\.0\.1:\d+)", shown)
        assert key is not None
        assert address is not None
        me = httpx.get(f"{address[1]}/api/v1/me", headers={"x-api-key": key[0]}, timeout=20)
        assert me.json()["data"]["company"]["name"] == "Acme GmbH"
        assert "/setup#" in shown
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    assert list(tmp_path.iterdir()) == []


def _read_until(terminal: int, pattern: str) -> str:
    """Read what the terminal shows until a pattern stands in it; a read may cut a character."""
    shown = ""
    decoder = codecs.getincrementaldecoder("utf-8")()
    deadline = time.monotonic() + SECONDS
    while not re.search(pattern, shown):
        assert time.monotonic() < deadline, shown
        if select.select([terminal], [], [], 1)[0]:
            shown += decoder.decode(os.read(terminal, 65536))
    return shown
