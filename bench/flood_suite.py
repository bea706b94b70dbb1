"""A good key beside a flood of junk keys, in short slices by turns: noise meets all alike."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median
from typing import Final

import uvloop

from bench.edge_server import PATH
from bench.load import Load, drive_steadily, request_bytes
from bench.processes import stop
from bench.workbench import Bench, make_table

_JUNK_A_SECOND: Final = 2000
_HONEST_A_SECOND: Final = 500
_SLICES_A_REPEAT: Final = 6
_LEAD_SECONDS: Final = 0.2


@dataclass
class _Seen:
    """What the good key's callers saw in one situation, slice by slice."""

    p50: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    good: Counter[int] = field(default_factory=Counter[int])
    junk: Counter[str] = field(default_factory=Counter[str])

    def add(self, load: Load) -> None:
        """Add a slice."""
        self.p50.append(load.percentile(0.5))
        self.p99.append(load.percentile(0.99))
        self.good.update(load.statuses)


class _Flood:
    """The process that sends junk."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def begin(self, port: int, seconds: float) -> None:
        """Flood a server for a while; return when it is under way."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{port} {seconds}\n")
        self._process.stdin.flush()
        self._read()

    def end(self) -> dict[str, int]:
        """Wait for its end; return its answers by status."""
        told: dict[str, int] = json.loads(self._read())
        return told

    def _read(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


@contextmanager
def _flooding() -> Generator[_Flood]:
    command = [sys.executable, "-m", "bench.flood", PATH, str(_JUNK_A_SECOND)]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)
    try:
        yield _Flood(process)
    finally:
        stop(process)  # pyright: ignore[reportArgumentType]  of text rather than of bytes


def floods(bench: Bench, port: int, other_port: int) -> None:
    """Measure a good key alone, beside junk to another server, and beside junk to its own.

    The second says what the flood takes of the machine, the third what it takes of the server.
    """
    request = request_bytes("GET", PATH, {"x-api-key": bench.service.key})
    flooded = {"quiet": None, "junk to another server": other_port, "junk to its own": port}
    seen = {name: _Seen() for name in flooded}
    seconds = bench.seconds / 3
    with _flooding() as flood:
        for _ in range(bench.repeats * _SLICES_A_REPEAT):
            for name, junk_port in flooded.items():
                if junk_port is not None:
                    flood.begin(junk_port, seconds + _LEAD_SECONDS)
                seen[name].add(uvloop.run(drive_steadily(port, request, _HONEST_A_SECOND, seconds)))
                if junk_port is not None:
                    seen[name].junk.update(flood.end())
    slices = bench.repeats * _SLICES_A_REPEAT
    table = make_table(
        f"{_HONEST_A_SECOND} good, {_JUNK_A_SECOND} junk keys a second: medians of {slices} slices",
        *("what", "p50 ms", "p99 ms", "p99 ratio", "good", "junk"),
    )
    quiet = median(seen["quiet"].p99)
    for name, each in seen.items():
        figures = (f"{median(each.p50):.2f}", f"{median(each.p99):.2f}")
        ratio = f"{median(each.p99) / quiet:.2f}"
        table.add_row(name, *figures, ratio, str(dict(each.good)), str(dict(each.junk)))
    bench.console.print(table)
