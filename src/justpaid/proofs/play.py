"""Plays the proofs on a throwaway instance, and leaves nothing behind."""

import asyncio
import io
import os
import platform
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

from justpaid import __version__
from justpaid.logging import set_up_logging
from justpaid.proofs import of_keys, of_runs, of_walls
from justpaid.proofs.instance import Instance, open_instance
from justpaid.proofs.model import Finding, Proof, Report, Result
from justpaid.proofs.outside import Outside, open_outside
from justpaid.settings import PREFIX, UNPREFIXED, Settings, load_settings
from justpaid.supervisor import Supervisor, find_free_port

_LEASE_SECONDS: Final = 2

# The last one breaks the log that it proves, so it stays the last.
PROOFS: Final = (
    Proof("limits", "A key's limit is exact", of_keys.prove_limits),
    Proof("revocation", "A revoked key is refused at once", of_keys.prove_revocation),
    Proof("kill", "A killed worker loses and repeats nothing", of_runs.prove_survival),
    Proof("doubt", "An unsafe request is never sent again by itself", of_runs.prove_no_repeat),
    Proof("numbers", "Numbers are exact", of_runs.prove_numbers),
    Proof("addresses", "Workflows reach no internal address", of_walls.prove_addresses),
    Proof("expressions", "Expressions reach nothing but data", of_walls.prove_expressions),
    Proof("audit", "A changed audit log shows", of_walls.prove_audit),
)

Tell = Callable[[str], None]


def prove(names: Sequence[str], tell: Tell) -> Report:
    """Try the named guarantees, or all; `tell` hears what is being done.

    PostgreSQL, API and worker run in a folder of their own, which is deleted at the end. What the
    environment says of an installation does not count.
    """
    began = time.monotonic()
    chosen = [proof for proof in PROOFS if not names or proof.name in names]
    with (
        _without_an_installation(),
        _quiet_log() as log,
        tempfile.TemporaryDirectory(prefix="justpaid-prove-") as folder,
        open_outside() as outside,
    ):
        tell("Starting PostgreSQL, the API and a worker")
        settings = _settings(Path(folder), outside)
        set_up_logging(settings, process="prove", stream=log)
        with Supervisor(settings, keeps_data=False) as supervisor:
            supervisor.wait_ready()
            results, versions = asyncio.run(_prove(chosen, settings, supervisor, outside, tell))
            tell("Stopping everything")
        if not all(result.finding.holds for result in results):
            sys.stderr.write(log.getvalue())
    return Report(results, versions, time.monotonic() - began)


@contextmanager
def _without_an_installation() -> Generator[None]:
    """Hide the settings of an installation: a proof attacks nothing that somebody uses.

    SIGTERM ends it as Ctrl-C does, so that nothing stays behind.
    """
    names = [name for name in os.environ if name.startswith(PREFIX) or name in UNPREFIXED]
    hidden = {name: os.environ.pop(name) for name in names}
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
        os.environ.update(hidden)


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


@contextmanager
def _quiet_log() -> Generator[io.StringIO]:
    """Keep what the supervisor says of the deaths that a proof causes; it is shown if one fails."""
    with io.StringIO() as log:
        yield log


def _settings(folder: Path, outside: Outside) -> Settings:
    return replace(
        load_settings(),
        data_dir=folder,
        host="127.0.0.1",
        port=find_free_port("127.0.0.1", 0),
        lease_seconds=_LEASE_SECONDS,
        outbound_allow=outside.address.removeprefix("http://"),
        metrics_bind=None,
        log_level="error",
    )


async def _prove(
    proofs: Sequence[Proof],
    settings: Settings,
    supervisor: Supervisor,
    outside: Outside,
    tell: Tell,
) -> tuple[list[Result], dict[str, str]]:
    async with open_instance(settings, supervisor, outside) as instance:
        results: list[Result] = []
        for proof in proofs:
            tell(proof.claim)
            results.append(await _try(proof, instance))
        database: str = await instance.connection.fetchval("SHOW server_version")
    versions = {
        "justpaid": __version__,
        "python": platform.python_version(),
        "postgresql": database,
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
    }
    return results, versions


async def _try(proof: Proof, instance: Instance) -> Result:
    began = time.monotonic()
    try:
        finding = await proof.prove(instance)
    except Exception as error:
        seen = f"the proof itself went wrong: {type(error).__name__}: {error}"
        finding = Finding("", seen, holds=False)
    return Result(proof, finding, time.monotonic() - began)
