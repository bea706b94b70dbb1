"""API keys as people manage them: each act, its rights, its rules, and what it never shows."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from justpaid import clock
from justpaid.api_keys.key_format import is_well_formed
from justpaid.ids import Prefix, decode_id, encode_id, new_id
from justpaid.key_admin.pairs import Verdict, judge
from justpaid.members.roles import SCOPES, Role
from justpaid.scopes import Scope
from tests.api.people_stage import Browser, People, member_of
from tests.api.whole_service import WholeService

TERMS = {"name": "Billing service", "scopes": ["workflows:read", "workflows:execute"]}
KEY_FIELDS = {
    *("id", "name", "hint", "scopes", "status", "createdBy", "owner", "createdAt", "expiresAt"),
    *("lastUsedAt", "lastUsedIp", "rotatedFrom", "rotatedTo", "allowedIps", "limits", "note"),
    *("ageDays", "rotateDue"),
}


@pytest.fixture
async def owner(service: WholeService, own_company_id: UUID) -> AsyncIterator[Browser]:
    """Sign the company's owner in."""
    browser = await People(service).signed_in(own_company_id)
    yield browser
    await browser.client.aclose()


async def make(owner: Browser, **terms: Any) -> dict[str, Any]:
    """Make a key as the dashboard does."""
    made: dict[str, Any] = await owner.do("POST", "/keys", {**TERMS, **terms}, 201)
    return made


async def status_of(service: WholeService, key: str) -> int:
    """Ask the API with a key."""
    async with service.client(key) as client:
        return (await client.get("/me")).status_code


async def use(service: WholeService, key_id: str, minutes_ago: int, requests: int = 3) -> None:
    """Write down that a key was used, as the recorder does."""
    at = clock.now() - timedelta(minutes=minutes_ago)
    hour = at.replace(minute=0, second=0, microsecond=0)
    row = await service.pool.fetchrow(
        "SELECT id, company_id FROM api_keys WHERE id = $1", decode_id(Prefix.KEY, key_id)
    )
    assert row is not None
    await service.pool.execute(
        "INSERT INTO api_key_uses (key_id, company_id, last_used_at, last_used_ip)"
        " VALUES ($1, $2, $3, '192.0.2.9') ON CONFLICT (key_id) DO UPDATE SET last_used_at = $3",
        *(row["id"], row["company_id"], at),
    )
    await service.pool.execute(
        "INSERT INTO usage_hours (company_id, key_id, hour, route, status, requests)"
        " VALUES ($1, $2, $3, 'GET /api/v1/workflows', 200, $4) ON CONFLICT DO NOTHING",
        *(row["company_id"], row["id"], hour, requests),
    )
    await service.pool.execute(
        "INSERT INTO usage_sources (company_id, key_id, hour, address, agent, route, requests,"
        " last_at) VALUES ($1, $2, $3, '192.0.2.9', 'curl/8', 'GET /api/v1/workflows', $4, $5)"
        " ON CONFLICT DO NOTHING",
        *(row["company_id"], row["id"], hour, requests, at),
    )


async def age(service: WholeService, key_id: str, days: int) -> None:
    """Let a key have been made long ago."""
    await service.pool.execute(
        "UPDATE api_keys SET created_at = created_at - make_interval(days => $2) WHERE id = $1",
        *(decode_id(Prefix.KEY, key_id), days),
    )


async def test_a_made_key_works_and_is_shown_once(service: WholeService, owner: Browser) -> None:
    """A person gets a working key, owned by them, and nothing shows its text a second time."""
    made = await make(owner, note="for the nightly job", limits={"read": 5}, allowedIps=[])
    key = made.pop("key")
    assert is_well_formed(key)
    assert set(made) == KEY_FIELDS
    assert made["owner"] == made["createdBy"] == encode_id(Prefix.MEMBER, member_of(owner))
    assert (made["status"], made["limits"], made["note"]) == (
        "active",
        {"read": 5},
        "for the nightly job",
    )
    assert await status_of(service, key) == 200
    shown = await owner.get(f"/keys/{made['id']}")
    assert set(shown) == KEY_FIELDS
    listed = await owner.ask("GET", "/keys")
    assert key not in listed.text
    assert (await owner.ask("POST", "/keys", TERMS)).headers["cache-control"] == "no-store"


