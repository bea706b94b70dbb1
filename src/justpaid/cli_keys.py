"""The verbs `justpaid keys …`: what the dashboard does with API keys, for an operator."""

from collections.abc import Awaitable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final, Protocol
from uuid import UUID

import typer

from justpaid import clock
from justpaid.api_keys import repository
from justpaid.api_keys.key_changes import KeyChanges, zero_tail
from justpaid.api_keys.key_format import hint_of
from justpaid.api_keys.key_view import scopes_of
from justpaid.api_keys.model import ApiKey, CreatedKey, KeyRequest, KeyStatus
from justpaid.api_keys.service import ApiKeys
from justpaid.audit.model import Actor
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
    print_table,
    read_stdin,
    say,
)
from justpaid.cli_key_terms import (
    find_form_problem,
    key_shape,
    parse_expiry,
    parse_limits,
    parse_scopes,
)
from justpaid.companies.model import Company
from justpaid.errors import InvalidInput, NotFound, Problem
from justpaid.ids import Prefix, decode_id, encode_id
from justpaid.keyrings import peppers_of
from justpaid.scopes import Scope

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

_PAGE: Final = 1000

KeyName = Annotated[
    str, typer.Argument(metavar="KEY", help="The key, by its id, name or hint (wfk_AbCd…WxYz).")
]
Reason = Annotated[str | None, typer.Option(help="Kept with the key and in the audit log.")]


