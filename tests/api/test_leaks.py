"""Leak reports and notices: a leaked key is shut at once, and people hear of it once."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from justpaid import clock
from justpaid.api_keys.key_format import generate_key
from justpaid.ids import Prefix, decode_id, encode_id, new_id
from justpaid.key_admin.key_watch import KeyWatch
from justpaid.leaks.routes import REPORTS_A_MINUTE
from justpaid.members.roles import Role
from justpaid.usage import repository as usage
from justpaid.usage.model import Finding, FlagKind
from tests.api.people_stage import Browser, People
from tests.api.whole_service import WholeService

WIDE = ["workflows:read", "workflows:write", "runs:read"]


@pytest.fixture
async def owner(service: WholeService, own_company_id: UUID) -> AsyncIterator[Browser]:
    """Sign the company's owner in."""
    browser = await People(service).signed_in(own_company_id)
    yield browser
    await browser.client.aclose()


async def make(owner: Browser, **terms: Any) -> dict[str, Any]:
    """Make a key."""
    body = {"name": "Billing", "scopes": WIDE, **terms}
    made: dict[str, Any] = await owner.do("POST", "/keys", body, 201)
    return made


async def report(service: WholeService, body: Any, address: str | None = None) -> httpx.Response:
    """Report as anybody can, each time from somewhere else."""
    number = new_id().int & 0xFFFF
    source = address or f"198.18.{number >> 8}.{number & 255}"
    transport = httpx.ASGITransport(service.api.asgi, client=(source, 1))  # pyright: ignore[reportArgumentType]  httpx spells the ASGI types differently
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        return await client.post("/api/v1/leaks", json=body)


async def status_of(service: WholeService, key: str, path: str = "/me") -> int:
    """Ask the API with a key."""
    async with service.client(key) as client:
        return (await client.get(path)).status_code


async def test_a_leaked_key_that_had_expired_stays_shut(
    service: WholeService, owner: Browser
) -> None:
    """Nobody gives more time to a key that is known to be public."""
    made = await make(owner)
    await service.pool.execute(
        "UPDATE api_keys SET created_at = now() - interval '2 days',"
        " expires_at = now() - interval '1 day' WHERE id = $1",
        decode_id(Prefix.KEY, made["id"]),
    )
    assert (await owner.get(f"/keys/{made['id']}"))["status"] == "expired"
    assert (await report(service, {"key": made["key"]})).status_code == 202
    (leak,) = await owner.get("/leaks")
    assert leak["act"] == "revoked"
    more_time = await owner.ask("PATCH", f"/keys/{made['id']}", {"expiresAt": None})
    assert more_time.status_code == 409


async def test_a_leaked_key_is_revoked_and_people_are_told(
    service: WholeService, owner: Browser
) -> None:
    """Once the report is answered nobody gets in with the key, and its people can see why."""
    made = await make(owner)
    assert await status_of(service, made["key"]) == 200
    url = f"https://paste.example.com/1?k={made['key']}"
    answer = await report(service, {"key": made["key"], "url": url})
    assert (answer.status_code, answer.json()["data"]) == (202, {"received": True})
    assert await status_of(service, made["key"]) == 401
    (leak,) = await owner.get("/leaks")
    assert (leak["keyId"], leak["act"], leak["state"]) == (made["id"], "revoked", "open")
    assert made["key"] not in leak["url"]
    notice = (await owner.get("/notices"))[0]
    assert (notice["kind"], notice["link"]) == ("key_leaked", f"/keys/{made['id']}")
    actions = [row["action"] for row in await owner.get("/audit?limit=2")]
    assert actions == ["leak.reported", "api_key.revoked"]


async def test_by_policy_a_leaked_key_is_cut_to_reading(
    service: WholeService, owner: Browser
) -> None:
    """A company that cannot afford a stop keeps what only reads; a key that cannot read ends."""
    await owner.do("PATCH", "/company", {"leakPolicy": "read_only"})
    made, writer = await make(owner), await make(owner, scopes=["workflows:write"])
    for key in (made["key"], writer["key"]):
        await report(service, {"key": key})
    assert await status_of(service, made["key"], "/workflows") == 200
    async with service.client(made["key"]) as client:
        assert (await client.post("/workflows", json={})).status_code == 403
    assert await status_of(service, writer["key"]) == 401
    acts = {leak["keyId"]: leak["act"] for leak in await owner.get("/leaks")}
    assert acts == {made["id"]: "cut_to_read", writer["id"]: "revoked"}