@pytest.mark.parametrize("act", ["create", "rotate", "compromised"])
async def test_a_repeat_shows_no_secret(owner: Browser, act: str) -> None:
    """A repeated request gets the first answer again, without the key that it had shown."""
    known = await make(owner)
    path, body = {
        "create": ("/keys", TERMS),
        "rotate": (f"/keys/{known['id']}/rotate", {}),
        "compromised": (f"/keys/{known['id']}/compromised", {"replace": True}),
    }[act]
    once: dict[str, str | None] = {"idempotency-key": new_id().hex}
    first = await owner.ask("POST", path, body, once)
    again = await owner.ask("POST", path, body, once)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.status_code == first.status_code
    part = {"create": None, "rotate": "successor", "compromised": "replacement"}[act]
    new, old = first.json()["data"], again.json()["data"]
    new, old = (new, old) if part is None else (new[part], old[part])
    assert is_well_formed(new.pop("key"))
    assert old.pop("key") is None
    assert old.pop("secretAlreadyShown") is True
    assert old == new


async def test_every_wrong_term_is_named(owner: Browser) -> None:
    """Somebody who fills in a form badly hears of every wrong field at once."""
    answer = await owner.ask(
        "POST",
        "/keys",
        {
            "name": "",
            "scopes": [],
            "expiresAt": "2001-01-01T00:00:00Z",
            "allowedIps": ["192.0.2.1/8"],
            "limits": {"read": 0},
            "note": "x" * 2001,
        },
    )
    assert answer.status_code == 400
    fields = [detail["field"] for detail in answer.json()["error"]["details"]]
    assert fields == ["name", "scopes", "expiresAt", "note", "allowedIps[0]", "limits.read"]
    unknown = await owner.ask("POST", "/keys", {**TERMS, "scopes": ["everything"], "admin": True})
    fields = [detail["field"] for detail in unknown.json()["error"]["details"]]
    assert set(fields) == {"scopes[0]", "admin"}


async def test_a_moment_beyond_the_calendar_is_a_wrong_term(owner: Browser) -> None:
    """An expiry that no calendar of ours reaches is refused by its field, wherever it is given."""
    made = await make(owner)
    never = {"expiresAt": "9999-12-31T23:59:59-12:00"}
    path = f"/keys/{made['id']}"
    for method, place, body in (
        ("POST", "/keys", TERMS | never),
        ("PATCH", path, never),
        ("POST", f"{path}/rotate", never),
    ):
        refused = await owner.ask(method, place, body)
        assert refused.status_code == 400
        assert [each["field"] for each in refused.json()["error"]["details"]] == ["expiresAt"]


async def test_no_setting_takes_a_key_in(service: WholeService, owner: Browser) -> None:
    """A key pasted into a name, note, reason or value is refused, flagged, and stored nowhere."""
    made = await make(owner)
    secret, path = made["key"], f"/keys/{made['id']}"
    for method, place, body, field in (
        ("POST", "/keys", TERMS | {"note": f"was {secret}"}, "note"),
        ("PATCH", path, {"name": secret}, "name"),
        ("POST", f"{path}/disable", {"reason": secret}, "reason"),
        ("PUT", "/env/BILLING_KEY", {"value": secret}, "value"),
        ("PATCH", "/company", {"name": secret}, "name"),
    ):
        refused = await owner.ask(method, place, body)
        assert refused.status_code == 400
        assert [each["field"] for each in refused.json()["error"]["details"]] == [field]
        assert secret not in refused.text
    answer = await owner.ask("GET", path, headers={"x-request-id": secret})
    assert answer.headers["x-request-id"] != secret
    await owner.ask("PATCH", path, {"note": "still there"}, headers={"x-request-id": secret})
    (flag,) = await owner.get(f"/flags?keyId={made['id']}")
    assert flag["kind"] == "key_in_definition"
    for table in ("api_keys", "audit_log", "environment_values", "companies", "flags"):
        rows = await service.pool.fetchval(f"SELECT json_agg(t)::text FROM {table} t")
        assert secret not in (rows or "")


