"""The verbs `justpaid setup-link` and `justpaid members …`: links for people who cannot get in."""

from typing import Annotated, Final
from uuid import UUID

import typer

from justpaid.cli_frame import (
    AsJson,
    CompanyName,
    DataDir,
    Workplace,
    examples,
    exit_codes,
    find_company,
    on_database,
    print_json,
    say,
)
from justpaid.companies.service import list_companies
from justpaid.errors import InvalidInput, InvalidState, Problem
from justpaid.ids import Prefix, encode_id
from justpaid.members import repository
from justpaid.members.links import (
    LinkPage,
    link_address,
    make_reset_link,
    make_setup_link,
    remove_second_factor,
)
from justpaid.members.mail import Mail, reset_mail
from justpaid.settings import LAST_PORT, load_settings

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
setup_app = typer.Typer()

_ONCE: Final = "It works once, within an hour, and takes the place of an earlier one."

Port = Annotated[
    int | None,
    typer.Option(
        min=0,
        max=LAST_PORT,
        help="The port the service was started with [JUSTPAID_PORT, else 8080]; of no matter when"
        " JUSTPAID_PUBLIC_URL is set.",
        show_default=False,
    ),
]


@setup_app.command(
    "setup-link",
    epilog=examples("justpaid setup-link", "justpaid setup-link --company cmp_… --port 9000"),
)
def setup_link(
    *,
    company: CompanyName = None,
    port: Port = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Print a fresh link for the first owner of a company, or for the first company.

    Without --company it is for the only company without an owner; where there is no company, the
    link makes the first one too.
    """

    async def act(workplace: Workplace) -> str:
        async with workplace.connection.transaction():
            company_id = await _find_ownerless(workplace, company)
            token = await make_setup_link(workplace.connection, company_id)
            if company_id is not None:
                await workplace.audit.record_event(
                    workplace.connection,
                    company_id,
                    by=workplace.operator,
                    action="company.setup_link_made",
                    object_type="company",
                    object_id=encode_id(Prefix.COMPANY, company_id),
                )
        return token

    with exit_codes():
        settings = load_settings({"data_dir": data_dir, "port": port})
        token = on_database(data_dir, act, may_begin=True)
    _print_link(link_address(settings.base_url, LinkPage.SETUP, token), as_json=as_json)


@app.command(
    "reset-link",
    epilog=examples(
        "justpaid members reset-link anna@acme.test",
        "justpaid members reset-link anna@acme.test --remove-totp   for a lost phone",
    ),
)
def reset_link(
    email: Annotated[str, typer.Argument(help="The person's e-mail.")],
    *,
    remove_totp: Annotated[
        bool, typer.Option("--remove-totp", help="Also take the second factor off, at once.")
    ] = False,
    mail: Annotated[
        bool, typer.Option("--mail", help="Also mail it to the person (JUSTPAID_SMTP_HOST).")
    ] = False,
    port: Port = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Print a link with which a locked-out person sets a new password; their sessions end then."""
    with exit_codes():
        settings = load_settings({"data_dir": data_dir, "port": port})
        outbox = Mail(settings)
        if mail and not outbox.is_on:
            raise InvalidInput(
                "There is no mail server.", [Problem("--mail", "needs JUSTPAID_SMTP_HOST")]
            )
        to = email.strip().lower()

        async def act(workplace: Workplace) -> str:
            connection, audit, by = workplace.connection, workplace.audit, workplace.operator
            async with connection.transaction():
                token = await make_reset_link(connection, audit, to, by=by)
                if remove_totp:
                    await remove_second_factor(connection, audit, to, by=by)
            link = link_address(settings.base_url, LinkPage.RESET, token)
            if mail:
                await _send(outbox, to, link)
            return link

        link = on_database(data_dir, act)
    _print_link(link, as_json=as_json)


async def _find_ownerless(workplace: Workplace, named: str | None) -> UUID | None:
    """Return the company to set up; None when there is no company at all."""
    if named is not None:
        return (await find_company(workplace, named)).id
    companies = await list_companies(workplace.connection)
    waiting = [
        each
        for each in companies
        if not await repository.lock_owners(workplace.connection, each.id)
    ]
    if len(waiting) == 1 or not companies:
        return waiting[0].id if waiting else None
    if not waiting:
        raise InvalidState(
            "Every company has an owner. A locked-out one: justpaid members reset-link EMAIL"
        )
    choices = ", ".join(f"{encode_id(Prefix.COMPANY, each.id)} ({each.name})" for each in waiting)
    raise InvalidInput(
        "Several companies have no owner.", [Problem("--company", f"name one of {choices}")]
    )


async def _send(outbox: Mail, to: str, link: str) -> None:
    try:
        await outbox.send(to, *reset_mail(link))
    except Exception as error:  # the link is printed whatever the mail server says
        say(f"The mail was not sent: {error}")


def _print_link(link: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"link": link})
        return
    typer.echo(link)
    say(_ONCE)