async def test_a_reporter_learns_nothing(service: WholeService, owner: Browser) -> None:
    """Whatever is reported, the answer is the same: no key, a made-up, dead or live one."""
    made = await make(owner)
    texts = ["nonsense", "", generate_key(), made["key"][:-1] + "0", made["key"], made["key"]]
    answers = [await report(service, {"key": text}) for text in texts]
    assert {(answer.status_code, answer.text) for answer in answers} == {
        (202, answers[0].text),
    }
    assert len(await owner.get("/leaks")) == 1


async def test_reports_of_one_address_are_limited(service: WholeService) -> None:
    """Nobody floods the service with reports, or guesses through it."""
    body = {"key": "wfk_nothing"}
    for _ in range(REPORTS_A_MINUTE):
        assert (await report(service, body, "2001:db8:1:2::1")).status_code == 202
    refused = await report(service, body, "2001:db8:1:2:ffff::2")
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "RATE_LIMITED")
    assert 1 <= int(refused.headers["retry-after"]) <= 61
    assert (await report(service, body, "2001:db8:1:3::1")).status_code == 202


async def test_a_malformed_report_is_refused_by_field(service: WholeService) -> None:
    """Who writes a reporter learns what is wrong with it."""
    answer = await report(service, {"key": 5, "uri": "x"})
    assert answer.status_code == 400
    assert {d["field"] for d in answer.json()["error"]["details"]} == {"key", "uri"}


async def test_the_same_report_counts_once(service: WholeService, owner: Browser) -> None:
    """A scanner that reports every hour fills neither the list nor the inbox."""
    made = await make(owner)
    for url in ("https://a.test", "https://a.test", None, None, "https://b.test"):
        await report(service, {"key": made["key"], "url": url})
    leaks = await owner.get("/leaks")
    assert [leak["url"] for leak in leaks] == ["https://b.test", None, "https://a.test"]
    assert [leak["act"] for leak in leaks] == ["none", "none", "revoked"]


async def test_a_person_resolves_a_report(service: WholeService, owner: Browser) -> None:
    """Somebody looks into each report and ends the key or clears it, once, with a reason."""
    await owner.do("PATCH", "/company", {"leakPolicy": "read_only"})
    kept, ended = await make(owner), await make(owner)
    for key in (kept["key"], ended["key"]):
        await report(service, {"key": key})
    by_key = {leak["keyId"]: leak["id"] for leak in await owner.get("/leaks")}
    cleared = await owner.do(
        "POST", f"/leaks/{by_key[kept['id']]}/resolve", {"act": "clear", "comment": "a test"}
    )
    assert (cleared["state"], cleared["resolution"], cleared["comment"]) == (
        "resolved",
        "clear",
        "a test",
    )
    path = f"/leaks/{by_key[ended['id']]}/resolve"
    assert (await owner.ask("POST", path, {"act": "revoke"})).status_code == 400
    await owner.do("POST", path, {"act": "revoke", "comment": "real"})
    assert await status_of(service, kept["key"]) == 200
    assert await status_of(service, ended["key"]) == 401
    again = await owner.ask("POST", path, {"act": "clear", "comment": "no"})
    assert (again.status_code, again.json()["error"]["code"]) == (409, "INVALID_STATE")


async def test_a_foreign_report_looks_like_none(service: WholeService, owner: Browser) -> None:
    """Another company neither sees nor resolves a report."""
    await report(service, {"key": (await make(owner))["key"]})
    (leak,) = await owner.get("/leaks")
    stranger = await People(service).signed_in(await service.make_company())
    assert await stranger.get("/leaks") == []
    body, same = {"act": "clear", "comment": "x"}, {"x-request-id": "same"}
    texts = {
        (await stranger.ask("POST", f"/leaks/{leak_id}/resolve", body, {**same})).text
        for leak_id in (leak["id"], encode_id(Prefix.LEAK, new_id()))
    }
    assert len(texts) == 1
    assert "NOT_FOUND" in texts.pop()
    await stranger.client.aclose()