async def test_an_address_with_a_zone_is_refused(owner: Browser) -> None:
    """A zone names a network card of somebody's machine: no caller would ever be let in by it."""
    refused = await owner.ask("POST", "/keys", TERMS | {"allowedIps": ["fe80::1%eth0"]})
    assert refused.status_code == 400
    assert [each["field"] for each in refused.json()["error"]["details"]] == ["allowedIps[0]"]


async def test_changed_terms_hold_at_once(service: WholeService, owner: Browser) -> None:
    """Once a change is answered, no request is accepted on the old terms."""
    made = await make(owner)
    path = f"/keys/{made['id']}"
    async with service.client(made["key"]) as client:
        assert (await client.get("/workflows")).status_code == 200
        changed = await owner.do("PATCH", path, {"scopes": ["runs:read"], "name": "Reports"})
        assert (changed["scopes"], changed["name"]) == (["runs:read"], "Reports")
        assert (await client.get("/workflows")).status_code == 403
        await owner.do("PATCH", path, {"limits": {"read": 1}})
        assert (await client.get("/runs")).headers["x-ratelimit-limit"] == "1"
        await owner.do("PATCH", path, {"allowedIps": ["198.51.100.0/24"], "limits": {}})
        assert (await client.get("/runs")).status_code == 403
    assert (await owner.get(path))["note"] == ""


async def test_two_people_do_not_overwrite_each_other(owner: Browser) -> None:
    """A change that read an older revision is refused instead of undoing somebody's work."""
    made = await make(owner)
    path = f"/keys/{made['id']}"
    etag = (await owner.ask("GET", path)).headers["etag"]
    first = await owner.ask("PATCH", path, {"note": "mine"}, {"if-match": etag})
    assert first.status_code == 200
    second = await owner.ask("PATCH", path, {"note": "no, mine"}, {"if-match": etag})
    assert (second.status_code, second.json()["error"]["code"]) == (409, "CONFLICT")
    third = await owner.ask("PATCH", path, {"note": "both"}, {"if-match": first.headers["etag"]})
    assert third.json()["data"]["note"] == "both"
    assert (await owner.ask("PATCH", path, {}, {"if-match": "3"})).status_code == 400


async def test_a_new_owner_is_a_member(
    service: WholeService, owner: Browser, own_company_id: UUID
) -> None:
    """A key is never given to somebody who is not in the company."""
    path = f"/keys/{(await make(owner))['id']}"
    people = People(service)
    stranger = await people.make(await service.make_company())
    refused = await owner.ask("PATCH", path, {"owner": stranger.id})
    assert refused.json()["error"]["details"][0]["field"] == "owner"
    colleague = await people.make(own_company_id, Role.VIEWER)
    assert (await owner.do("PATCH", path, {"owner": colleague.id}))["owner"] == colleague.id


async def test_rotation_keeps_both_keys_valid(service: WholeService, owner: Browser) -> None:
    """Callers move in their own time: old and new work, on the same terms, until one is revoked."""
    made = await make(owner, limits={"write": 7}, expiresAt=None)
    rotated = await owner.do("POST", f"/keys/{made['id']}/rotate", {}, 201)
    successor, predecessor = rotated["successor"], rotated["predecessor"]
    assert await status_of(service, made["key"]) == await status_of(service, successor["key"])
    for field in ("name", "scopes", "limits", "allowedIps", "owner", "note"):
        assert successor[field] == made[field]
    assert predecessor["rotatedTo"] == successor["id"]
    assert successor["rotatedFrom"] == made["id"]
    assert (predecessor["status"], predecessor["expiresAt"]) == ("active", None)
    async with service.client(made["key"]) as client:
        assert (await client.get("/me")).headers["deprecation"].startswith("@")
    again = await owner.ask("POST", f"/keys/{made['id']}/rotate", {})
    assert (again.status_code, again.json()["error"]["code"]) == (409, "INVALID_STATE")
    until = (clock.now() + timedelta(days=10)).isoformat()
    dated = await owner.do("POST", f"/keys/{successor['id']}/rotate", {"expiresAt": until}, 201)
    assert dated["successor"]["expiresAt"] is not None
    refused = await owner.ask(
        "POST", f"/keys/{made['id']}/rotate", {"autoRevokeAfterQuietHours": 24}
    )
    assert refused.status_code == 400


