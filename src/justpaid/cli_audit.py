"""The verbs `justpaid audit …`: prove that nobody has changed what was done."""

from typing import Annotated

import typer

from justpaid.audit.export import read_head, show_head
from justpaid.audit.model import SignedHead, Verification
from justpaid.cli_frame import (
    FAILED,
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
from justpaid.ids import Prefix, encode_id

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command(
    epilog=examples(
        "justpaid audit verify",
        'justpaid audit verify --head "cmp_…,1204,…"   # from the log or an export',
    )
)
def verify(
    *,
    company: CompanyName = None,
    head: Annotated[
        str | None,
        typer.Option(
            help="A head signed earlier, as the log has it daily: a cut end shows.",
            show_default=False,
        ),
    ] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Recompute a company's chain from its first row; exit code 1 when it does not hold."""

    async def act(workplace: Workplace) -> Verification:
        earlier = None if head is None else read_head(head)
        owner = await find_company(workplace, company)
        return await workplace.audit.verify(workplace.connection, owner.id, earlier)

    with exit_codes():
        found = on_database(data_dir, act)
    first_bad = None if found.first_bad_id is None else encode_id(Prefix.AUDIT, found.first_bad_id)
    if as_json:
        print_json(
            {
                "valid": found.valid,
                "rows": found.rows,
                "head": found.head.hex(),
                "firstBadId": first_bad,
            }
        )
    elif found.valid:
        typer.echo(f"The log is whole: {found.rows} rows, head {found.head.hex()}")
    else:
        where = "rows are missing at the end" if first_bad is None else f"{first_bad} does not fit"
        say(f"The log was changed: {where}, after {found.rows} rows that fit.")
    if not found.valid:
        raise typer.Exit(FAILED)


@app.command("head", epilog=examples("justpaid audit head >> /mnt/elsewhere/audit-heads"))
def sign(*, company: CompanyName = None, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Print the signed end of a company's chain, to be kept where the database is not."""

    async def act(workplace: Workplace) -> SignedHead:
        owner = await find_company(workplace, company)
        return await workplace.audit.sign_head(workplace.connection, owner.id)

    with exit_codes():
        signed = on_database(data_dir, act)
    if as_json:
        print_json({"head": show_head(signed)})
    else:
        typer.echo(show_head(signed))