@app.command(
    epilog=examples(
        "justpaid keys create --name billing --scopes workflows:read,workflows:execute",
        "justpaid keys create --company cmp_… --name nightly --scopes all --expires 90d",
        "justpaid keys create --name load --scopes workflows:execute --limit execute=100000",
        "export JUSTPAID_API_KEY=$(justpaid keys create --name me --scopes runs:read)",
    )
)
def create(
    *,
    name: Annotated[str, typer.Option(help="Which program will use it.")],
    scopes: Annotated[
        str, typer.Option(help=f"Comma-separated: {', '.join(Scope)}; or all.", metavar="SCOPES")
    ],
    company: CompanyName = None,
    expires: Annotated[
        str | None,
        typer.Option(
            help="After a span (12h, 90d, 26w) or at a date (2027-01-31).", metavar="WHEN"
        ),
    ] = None,
    limit: Annotated[
        list[str] | None,
        typer.Option(help="A limit of its own a minute, such as execute=1000.", metavar="KIND=N"),
    ] = None,
    allow_ip: Annotated[
        list[str] | None,
        typer.Option(help="Accept it only from this address or network.", metavar="CIDR"),
    ] = None,
    note: Annotated[str, typer.Option(help="A note for people.")] = "",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Make an API key, and print it, this once, on stdout."""

    async def act(workplace: Workplace) -> CreatedKey:
        request = KeyRequest(
            name=name,
            scopes=parse_scopes(scopes),
            expires_at=None if expires is None else parse_expiry(expires, clock.now()),
            allowed_ips=tuple(allow_ip or ()),
            limits=parse_limits(limit or []),
            note=note,
        )
        owner = await find_company(workplace, company)
        async with zero_tail(workplace.connection) as changes:
            return await _keys(workplace).create_key(
                changes, owner.id, request, by=workplace.operator
            )

    with exit_codes():
        created = on_database(data_dir, act)
    _print_created(created, as_json=as_json)


@app.command(
    "list",
    epilog=examples(
        "justpaid keys list", 'justpaid keys list --company "Acme GmbH" --status active --json'
    ),
)
def list_all(
    *,
    company: CompanyName = None,
    status: Annotated[KeyStatus | None, typer.Option(help="Only keys of this status.")] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List a company's keys, newest first; never the keys themselves."""

    async def act(workplace: Workplace) -> list[ApiKey]:
        owner = await find_company(workplace, company)
        return await _all_keys(workplace, owner, status)

    with exit_codes():
        keys = on_database(data_dir, act)
    if as_json:
        print_json([key_shape(key) for key in keys])
        return
    now = clock.now()
    rows = [
        (
            encode_id(Prefix.KEY, key.id),
            key.name,
            key.hint,
            key.status_at(now).value,
            _moment(key.expires_at),
            _moment(key.last_used_at),
            ",".join(scopes_of(key)),
        )
        for key in keys
    ]
    print_table(("ID", "NAME", "HINT", "STATUS", "EXPIRES", "LAST USED", "SCOPES"), rows)


@app.command(
    epilog=examples(
        "NEW=$(justpaid keys rotate billing)",
        "justpaid keys revoke key_…     once every caller uses the new one",
    )
)
def rotate(
    key: KeyName,
    *,
    company: CompanyName = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Make a successor with the same terms, and print it, this once; the old key stays valid."""

    async def act(workplace: Workplace) -> CreatedKey:
        owner = await find_company(workplace, company)
        found = await _find(workplace, owner, key)
        async with zero_tail(workplace.connection) as changes:
            return await _keys(workplace).rotate_key(
                changes, owner.id, found.id, by=workplace.operator
            )

    with exit_codes():
        created = on_database(data_dir, act)
    _print_created(created, as_json=as_json)


@app.command(
    epilog=examples(
        'justpaid keys revoke key_… --reason "left in a public repository"',
        "justpaid keys revoke billing",
    )
)
def revoke(
    key: KeyName,
    *,
    company: CompanyName = None,
    reason: Reason = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """End a key for good: when this returns, no process accepts it any more. Never asks."""
    _change(ApiKeys.revoke_key, key, company, reason, data_dir, as_json=as_json)


@app.command(
    epilog=examples(
        'NEW=$(justpaid keys compromised billing --reason "seen in a screenshot")',
        "justpaid keys compromised key_… --no-replace",
    )
)
def compromised(
    key: KeyName,
    *,
    company: CompanyName = None,
    replace: Annotated[bool, typer.Option(help="Make another on the same terms.")] = True,
    reason: Reason = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """End a key that others may know, at once, and print its replacement, this once."""

    async def act(workplace: Workplace) -> tuple[ApiKey, CreatedKey | None]:
        owner = await find_company(workplace, company)
        found = await _find(workplace, owner, key)
        async with zero_tail(workplace.connection) as changes:
            return await _keys(workplace).replace_key(
                *(changes, owner.id, found.id),
                by=workplace.operator,
                reason=reason,
                replace=replace,
            )

    with exit_codes():
        revoked, created = on_database(data_dir, act)
    if not as_json:
        _tell_cut_off(revoked)
    if created is not None:
        _print_created(created, as_json=as_json)
    elif as_json:
        print_json(key_shape(revoked))


@app.command(epilog=examples('justpaid keys disable billing --reason "checking an alert"'))
def disable(
    key: KeyName,
    *,
    company: CompanyName = None,
    reason: Reason = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Shut a key out until it is enabled again."""
    _change(ApiKeys.disable_key, key, company, reason, data_dir, as_json=as_json)


@app.command(epilog=examples("justpaid keys enable billing"))
def enable(
    key: KeyName,
    *,
    company: CompanyName = None,
    reason: Reason = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Let a disabled key in again."""
    _change(ApiKeys.enable_key, key, company, reason, data_dir, as_json=as_json)


@app.command(
    epilog=examples(
        'printf %s "$JUSTPAID_API_KEY" | justpaid keys check', "justpaid keys check < key.txt"
    )
)
def check(*, as_json: AsJson = False) -> None:
    """Say whether what stands on stdin can be a key: its form and checksum, without a database.

    Exit code 0 when it can, 1 when not. The key is never shown, and never an argument, because
    arguments are seen by everybody on the machine.
    """
    text = read_stdin().strip()
    problem = find_form_problem(text)
    if as_json:
        hint = None if problem else hint_of(text)
        print_json({"wellFormed": problem is None, "hint": hint, "problem": problem})
    elif problem is None:
        typer.echo(f"{hint_of(text)} is well formed. Whether it is active, only the server knows.")
    else:
        say(problem)
    if problem is not None:
        raise typer.Exit(FAILED)


class _Verb(Protocol):
    """What revoke, disable and enable have in common."""

    def __call__(
        self,
        keys: ApiKeys,
        changes: KeyChanges,
        company_id: UUID,
        key_id: UUID,
        /,
        *,
        by: Actor,
        reason: str | None = None,
    ) -> Awaitable[ApiKey]: ...


def _change(
    verb: _Verb,
    key: str,
    company: str | None,
    reason: str | None,
    data_dir: Path | None,
    *,
    as_json: bool,
) -> None:
    async def act(workplace: Workplace) -> ApiKey:
        owner = await find_company(workplace, company)
        found = await _find(workplace, owner, key)
        async with zero_tail(workplace.connection) as changes:
            return await verb(
                _keys(workplace),
                changes,
                owner.id,
                found.id,
                by=workplace.operator,
                reason=reason,
            )

    with exit_codes():
        changed = on_database(data_dir, act)
    if as_json:
        print_json(key_shape(changed))
        return
    status = changed.status_at(clock.now()).value
    typer.echo(f"{encode_id(Prefix.KEY, changed.id)} ({changed.name}, {changed.hint}): {status}")
    _tell_cut_off(changed)


def _tell_cut_off(key: ApiKey) -> None:
    if key.last_used_at is None:
        say("It was never used.")
    else:
        say(f"Last used {_moment(key.last_used_at)} from {key.last_used_ip or 'unknown'}.")


def _keys(workplace: Workplace) -> ApiKeys:
    return ApiKeys(peppers_of(workplace.secrets), workplace.audit)


async def _all_keys(workplace: Workplace, owner: Company, status: KeyStatus | None) -> list[ApiKey]:
    keys: list[ApiKey] = []
    while True:
        page = await repository.list_page(
            workplace.connection,
            owner.id,
            now=clock.now(),
            limit=_PAGE,
            after=(keys[-1].created_at, keys[-1].id) if keys else None,
            status=status,
        )
        keys += page
        if len(page) < _PAGE:
            return keys


async def _find(workplace: Workplace, owner: Company, named: str) -> ApiKey:
    """Return the key meant. Raises NotFound, or InvalidInput when several fit."""
    key_id = decode_id(Prefix.KEY, named)
    if key_id is not None:
        by_id = await repository.find(workplace.connection, owner.id, key_id)
        found = [] if by_id is None else [by_id]
    else:
        found = await repository.find_by_name_or_hint(workplace.connection, owner.id, named)
    if not found:
        raise NotFound(f"{owner.name} has no such key. Show them: justpaid keys list")
    if len(found) > 1:
        choices = ", ".join(f"{encode_id(Prefix.KEY, each.id)} ({each.hint})" for each in found)
        raise InvalidInput("Several keys fit.", [Problem("KEY", f"name one of {choices}")])
    return found[0]


def _print_created(created: CreatedKey, *, as_json: bool) -> None:
    if as_json:
        print_json({**key_shape(created.key), "key": created.secret})
        return
    typer.echo(created.secret)
    key = created.key
    ends = "does not expire" if key.expires_at is None else f"expires {_moment(key.expires_at)}"
    say(
        f"{encode_id(Prefix.KEY, key.id)} ({key.name}) may {', '.join(scopes_of(key))} and {ends}."
        " The key above is shown this once: put it into a secrets manager."
    )


def _moment(at: datetime | None) -> str:
    return "-" if at is None else clock.to_wire(at)