async def test_the_pair_tells_when_the_old_key_may_go(
    service: WholeService, owner: Browser
) -> None:
    """A person sees who still uses the old key, and revokes it when nobody does."""
    made = await make(owner)
    assert (await owner.ask("GET", f"/keys/{made['id']}/pair")).status_code == 404
    rotated = await owner.do("POST", f"/keys/{made['id']}/rotate", {}, 201)
    new_id_text = rotated["successor"]["id"]
    for key_id in (made["id"], new_id_text):
        pair = await owner.get(f"/keys/{key_id}/pair")
        assert (pair["predecessor"]["id"], pair["successor"]["id"]) == (made["id"], new_id_text)
        assert (pair["verdict"], pair["successorFirstUsedAt"]) == ("unused_successor", None)
    await use(service, new_id_text, minutes_ago=1)
    await use(service, made["id"], minutes_ago=2, requests=4)
    pair = await owner.get(f"/keys/{made['id']}/pair")
    assert pair["verdict"] == "still_used"
    assert pair["successorFirstUsedAt"] is not None
    (traffic,) = pair["oldTraffic"]
    assert traffic.pop("lastAt") == pair["quietSince"]
    assert traffic == {
        "ip": "192.0.2.9",
        "agent": "curl/8",
        "route": "GET /api/v1/workflows",
        "requests24h": 4,
    }


@pytest.mark.parametrize(
    ("used", "quiet", "verdict"),
    [
        (None, None, Verdict.UNUSED_SUCCESSOR),
        (1, 1, Verdict.STILL_USED),
        (1, 23, Verdict.STILL_USED),
        (1, 24, Verdict.SAFE_TO_REVOKE),
        (1, None, Verdict.SAFE_TO_REVOKE),
    ],
)
def test_a_day_of_quiet_is_safe(used: int | None, quiet: int | None, verdict: Verdict) -> None:
    """A key is called safe to revoke only after the new one works and the old is quiet a day."""
    now = clock.now()
    moments = [None if hours is None else now - timedelta(hours=hours) for hours in (used, quiet)]
    assert judge(successor_used_at=moments[0], quiet_since=moments[1], now=now) is verdict


async def test_a_key_in_use_is_revoked_by_its_name_alone(
    service: WholeService, owner: Browser
) -> None:
    """A slip of the mouse cuts nobody off: a key in use needs its name, and one hears how much."""
    made = await make(owner)
    path = f"/keys/{made['id']}/revoke"
    await use(service, made["id"], minutes_ago=5, requests=321)
    for confirm in ({}, {"confirm": "billing service"}):
        refused = await owner.ask("POST", path, confirm)
        assert refused.status_code == 400
        (detail,) = refused.json()["error"]["details"]
        assert detail["field"] == "confirm"
        assert "321" in detail["message"]
    assert await status_of(service, made["key"]) == 200
    revoked = await owner.do("POST", path, {"confirm": made["name"], "reason": "moved"})
    assert revoked["status"] == "revoked"
    assert await status_of(service, made["key"]) == 401
    assert (await owner.do("POST", path, {}))["status"] == "revoked"
    assert (await owner.ask("PATCH", f"/keys/{made['id']}", {"name": "x"})).status_code == 409
    assert (await owner.ask("POST", f"/keys/{made['id']}/rotate", {})).status_code == 409
    quiet = await make(owner)
    await use(service, quiet["id"], minutes_ago=61)
    await owner.do("POST", f"/keys/{quiet['id']}/revoke", {})


async def test_a_compromised_key_ends_and_is_replaced(
    service: WholeService, owner: Browser
) -> None:
    """In one act the known key is dead and another stands ready, or none if none is wanted."""
    made = await make(owner)
    done = await owner.do("POST", f"/keys/{made['id']}/compromised", {"replace": True})
    assert done["revoked"]["status"] == "revoked"
    assert done["replacement"]["rotatedFrom"] == made["id"]
    assert await status_of(service, made["key"]) == 401
    assert await status_of(service, done["replacement"]["key"]) == 200
    body = {"replace": False, "reason": "seen in a screenshot"}
    done = await owner.do("POST", f"/keys/{done['replacement']['id']}/compromised", body)
    assert set(done) == {"revoked"}
    assert (await owner.ask("POST", f"/keys/{made['id']}/compromised", {})).status_code == 400


