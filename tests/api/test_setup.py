"""Set-up by a one-time link, and the operator's links: on databases of their own."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from justpaid.db.pool import Pool
from justpaid.errors import InvalidState, NotFound
from justpaid.ids import Prefix, encode_id, new_id
from justpaid.members.links import make_setup_link, make_setup_link_if_needed
from justpaid.members.roles import Role
from justpaid.members.tokens import new_token
from tests.api.gate_world import problems_of
from tests.api.people_stage import PASSWORD, People
from tests.api.whole_service import WholeService, whole_service

COMPANY = {"name": "First GmbH", "timeZone": "Europe/Berlin", "currency": "EUR"}
OWNER = {"name": "Anna Berg", "email": "anna@first.test", "password": "velvet-tram-orbit-58"}


@pytest.fixture
async def fresh(pool: Pool, database_url: str, tmp_path: Path) -> AsyncIterator[WholeService]:
    """Run the service on an empty database."""
    async with whole_service(pool, database_url, tmp_path) as service:
        yield service


async def _link(pool: Pool, company_id: UUID | None) -> str:
    async with pool.acquire() as connection, connection.transaction():
        return await make_setup_link(connection, company_id)


def _body(token: str, **more: Any) -> dict[str, Any]:
    return {"token": token, "company": COMPANY, "owner": OWNER, **more}


async def test_the_first_company(fresh: WholeService) -> None:
    """A link on an empty installation makes company, owner and session, once."""
    browser = People(fresh).browser()
    assert await browser.get("/setup") == {"needed": True}
    token = await _link(fresh.pool, None)
    answer = await browser.ask("POST", "/setup", _body(token))
    assert answer.status_code == 201
    assert token not in answer.text
    session = browser.enter(answer)
    assert session["role"] == "owner"
    assert {name: session["company"][name] for name in COMPANY} == COMPANY
    assert session["member"]["email"] == OWNER["email"]
    assert (await browser.get("/session"))["id"] == session["id"]
    assert await browser.get("/setup") == {"needed": False}
    again = await People(fresh).browser().ask("POST", "/setup", _body(token))
    assert problems_of(again)[:2] == (404, "NOT_FOUND")
    rows = await fresh.pool.fetch(
        "SELECT actor, action, a::text AS w FROM audit_log a ORDER BY seq"
    )
    assert [row["action"] for row in rows] == ["member.joined", "company.created", "session.begun"]
    assert {row["actor"] for row in rows} == {session["member"]["id"]}
    assert not any(OWNER["email"] in row["w"] or OWNER["name"] in row["w"] for row in rows)
    with pytest.raises(InvalidState):
        await _link(fresh.pool, None)


async def test_what_a_first_start_prints(pool: Pool) -> None:
    """There is a link to print exactly while nobody owns anything and one company at most waits."""
    async with pool.acquire() as connection:
        assert await make_setup_link_if_needed(connection) is not None
        first, second = new_id(), new_id()
        insert = "INSERT INTO companies (id, name) VALUES ($1, 'One')"
        await connection.execute(insert, first)
        assert await make_setup_link_if_needed(connection) is not None
        bound = await connection.fetch("SELECT company_id FROM setup_links ORDER BY company_id")
        assert [row["company_id"] for row in bound] == [first, None]
        await connection.execute(insert, second)
        assert await make_setup_link_if_needed(connection) is None


async def test_what_is_wrong_leaves_the_link(fresh: WholeService) -> None:
    """Every wrong field is named by its path, nothing is made, and the link still works."""
    people = People(fresh)
    token = await _link(fresh.pool, None)
    for body, fields in (
        ({"token": token, "owner": OWNER}, ["company"]),
        (_body(token, owner=OWNER | {"password": "password1234"}), ["owner.password"]),
        (_body(token, company={"name": "", "currency": "x"}), ["company.name", "company.currency"]),
        (_body(token, owner=OWNER | {"email": "anna"}), ["owner.email"]),
        (_body(token, extra=1), ["extra"]),
    ):
        answer = await people.browser().ask("POST", "/setup", body)
        assert problems_of(answer)[:2] == (400, "VALIDATION_ERROR")
        assert [each["field"] for each in problems_of(answer)[2]] == fields
    assert await fresh.pool.fetchval("SELECT count(*) FROM companies") == 0
    assert await fresh.pool.fetchval("SELECT count(*) FROM people") == 0
    assert (await people.browser().ask("POST", "/setup", _body(token))).status_code == 201


async def test_a_company_without_an_owner(fresh: WholeService) -> None:
    """A company made by the command line gets its owner by a link of its own, who may name it."""
    people = People(fresh)
    company_id = await fresh.make_company("Made by hand")
    other_id = await fresh.make_company("Other")
    token = await _link(fresh.pool, company_id)
    browser = people.browser()
    session = browser.enter(await browser.ask("POST", "/setup", {"token": token, "owner": OWNER}))
    assert session["company"]["name"] == "Made by hand"
    assert session["company"]["id"] == encode_id(Prefix.COMPANY, company_id)
    with pytest.raises(InvalidState):
        await _link(fresh.pool, company_id)
    with pytest.raises(NotFound):
        await _link(fresh.pool, new_id())
    renamed = await _link(fresh.pool, other_id)
    owner = OWNER | {"email": "ben@first.test"}
    body = _body(renamed, owner=owner)
    session = browser.enter(await people.browser().ask("POST", "/setup", body))
    assert session["company"]["name"] == COMPANY["name"]


async def test_links_that_do_not_work(fresh: WholeService) -> None:
    """Made-up, replaced, expired and no longer needed links are all simply not found."""
    people = People(fresh)
    first = await _link(fresh.pool, None)
    company_id = await fresh.make_company()
    replaced = await _link(fresh.pool, company_id)
    expired = await _link(fresh.pool, company_id)
    await fresh.pool.execute(
        "UPDATE setup_links SET expires_at = now() - interval '1 s' WHERE company_id IS NOT NULL"
    )
    seen: list[Any] = []
    for token in (first, replaced, expired, new_token(), "x", ""):
        answer = await people.browser().ask("POST", "/setup", _body(token))
        body = answer.json()
        body["error"].pop("requestId")
        seen.append((answer.status_code, body))
    assert seen[0][0] == 404
    assert all(each == seen[0] for each in seen)
    owned = await _link(fresh.pool, company_id)
    await people.make(company_id, Role.OWNER)
    late = await people.browser().ask("POST", "/setup", _body(owned))
    assert late.status_code == 404


async def test_one_owner_of_many(fresh: WholeService) -> None:
    """A link redeemed many times at once makes one company and one owner."""
    people = People(fresh)
    token = await _link(fresh.pool, None)
    answers = await asyncio.gather(
        *(
            people.browser().ask(
                "POST", "/setup", _body(token, owner=OWNER | {"email": f"o{n}@first.test"})
            )
            for n in range(3)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [201, 404, 404]
    assert await fresh.pool.fetchval("SELECT count(*) FROM companies") == 1
    assert await fresh.pool.fetchval("SELECT count(*) FROM people") == 1


async def test_a_known_person_sets_up_by_their_password(fresh: WholeService) -> None:
    """Somebody with an account takes over a second company by their own password alone."""
    people = People(fresh)
    someone = await people.make(await fresh.make_company("One"))
    token = await _link(fresh.pool, await fresh.make_company("Two"))
    owner = {"name": "Not them", "email": someone.email, "password": "velvet-tram-orbit-58"}
    body = {"token": token, "owner": owner}
    assert problems_of(await people.browser().ask("POST", "/setup", body))[0] == 401
    owner["password"] = PASSWORD
    browser = people.browser()
    session = browser.enter(await browser.ask("POST", "/setup", body))
    assert session["member"]["name"] == "Robin Stone"
    assert [each["name"] for each in session["companies"]] == ["One", "Two"]


@pytest.fixture
def environment(database_url: str, tmp_path: Path) -> dict[str, str]:
    """Give the command line the test's own database."""
    return {**os.environ, "JUSTPAID_DATABASE_URL": database_url, "JUSTPAID_DATA_DIR": str(tmp_path)}


