"""`make bench`: the service beside its floors, in one run, as ratios."""

import argparse
from typing import Final

from rich.console import Console

from bench import dashboard_suite, key_suites, peer_suite, scale_suites, suites, wait_suites
from bench.processes import serving
from bench.service import Service
from bench.workbench import Bench

_SUITES: Final = {
    "idle": suites.idle,
    "runs": suites.runs,
    "light": suites.light,
    "edge": suites.edge,
    "keys": key_suites.keys,
    "waits": wait_suites.waits,
    "long": scale_suites.long,
    "recovery": scale_suites.recovery,
    "fairness": scale_suites.fairness,
    "sleeping": scale_suites.sleeping,
    "lists": scale_suites.lists,
    "dashboard": dashboard_suite.dashboard,
}
_ON_REQUEST: Final = {"peers": peer_suite.peers}  # needs what no command of ours installs
_ALL: Final = _SUITES | _ON_REQUEST
_NAMES: Final = ", ".join(_ALL)


def main() -> None:
    """Run the suites that the command line names, or all."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("suites", nargs="*", help=f"{_NAMES}; without a name all but peers")
    parser.add_argument("--seconds", type=float, default=4.0, help="length of each measurement")
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    names: list[str] = asked.suites or list(_SUITES)
    if unknown := set(names).difference(_ALL):
        parser.error(f"{', '.join(sorted(unknown))}: the suites are {_NAMES}")
    console = Console(width=140)
    with (
        serving("bench.stub", "{port}") as (stub_port, _),
        Service(allow=f"127.0.0.1:{stub_port}") as service,
    ):
        bench = Bench(console, service, stub_port, asked.seconds, asked.repeats)
        for name in names:
            _ALL[name](bench)


if __name__ == "__main__":
    main()
