"""The audit log as people read it, carry it away, and prove it."""

import csv
import io
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import structlog

from justpaid import clock
from justpaid.audit.export import read_head, show_head
from justpaid.audit.head_log import HeadLog
from justpaid.audit.model import Actor
from justpaid.audit.service import AuditLog
from justpaid.db.pool import Pool
from justpaid.errors import InvalidInput
from justpaid.ids import Prefix, decode_id, encode_id, new_id
from justpaid.members.roles import Role
from tests.api.gate_world import AUDIT
from tests.api.people_stage import Browser, People, member_of
from tests.api.whole_service import WholeService

OPERATOR = Actor("operator:test", "192.0.2.3", "req_1")


@pytest.fixture
async def owner(service: WholeService, own_company_id: UUID) -> AsyncIterator[Browser]:
    """Sign the company's owner in."""
    browser = await People(service).signed_in(own_company_id)
    yield browser
    await browser.client.aclose()


async def act(owner: Browser, times: int = 4) -> list[str]:
    """Make keys, which is one audit row each; returns their ids."""
    made: list[str] = []
    for number in range(times):
        body = {"name": f"=Key {number}", "scopes": ["runs:read"]}
        made.append((await owner.do("POST", "/keys", body, 201))["id"])
    return made


async def test_rows_are_listed_and_chosen(owner: Browser) -> None:
    """A person finds who did what to which object, when, page by page, none twice or lost."""
    keys = await act(owner)
    await owner.do("POST", f"/keys/{keys[0]}/revoke", {})
    member = encode_id(Prefix.MEMBER, member_of(owner))

    async def actions(query: str) -> list[str]:
        return [row["action"] for row in await owner.get(f"/audit?{query}")]

    assert await actions(f"object={keys[0]}") == ["api_key.revoked", "api_key.created"]
    assert await actions(f"action=api_key.revoked&actor={member}") == ["api_key.revoked"]
    assert len(await actions("action=api_key")) == 5
    assert await actions("action=api_k") == []
    assert await actions("actor=operator:nobody") == []
    soon = (clock.now() + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert await actions(f"from={soon}") == []
    assert len(await actions(f"to={soon}&action=api_key")) == 5
    seen: list[str] = []
    cursor = ""
    for _ in range(5):
        answer = (await owner.ask("GET", f"/audit?action=api_key&limit=2{cursor}")).json()
        seen += [row["id"] for row in answer["data"]]
        if not answer["meta"]["hasMore"]:
            break
        cursor = f"&cursor={answer['meta']['cursor']}"
    assert len(seen) == len(set(seen)) == 5


async def test_a_row_has_the_published_shape(owner: Browser) -> None:
    """What reads the log finds each field where the documentation says."""
    (key,) = await act(owner, 1)
    (row,) = await owner.get(f"/audit?object={key}")
    fields = "id at actor ip requestId action object before after hash"
    assert sorted(row) == sorted(fields.split())
    assert row["object"] == key
    assert row["after"]["scopes"] == ["runs:read"]
    assert len(row["hash"]) == 64


@pytest.mark.parametrize("role", [Role.EDITOR, Role.APPROVER, Role.VIEWER])
async def test_only_auditors_read_it(
    service: WholeService, own_company_id: UUID, role: Role
) -> None:
    """The log is for owners and admins, and shows no other company's rows."""
    browser = await People(service).signed_in(own_company_id, role)
    for method, path in (("GET", "/audit"), ("GET", "/audit/export"), ("POST", "/audit/verify")):
        assert (await browser.ask(method, path)).status_code == 403
    await browser.client.aclose()


async def test_the_file_holds_all_rows_and_a_signed_head(
    owner: Browser, own_company_id: UUID
) -> None:
    """What is carried away can later prove that rows were cut off, and opens as data."""
    keys = await act(owner)
    answer = await owner.ask("GET", "/audit/export?action=api_key")
    assert answer.headers["content-type"] == "application/jsonl"
    *rows, last = [json.loads(line) for line in answer.text.splitlines()]
    assert [row["object"] for row in rows] == keys
    head = read_head(last["signedHead"])
    assert head.company_id == own_company_id
    table = await owner.ask("GET", "/audit/export?format=csv&action=api_key")
    header, *lines = csv.reader(io.StringIO(table.text))
    assert [line[header.index("object")] for line in lines[:-1]] == keys
    assert lines[-1][0] == "signedHead"
    assert read_head(lines[-1][1]).rows >= len(keys)
    assert (await owner.ask("GET", "/audit/export?format=xls")).status_code == 400


@pytest.mark.parametrize(
    ("query", "field"),
    [("from=0001-01-01T00:00:00%2B14:00", "from"), ("to=9999-12-31T23:59:59-14:00", "to")],
)
async def test_an_unusable_moment_is_refused(owner: Browser, query: str, field: str) -> None:
    """A moment beyond the calendar is refused by its name, before a file is begun."""
    for path in ("/audit", "/audit/export"):
        refused = await owner.ask("GET", f"{path}?{query}")
        assert refused.status_code == 400
        assert [each["field"] for each in refused.json()["error"]["details"]] == [field]


async def test_an_untouched_log_is_valid(owner: Browser) -> None:
    """A person can prove at any time that nobody has changed the log."""
    await act(owner)
    found = await owner.do("POST", "/audit/verify")
    (newest,) = await owner.get("/audit?limit=1")
    assert found == {
        "valid": True,
        "rows": found["rows"],
        "head": newest["hash"],
        "firstBadId": None,
    }


TAMPERING = {
    "changed": "UPDATE audit_log SET after = '{\"scopes\": []}' WHERE id = $1",
    "renamed actor": "UPDATE audit_log SET actor = 'operator:somebody' WHERE id = $1",
    "moved in time": "UPDATE audit_log SET at = at - interval '1 day' WHERE id = $1",
    "removed": "DELETE FROM audit_log WHERE id = $1",
    "hash": "UPDATE audit_log SET hash = sha256(hash) WHERE id = $1",
}


@pytest.mark.parametrize("how", TAMPERING)
async def test_a_changed_or_removed_row_is_found(
    service: WholeService, owner: Browser, how: str
) -> None:
    """Whoever has the database and changes or removes a row is found out, and where."""
    keys = await act(owner)
    (victim,) = await owner.get(f"/audit?object={keys[1]}")
    (follower,) = await owner.get(f"/audit?object={keys[2]}")
    await service.pool.execute(TAMPERING[how], decode_id(Prefix.AUDIT, victim["id"]))
    found = await owner.do("POST", "/audit/verify")
    assert found["valid"] is False
    assert found["firstBadId"] == (follower if how == "removed" else victim)["id"]


async def test_a_cut_end_is_found(service: WholeService, owner: Browser) -> None:
    """Rows missing at the end show, because the head is kept apart."""
    keys = await act(owner)
    (victim,) = await owner.get(f"/audit?object={keys[-1]}")
    await service.pool.execute(
        "DELETE FROM audit_log WHERE id = $1", decode_id(Prefix.AUDIT, victim["id"])
    )
    found = await owner.do("POST", "/audit/verify")
    assert (found["valid"], found["firstBadId"]) == (False, None)


async def _record(pool: Pool, company_id: UUID, times: int) -> None:
    async with pool.acquire() as connection:
        for _ in range(times):
            async with connection.transaction():
                await AUDIT.record_event(
                    connection,
                    company_id,
                    by=OPERATOR,
                    action="company.changed",
                    object_type="company",
                    object_id="cmp_1",
                )


async def test_a_cut_that_moves_the_head_is_found_by_an_earlier_one(
    pool: Pool, company_id: UUID
) -> None:
    """Whoever cuts the end and forges the head is found out by a head that the log kept."""
    await _record(pool, company_id, 3)
    async with pool.acquire() as connection:
        early = await AUDIT.sign_head(connection, company_id)
        await _record(pool, company_id, 2)
        late = await AUDIT.sign_head(connection, company_id)
        assert (await AUDIT.verify(connection, company_id, late)).valid
        await connection.execute("DELETE FROM audit_log WHERE seq > 3")
        await connection.execute("UPDATE audit_heads SET rows = 3, hash = $1", early.hash)
        assert (await AUDIT.verify(connection, company_id)).valid
        assert (await AUDIT.verify(connection, company_id, early)).valid
        assert not (await AUDIT.verify(connection, company_id, late)).valid


async def test_a_forged_head_is_refused(pool: Pool, company_id: UUID) -> None:
    """A head counts only if this installation signed it, for this company."""
    await _record(pool, company_id, 1)
    async with pool.acquire() as connection:
        text = show_head(await AUDIT.sign_head(connection, company_id))
        assert read_head(text) == read_head(f" {text}\n")
        other = encode_id(Prefix.COMPANY, new_id())
        parts = text.split(",")
        forged = [
            ",".join([other, *parts[1:]]),
            ",".join([parts[0], "9", *parts[2:]]),
            ",".join([*parts[:4], "7", parts[5]]),
        ]
        for each in forged:
            with pytest.raises(InvalidInput):
                await AUDIT.verify(connection, company_id, read_head(each))
    for nonsense in ("", "a,b", text.replace(",", ";")):
        with pytest.raises(InvalidInput):
            read_head(nonsense)


async def test_the_heads_go_to_the_log_once_a_day(pool: Pool, company_id: UUID) -> None:
    """Every day a signed head leaves the database's reach, and names what it covers."""
    await _record(pool, company_id, 2)
    now = clock.now()
    heads = HeadLog(pool, AUDIT, lambda: now)
    with structlog.testing.capture_logs() as lines:
        assert await heads.write_if_due()
        assert not await heads.write_if_due()
        now += timedelta(days=1)
        assert await heads.write_if_due()
    told = [read_head(line["head"]) for line in lines if line["event"] == "audit_head"]
    assert [head.rows for head in told] == [2, 2]
    await _check(AUDIT, pool, company_id, told)


async def _check(audit: AuditLog, pool: Pool, company_id: UUID, heads: list[Any]) -> None:
    async with pool.acquire() as connection:
        for head in heads:
            assert (await audit.verify(connection, company_id, head)).valid