def _run(environment: dict[str, str], *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "justpaid.cli", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


async def test_setup_link_verb(environment: dict[str, str], pool: Pool) -> None:
    """The verb prints a fresh link for whatever lacks an owner, on stdout alone."""
    first = _run(environment, "setup-link")
    assert first.returncode == 0, first.stderr
    address, _, token = first.stdout.strip().partition("#")
    assert address == "http://127.0.0.1:8080/setup"
    assert token not in first.stderr
    stored = await pool.fetch("SELECT encode(token_hash, 'escape') AS h FROM setup_links")
    assert len(stored) == 1
    assert token not in stored[0]["h"]
    made = [new_id(), new_id()]
    for company_id, name in zip(made, ("One", "Two"), strict=True):
        await pool.execute("INSERT INTO companies (id, name) VALUES ($1, $2)", company_id, name)
    unclear = _run(environment, "setup-link")
    assert (unclear.returncode, unclear.stdout) == (1, "")
    assert "--company" in unclear.stderr
    chosen = _run(environment, "setup-link", "--company", "Two", "--port", "9000", "--json")
    assert json.loads(chosen.stdout)["link"].startswith("http://127.0.0.1:9000/setup#")
    row = await pool.fetchrow("SELECT company_id, action, a::text AS w FROM audit_log a")
    assert row is not None
    assert (row["company_id"], row["action"]) == (made[1], "company.setup_link_made")
    assert json.loads(chosen.stdout)["link"].partition("#")[2] not in row["w"]
    public = {**environment, "JUSTPAID_PUBLIC_URL": "https://workflows.example.com"}
    assert (
        "https://workflows.example.com/setup#"
        in _run(public, "setup-link", "--company", "One").stdout
    )


async def test_reset_link_verb(environment: dict[str, str], fresh: WholeService) -> None:
    """A locked-out owner gets a working link, also past a lost second factor; both are recorded."""
    people = People(fresh)
    company_id = await fresh.make_company()
    owner = await people.make(company_id, Role.OWNER)
    await fresh.pool.execute(
        "UPDATE people SET totp_sealed = '\\x00', totp_confirmed_at = now() WHERE id = $1",
        owner.person_id,
    )
    nobody = _run(environment, "members", "reset-link", "nobody@first.test")
    assert (nobody.returncode, nobody.stdout) == (3, "")
    none = _run(environment, "setup-link")
    assert (none.returncode, none.stdout) == (1, "")
    assert "reset-link" in none.stderr
    made = _run(environment, "members", "reset-link", owner.email.upper(), "--remove-totp")
    assert made.returncode == 0, made.stderr
    token = made.stdout.strip().partition("/reset#")[2]
    body = {"token": token, "password": "velvet-tram-orbit-58"}
    done = await people.browser().ask("POST", "/password-resets/redeem", body)
    assert done.status_code == 200
    await people.browser().sign_in(owner.email, "velvet-tram-orbit-58")
    rows = await fresh.pool.fetch("SELECT actor, action FROM audit_log ORDER BY seq")
    assert [row["action"] for row in rows][:3] == [
        "member.reset_link_made",
        "member.totp_disabled",
        "member.password_reset",
    ]
    assert rows[0]["actor"].startswith("operator:")
    assert rows[2]["actor"] == owner.id