async def test_disabling_can_be_undone(service: WholeService, owner: Browser) -> None:
    """A key can be shut out while somebody looks, and let in again; each only from its state."""
    made = await make(owner)
    path = f"/keys/{made['id']}"
    assert (await owner.do("POST", f"{path}/disable", {"reason": "?"}))["status"] == "disabled"
    assert await status_of(service, made["key"]) == 401
    assert (await owner.ask("POST", f"{path}/disable", {})).status_code == 409
    assert (await owner.do("POST", f"{path}/enable", {}))["status"] == "active"
    assert await status_of(service, made["key"]) == 200
    assert (await owner.ask("POST", f"{path}/enable", {})).status_code == 409


async def test_unused_scopes_are_found_and_trimmed(service: WholeService, owner: Browser) -> None:
    """After a month a key's idle scopes are named, and one act takes them away."""
    scopes = ["workflows:read", "workflows:write", "runs:read"]
    made = await make(owner, scopes=scopes)
    path = f"/keys/{made['id']}"
    assert (await owner.get(f"{path}/advice"))["unusedScopes"] == []
    await age(service, made["id"], 31)
    await use(service, made["id"], minutes_ago=1)
    unused = (await owner.get(f"{path}/advice"))["unusedScopes"]
    assert unused == ["workflows:write", "runs:read"]
    trimmed = await owner.do("POST", f"{path}/trim", {"scopes": unused})
    assert trimmed["scopes"] == ["workflows:read"]
    for wrong in (["workflows:read"], ["runs:read"], []):
        refused = await owner.ask("POST", f"{path}/trim", {"scopes": wrong})
        assert refused.json()["error"]["details"][0]["field"] == "scopes"


async def test_the_list_filters_and_counts(service: WholeService, owner: Browser) -> None:
    """A person finds a key by name, status or age, and sees how it was used for a month."""
    keys = [await make(owner, name=f"{name} job") for name in ("Nightly", "Hourly", "Yearly")]
    await use(service, keys[1]["id"], minutes_ago=0, requests=9)
    await owner.do("POST", f"/keys/{keys[0]['id']}/disable", {})
    await age(service, keys[2]["id"], 90)

    async def names(query: str) -> list[str]:
        return [key["name"] for key in await owner.get(f"/keys?{query}")]

    assert await names("search=HOURLY") == ["Hourly job"]
    assert await names("status=disabled") == ["Nightly job"]
    assert await names("due=true") == ["Yearly job"]
    assert await names("limit=2") == ["Hourly job", "Nightly job"]
    (hourly,) = await owner.get("/keys?search=hourly")
    assert hourly["requests30d"] == [0] * 29 + [9]
    (yearly,) = await owner.get("/keys?due=true")
    assert (yearly["ageDays"], yearly["rotateDue"]) == (90, True)
    assert (await owner.ask("GET", "/keys?search=%00")).status_code == 400


@pytest.mark.parametrize("role", [Role.EDITOR, Role.APPROVER, Role.VIEWER])
async def test_only_those_with_the_permission_manage_keys(
    service: WholeService, own_company_id: UUID, role: Role
) -> None:
    """Keys are shown to and changed by owners and admins alone, and by no API key."""
    browser = await People(service).signed_in(own_company_id, role)
    for method, path in (("GET", "/keys"), ("POST", "/keys"), ("GET", "/flags")):
        refused = await browser.ask(method, path, None if method == "GET" else TERMS)
        assert refused.status_code == 403
        assert refused.json()["error"]["details"][0]["field"] == "permission"
    await browser.client.aclose()
    async with service.client(await service.make_key(own_company_id)) as client:
        assert (await client.get("/admin/keys")).status_code == 401


