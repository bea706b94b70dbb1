"""A real worker process that ends, or stops, itself at a point of the engine's guarantees.

Arguments: what to do (`kill`, `freeze` or `none`), the point, and at its how-manyth pass. Points
are the engine's own and `in_transaction`: rows are written and locked, and not committed.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence

from justpaid.db.pool import Connection
from justpaid.engine import journal
from justpaid.engine.model import Entry
from justpaid.logging import set_up_logging
from justpaid.settings import load_settings
from justpaid.worker import work

_SIGNALS = {"kill": signal.SIGKILL, "freeze": signal.SIGSTOP}


def main() -> None:
    """Work until SIGTERM, or until the point is reached."""
    act, point, left = sys.argv[1], sys.argv[2], int(sys.argv[3])

    def at(name: str) -> None:
        nonlocal left
        if name == point:
            left -= 1
            if left == 0 and act in _SIGNALS:
                os.kill(os.getpid(), _SIGNALS[act])

    open_and_close = journal.open_and_close

    async def in_transaction(connection: Connection, entries: Sequence[Entry]) -> None:
        at("in_transaction")
        await open_and_close(connection, entries)

    journal.open_and_close = in_transaction

    async def run() -> None:
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
        await work(settings, stop, at=at)

    settings = load_settings()
    set_up_logging(settings, process="worker")
    asyncio.run(run())


main()