async def _shift(service: WholeService, key_id: str, column: str, days: float) -> None:
    await service.pool.execute(
        f"UPDATE api_keys SET {column} = now() + make_interval(secs => $2) WHERE id = $1",
        *(decode_id(Prefix.KEY, key_id), days * 86400),
    )


async def _titles(owner: Browser) -> list[str]:
    return [notice["title"] for notice in await owner.get("/notices")]


async def test_an_expiry_is_told_at_each_step_once(service: WholeService, owner: Browser) -> None:
    """A month, two weeks, one week and a day before a key ends its people hear of it, once each."""
    later = (clock.now() + timedelta(days=300)).isoformat()
    made = await make(owner, name="Nightly", expiresAt=later)
    await _shift(service, made["id"], "created_at", -60)
    await _shift(service, made["id"], "expires_at", 40)
    ends_at = clock.now() + timedelta(days=40)
    for days_left in (40, 30, 20, 14, 13, 7, 1, 0.5):
        moment = ends_at - timedelta(days=days_left)
        for _ in range(2):
            await KeyWatch(service.pool, lambda moment=moment: moment).look()
    told = [title for title in await _titles(owner) if "expires" in title]
    assert told == [f"The key Nightly expires in {n}" for n in ("1 day", "7 days", "14 days")] + [
        "The key Nightly expires in 30 days"
    ]


async def test_a_key_made_for_a_week_is_not_told_of_at_once(
    service: WholeService, owner: Browser
) -> None:
    """A step that had passed when the key was made is no news."""
    await make(owner, name="Short", expiresAt=(clock.now() + timedelta(days=10)).isoformat())
    await KeyWatch(service.pool).look()
    assert await _titles(owner) == []


async def test_an_old_key_is_told_of_at_75_and_90_days(
    service: WholeService, owner: Browser
) -> None:
    """Rotation is asked for before it is due and when it is, and not of keys that have it."""
    old, rotated = await make(owner, name="Old"), await make(owner, name="Rotated")
    await owner.do("POST", f"/keys/{rotated['id']}/rotate", {}, 201)
    for days in (74, 75, 80, 90, 120):
        for key in (old, rotated):
            await _shift(service, key["id"], "created_at", -days)
        for _ in range(2):
            await KeyWatch(service.pool).look()
    assert await _titles(owner) == ["The key Old is 90 days old", "The key Old is 75 days old"]


async def test_each_flag_is_told_once(
    service: WholeService, owner: Browser, own_company_id: UUID
) -> None:
    """Whatever looks unusual reaches the inbox, however many processes watch."""
    key_id = decode_id(Prefix.KEY, (await make(owner))["id"])
    assert key_id is not None
    async with service.pool.acquire() as connection:
        for kind in FlagKind:
            finding = Finding(own_company_id, key_id, kind, "x", {})
            await usage.add_flag(connection, own_company_id, finding)
    for _ in range(2):
        await KeyWatch(service.pool).look()
    assert len(set(await _titles(owner))) == len(FlagKind)


async def test_each_member_reads_their_own_inbox(
    service: WholeService, owner: Browser, own_company_id: UUID
) -> None:
    """A notice that one person has read is still unread for the next, and foreign ones are none."""
    await report(service, {"key": (await make(owner))["key"]})
    viewer = await People(service).signed_in(own_company_id, Role.VIEWER)
    (notice,) = await viewer.get("/notices")
    assert notice["readAt"] is None
    read = await viewer.do("POST", f"/notices/{notice['id']}/read")
    assert read["readAt"] is not None
    assert await viewer.do("POST", f"/notices/{notice['id']}/read") == read
    assert [each["readAt"] for each in await owner.get("/notices")] == [None]
    stranger = await People(service).signed_in(await service.make_company())
    assert await stranger.get("/notices") == []
    assert (await stranger.ask("POST", f"/notices/{notice['id']}/read")).status_code == 404
    for browser in (viewer, stranger):
        await browser.client.aclose()