async def test_nobody_grants_what_their_role_lacks(
    owner: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A role without a scope can neither make, widen, rotate nor replace a key that has it."""
    wide, narrow = await make(owner), await make(owner, scopes=["runs:read"])
    lesser = dict(SCOPES) | {Role.OWNER: frozenset({Scope.RUNS_READ})}
    monkeypatch.setattr("justpaid.members.session_reader.SCOPES", lesser)
    attempts = [
        ("POST", "/keys", TERMS),
        ("PATCH", f"/keys/{narrow['id']}", {"scopes": ["runs:read", "workflows:read"]}),
        ("POST", f"/keys/{wide['id']}/rotate", {}),
        ("POST", f"/keys/{wide['id']}/compromised", {"replace": True}),
    ]
    for method, path, body in attempts:
        refused = await owner.ask(method, path, body)
        assert refused.status_code == 403, path
        assert refused.json()["error"]["details"][0]["field"] == "scope"
    await owner.do("PATCH", f"/keys/{wide['id']}", {"note": "widens nothing"})
    await owner.do("POST", f"/keys/{wide['id']}/compromised", {"replace": False})


async def test_a_foreign_key_looks_like_none(service: WholeService, owner: Browser) -> None:
    """Another company's key gets, act by act, the very answer of one that never existed."""
    theirs = await make(await People(service).signed_in(await service.make_company()))
    acts: list[tuple[str, str, Any]] = [
        ("GET", "", None),
        ("PATCH", "", {"name": "mine"}),
        ("POST", "/rotate", {}),
        ("POST", "/revoke", {}),
        ("POST", "/compromised", {"replace": True}),
        ("POST", "/disable", {}),
        ("POST", "/enable", {}),
        ("GET", "/pair", None),
        ("GET", "/usage", None),
        ("GET", "/advice", None),
        ("POST", "/trim", {"scopes": ["workflows:read"]}),
    ]
    for method, act, body in acts:
        texts: list[str] = []
        for key_id in (theirs["id"], encode_id(Prefix.KEY, new_id()), "key_nonsense"):
            answer = await owner.ask(method, f"/keys/{key_id}{act}", body, {"x-request-id": "same"})
            assert answer.status_code == 404, act
            texts.append(answer.text)
        assert len(set(texts)) == 1, act
    assert await status_of(service, theirs["key"]) == 200


async def test_every_act_is_in_the_audit_log(
    service: WholeService, owner: Browser, own_company_id: UUID
) -> None:
    """Who did what to a key can be told afterwards, without the key in any row."""
    made = await make(owner)
    path = f"/keys/{made['id']}"
    await owner.do("PATCH", path, {"note": "n"})
    await owner.do("POST", f"{path}/disable", {})
    await owner.do("POST", f"{path}/enable", {})
    await owner.do("POST", f"{path}/rotate", {}, 201)
    await owner.do("POST", f"{path}/revoke", {"reason": "moved"})
    rows = await owner.get(f"/audit?object={made['id']}")
    acts = ["revoked", "rotated", "enabled", "disabled", "changed", "created"]
    assert [row["action"] for row in rows] == [f"api_key.{act}" for act in acts]
    assert {row["actor"] for row in rows} == {encode_id(Prefix.MEMBER, member_of(owner))}
    assert all(row["requestId"] and row["ip"] for row in rows)
    everything = await service.pool.fetch(
        "SELECT a::text FROM audit_log a WHERE company_id = $1", own_company_id
    )
    assert not any(made["key"] in row["a"] for row in everything)


async def test_a_repeat_promises_what_the_first_answer_does(
    service: WholeService, owner: Browser
) -> None:
    """A repeated revocation is not answered before every process knows of the first."""
    made = await make(owner)
    once: dict[str, str | None] = {"idempotency-key": new_id().hex}
    path = f"/keys/{made['id']}/revoke"
    await owner.ask("POST", path, {}, once)
    frozen = new_id()
    await service.pool.execute(
        "INSERT INTO api_processes (id, lease_until, acknowledged)"
        " VALUES ($1, clock_timestamp() + interval '1 minute', 0)",
        frozen,
    )
    repeat = asyncio.create_task(owner.ask("POST", path, {}, once))
    done, _ = await asyncio.wait({repeat}, timeout=0.3)
    assert not done
    await service.pool.execute("DELETE FROM api_processes WHERE id = $1", frozen)
    assert (await repeat).headers["idempotent-replayed"] == "true"
