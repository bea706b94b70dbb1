"""The verb `justpaid prove`: the guarantees, tried before anybody relies on them."""

import sys
from functools import partial
from importlib import import_module
from typing import Annotated, Final

import typer
from rich.console import Console

from justpaid.cli_frame import FAILED, AsJson, examples, exit_codes, print_json
from justpaid.proofs.model import Report

app = typer.Typer()

# Loaded when it is asked for: no other verb needs it.
_PLAY: Final = "justpaid.proofs.play"
_PAGE: Final = "justpaid.proofs.page"
_PIPED_WIDTH: Final = 130


@app.command(
    epilog=examples("justpaid prove", "justpaid prove numbers addresses", "justpaid prove --json")
)
def prove(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Which ones; all when none is named.", show_default=False),
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Try the guarantees on this machine, and print what was seen.

    A throwaway instance with its own PostgreSQL is started, attacked, stopped and deleted, in about
    a minute; no installation is touched. Exit code 1 when a guarantee does not hold.
    """
    play, page = import_module(_PLAY), import_module(_PAGE)
    known = [proof.name for proof in play.PROOFS]
    if unknown := [name for name in names or [] if name not in known]:
        raise typer.BadParameter(f"{', '.join(unknown)}: there are {', '.join(known)}")
    errors = Console(stderr=True, highlight=False)
    with exit_codes(), errors.status("") as status:
        told = status.update if errors.is_terminal else partial(errors.print, soft_wrap=True)

        def tell(what: str) -> None:
            told(f"{what} …")

        report: Report = play.prove(names or [], tell)
    if as_json:
        print_json(page.as_json(report))
    else:
        page.print_page(Console(width=None if sys.stdout.isatty() else _PIPED_WIDTH), report)
    if not report.holds:
        raise typer.Exit(FAILED)
