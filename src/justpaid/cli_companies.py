"""The verbs `justpaid company …`."""

from typing import Annotated

import typer

from justpaid import clock
from justpaid.cli_frame import (
    AsJson,
    DataDir,
    Workplace,
    examples,
    exit_codes,
    on_database,
    print_json,
    print_table,
    say,
)
from justpaid.companies.model import Company
from justpaid.companies.service import create_company, list_companies
from justpaid.exact_json import JsonObject
from justpaid.ids import Prefix, encode_id

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command(
    epilog=examples(
        'justpaid company create "Acme GmbH"',
        'justpaid company create "Acme GmbH" --time-zone Europe/Berlin --currency EUR',
        'ID=$(justpaid company create "Acme GmbH")',
    )
)
def create(
    name: Annotated[str, typer.Argument(help="What people call it.")],
    *,
    time_zone: Annotated[
        str, typer.Option(help="Default of its schedules, such as Europe/Berlin.")
    ] = "UTC",
    currency: Annotated[str, typer.Option(help="Default of its amounts, such as EUR.")] = "USD",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Make a company, and print its id."""

    async def act(workplace: Workplace) -> Company:
        async with workplace.connection.transaction():
            company = await create_company(
                workplace.connection, name=name, time_zone=time_zone, currency=currency
            )
            shape = company_shape(company)
            await workplace.audit.record_event(
                workplace.connection,
                company.id,
                by=workplace.operator,
                action="company.created",
                object_type="company",
                object_id=encode_id(Prefix.COMPANY, company.id),
                after={key: shape[key] for key in ("name", "timeZone", "currency")},
            )
        return company

    with exit_codes():
        company = on_database(data_dir, act, may_begin=True)
    if as_json:
        print_json(company_shape(company))
        return
    typer.echo(encode_id(Prefix.COMPANY, company.id))
    say(f"{company.name} is ready. Its first key: justpaid keys create --name NAME --scopes …")


@app.command(
    "list", epilog=examples("justpaid company list", "justpaid company list --json | head")
)
def list_all(*, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List every company, oldest first."""

    async def act(workplace: Workplace) -> list[Company]:
        return await list_companies(workplace.connection)

    with exit_codes():
        companies = on_database(data_dir, act)
    if as_json:
        print_json([company_shape(company) for company in companies])
        return
    rows = [
        (encode_id(Prefix.COMPANY, each.id), each.name, each.time_zone, each.currency)
        for each in companies
    ]
    print_table(("ID", "NAME", "TIME ZONE", "CURRENCY"), rows)


def company_shape(company: Company) -> JsonObject:
    """Write a company as the API does."""
    return {
        "id": encode_id(Prefix.COMPANY, company.id),
        "name": company.name,
        "timeZone": company.time_zone,
        "currency": company.currency,
        "leakPolicy": company.leak_policy.value,
        "createdAt": clock.to_wire(company.created_at),
    }
