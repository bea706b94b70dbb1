"""The command line `justpaid`: what it can do, in the order in which people meet it."""

from typing import Annotated

import typer

from justpaid import (
    __version__,
    cli_audit,
    cli_companies,
    cli_keys,
    cli_members,
    cli_prove,
    cli_secrets,
    cli_service,
)

app = typer.Typer(
    name="justpaid",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:  # noqa: FBT001  Typer calls it with the flag alone
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback(
    epilog="\b\nA first minute:\n"
    "  justpaid serve                           in one terminal, then in another:\n"
    '  justpaid company create "Acme GmbH"\n'
    "  export JUSTPAID_API_KEY=$(justpaid keys create --name me --scopes all)\n"
    '  curl -H "x-api-key: $JUSTPAID_API_KEY" http://127.0.0.1:8080/api/v1/workflows\n'
    "\n\b\n"
    "Exit codes: 0 done, 1 refused by a rule, 2 wrong usage, 3 no such object,\n"
    "78 the settings, the secrets or the database do not allow it."
)
def root(
    *,
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """JustPaid Workflows: durable finance workflows behind scoped API keys.

    Every verb takes --data-dir (or DATABASE_URL) and works while the service runs or stands still.
    Answers go to stdout, everything else to stderr; --json prints one object or one array.
    """


app.add_typer(cli_service.app)
app.add_typer(cli_prove.app)
app.add_typer(cli_members.setup_app)
app.add_typer(cli_companies.app, name="company", help="Companies: each has its own keys and runs.")
app.add_typer(cli_members.app, name="members", help="People: let a locked-out one in again.")
app.add_typer(
    cli_keys.app, name="keys", help="API keys: make, list, rotate, revoke, replace, check."
)
app.add_typer(cli_audit.app, name="audit", help="The audit log: prove that it is whole.")
app.add_typer(cli_secrets.app, name="secrets")


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
