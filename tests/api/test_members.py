"""People of a company over HTTP: roles, members, invites, own account, company settings."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from pyotp.totp import TOTP

from justpaid.api_keys.repository import find as find_key
from justpaid.ids import Prefix, encode_id, new_id
from justpaid.members.links import make_reset_link
from justpaid.members.roles import Role
from justpaid.members.tokens import new_token
from tests.api.gate_world import OPERATOR, problems_of
from tests.api.people_stage import PASSWORD, Browser, People, Someone, member_of
from tests.api.whole_service import WholeService

NEW_PASSWORD = "velvet-tram-orbit-58"


@pytest.fixture
def people(service: WholeService) -> People:
    """Make people in the module's service."""
    return People(service)


async def _invite(browser: Browser, role: str = "viewer", email: str | None = None) -> str:
    """Invite somebody and return the token of the link."""
    email = email or f"i{new_id().hex}@people.test"
    made = await browser.do("POST", "/invites", {"email": email, "role": role}, status=201)
    return made["link"].partition("#")[2]


def _accept(token: str, password: str = NEW_PASSWORD, **more: str) -> dict[str, str]:
    return {"token": token, "name": "Kim Lane", "password": password, **more}


async def _audit(service: WholeService, company_id: UUID) -> list[Any]:
    return await service.pool.fetch(
        "SELECT actor, action, object_id, before, after, a::text AS whole FROM audit_log a"
        " WHERE company_id = $1 ORDER BY seq",
        company_id,
    )


async def test_an_invite_makes_a_member(
    service: WholeService, people: People, own_company_id: UUID
) -> None:
    """An invite's link works once: it makes the account, the membership and a session."""
    owner = await people.signed_in(own_company_id)
    email = f"I{new_id().hex}@People.test"
    answer = await owner.ask("POST", "/invites", {"email": email, "role": "approver"})
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    made = answer.json()["data"]
    assert made["invite"]["email"] == email.lower()
    page, _, token = made["link"].partition("#")
    assert page == f"{service.settings.base_url}/invite"
    assert [each["id"] for each in await owner.get("/invites")] == [made["invite"]["id"]]
    newcomer = people.browser()
    session = newcomer.enter(await newcomer.ask("POST", "/invites/accept", _accept(token)))
    assert session["role"] == "approver"
    assert session["member"]["name"] == "Kim Lane"
    assert await owner.get("/invites") == []
    again = await people.browser().ask("POST", "/invites/accept", _accept(token))
    assert problems_of(again)[0] == 404
    await people.browser().sign_in(email, NEW_PASSWORD)
    rows = await _audit(service, own_company_id)
    assert [row["action"] for row in rows][-5:-1] == [
        "invite.created",
        "member.joined",
        "invite.accepted",
        "session.begun",
    ]
    assert not any(email.lower() in row["whole"] or token in row["whole"] for row in rows)


async def test_a_link_opens_for_one_of_many(people: People, own_company_id: UUID) -> None:
    """A link used many times at once makes one member."""
    owner = await people.signed_in(own_company_id)
    token = await _invite(owner)
    browsers = [people.browser() for _ in range(4)]
    answers = await asyncio.gather(
        *(each.ask("POST", "/invites/accept", _accept(token)) for each in browsers)
    )
    assert sorted(answer.status_code for answer in answers) == [201, 404, 404, 404]
    assert len(await owner.get("/members")) == 2


async def test_links_that_do_not_work(
    service: WholeService, people: People, own_company_id: UUID
) -> None:
    """Withdrawn, replaced, expired and made-up invites are all simply not found."""
    owner = await people.signed_in(own_company_id)
    withdrawn = await _invite(owner)
    (invite,) = await owner.get("/invites")
    await owner.do("DELETE", f"/invites/{invite['id']}")
    assert (await owner.ask("DELETE", f"/invites/{invite['id']}")).status_code == 404
    replaced = await _invite(owner, email="twice@people.test")
    await _invite(owner, email="twice@people.test")
    expired = await _invite(owner)
    await service.pool.execute(
        "UPDATE invites SET expires_at = now() - interval '1 s'"
        " WHERE company_id = $1 AND email <> 'twice@people.test'",
        own_company_id,
    )
    seen: list[Any] = []
    for token in (withdrawn, replaced, expired, new_token(), "", "x" * 200):
        answer = await people.browser().ask("POST", "/invites/accept", _accept(token))
        body = answer.json()
        body["error"].pop("requestId")
        seen.append((answer.status_code, body))
    assert seen[0][0] == 404
    assert all(each == seen[0] for each in seen)


async def test_a_known_person_joins_by_their_own_password(
    service: WholeService, people: People, own_company_id: UUID
) -> None:
    """A link never changes the account of somebody who has one, whatever name or password comes."""
    someone = await people.make(own_company_id, Role.VIEWER)
    second = await service.make_company("Second")
    token = await _invite(await people.signed_in(second), "editor", someone.email)
    wrong = await people.browser().ask("POST", "/invites/accept", _accept(token))
    assert problems_of(wrong)[0] == 401
    browser = people.browser()
    session = browser.enter(await browser.ask("POST", "/invites/accept", _accept(token, PASSWORD)))
    assert session["member"]["name"] == "Robin Stone"
    assert [each["role"] for each in session["companies"]] == ["viewer", "editor"]
    owner = await people.signed_in(second)
    member = await owner.ask("POST", "/invites", {"email": someone.email, "role": "viewer"})
    assert problems_of(member)[:2] == (409, "CONFLICT")


async def test_a_bad_password_leaves_the_link(people: People, own_company_id: UUID) -> None:
    """A refused password is told at its field, and the link still works."""
    owner = await people.signed_in(own_company_id)
    token = await _invite(owner)
    for password in ("short", "password1234", "kim lane is here"):
        refused = await people.browser().ask("POST", "/invites/accept", _accept(token, password))
        assert problems_of(refused)[:2] == (400, "VALIDATION_ERROR")
        assert [each["field"] for each in problems_of(refused)[2]] == ["password"]
        assert password not in refused.text
    done = await people.browser().ask("POST", "/invites/accept", _accept(token))
    assert done.status_code == 201


async def test_a_repeat_shows_no_secret(
    service: WholeService, people: People, own_company_id: UUID
) -> None:
    """A repeat by Idempotency-Key gets the invite without its link, which is stored nowhere."""
    owner = await people.signed_in(own_company_id)
    body = {"email": "repeat@people.test", "role": "viewer"}
    key: dict[str, str | None] = {"idempotency-key": "one"}
    first = (await owner.ask("POST", "/invites", body, key)).json()["data"]
    second = await owner.ask("POST", "/invites", body, key)
    assert second.headers["idempotent-replayed"] == "true"
    assert second.json()["data"] == {
        "invite": first["invite"],
        "link": None,
        "secretAlreadyShown": True,
    }
    token = first["link"].partition("#")[2]
    stored = await service.pool.fetch(
        "SELECT convert_from(body, 'UTF8') AS b FROM idempotency_keys"
    )
    assert stored
    assert not any(token in row["b"] for row in stored)


async def test_members_are_listed(people: People, own_company_id: UUID) -> None:
    """Everybody sees who is in the company, page by page, the newest first."""
    made = [await people.make(own_company_id, role) for role in Role]
    viewer = people.browser()
    await viewer.sign_in(made[-1].email)
    rows = await viewer.get("/members")
    assert [row["id"] for row in rows] == [each.id for each in reversed(made)]
    assert rows[0]["lastSeenAt"] is not None
    assert rows[1]["lastSeenAt"] is None
    assert set(rows[0]) == {
        "id",
        "name",
        "email",
        "role",
        "createdAt",
        "lastSeenAt",
        "totpEnabled",
    }
    first = (await viewer.ask("GET", "/members?limit=3")).json()
    rest = (await viewer.ask("GET", f"/members?cursor={first['meta']['cursor']}")).json()
    assert first["data"] + rest["data"] == rows


async def test_a_new_role_holds_at_once(
    service: WholeService, people: People, own_company_id: UUID
) -> None:
    """A role change ends the member's sessions, but not the one that made it, and is recorded."""
    owner = await people.signed_in(own_company_id)
    someone = await people.make(own_company_id, Role.ADMIN)
    theirs = people.browser()
    await theirs.sign_in(someone.email)
    changed = await owner.do("PATCH", f"/members/{someone.id}", {"role": "viewer"})
    assert changed["role"] == "viewer"
    assert (await theirs.ask("GET", "/session")).status_code == 401
    assert (await owner.ask("GET", "/session")).status_code == 200
    event = (await _audit(service, own_company_id))[-1]
    assert (event["action"], event["object_id"]) == ("member.role_changed", someone.id)
    assert json.loads(event["before"]) == {"role": "admin"}
    assert json.loads(event["after"]) == {"role": "viewer"}
    admin = await people.signed_in(own_company_id, Role.ADMIN)
    await admin.do("PATCH", f"/members/{admin.session['member']['id']}", {"role": "editor"})
    assert (await admin.get("/session"))["role"] == "editor"
    assert (await admin.ask("GET", "/invites")).status_code == 403


async def test_only_owners_touch_owners(people: People, own_company_id: UUID) -> None:
    """An admin neither makes, invites, demotes nor removes an owner."""
    owner = await people.make(own_company_id, Role.OWNER)
    await people.make(own_company_id, Role.OWNER)
    editor = await people.make(own_company_id, Role.EDITOR)
    admin = await people.signed_in(own_company_id, Role.ADMIN)
    acts = [
        ("PATCH", f"/members/{editor.id}", {"role": "owner"}),
        ("PATCH", f"/members/{admin.session['member']['id']}", {"role": "owner"}),
        ("PATCH", f"/members/{owner.id}", {"role": "viewer"}),
        ("DELETE", f"/members/{owner.id}", {}),
        ("POST", "/invites", {"email": "o@people.test", "role": "owner"}),
    ]
    for method, path, body in acts:
        answer = await admin.ask(method, path, body)
        assert problems_of(answer)[0] == 403, path
        assert problems_of(answer)[2][0] == {"field": "permission", "message": "owners is missing"}
    assert (await admin.do("PATCH", f"/members/{editor.id}", {"role": "admin"}))["role"] == "admin"


async def test_the_last_owner_stays(people: People, own_company_id: UUID) -> None:
    """A company never loses its last owner, by demotion or removal, by themselves or another."""
    owner = await people.signed_in(own_company_id)
    own = f"/members/{owner.session['member']['id']}"
    for method, body in (("PATCH", {"role": "admin"}), ("DELETE", {})):
        answer = await owner.ask(method, own, body)
        assert problems_of(answer)[:2] == (409, "INVALID_STATE")
    assert (await owner.do("PATCH", own, {"role": "owner"}))["role"] == "owner"
    second = await people.make(own_company_id, Role.OWNER)
    await owner.do("DELETE", f"/members/{second.id}", {})
    assert (await owner.ask("DELETE", own, {})).status_code == 409


async def test_two_owners_who_leave_at_once(people: People, own_company_id: UUID) -> None:
    """Of two owners who demote each other at the same time, one remains."""
    one = await people.signed_in(own_company_id)
    two = await people.signed_in(own_company_id)
    ids = [browser.session["member"]["id"] for browser in (one, two)]
    answers = await asyncio.gather(
        one.ask("PATCH", f"/members/{ids[1]}", {"role": "viewer"}),
        two.ask("PATCH", f"/members/{ids[0]}", {"role": "viewer"}),
    )
    assert 200 in [answer.status_code for answer in answers]
    still = [(await each.ask("GET", "/invites")).status_code for each in (one, two)]
    assert still.count(200) == 1


async def _owned_key(service: WholeService, company_id: UUID, owner: str) -> tuple[str, UUID]:
    key = await service.make_key(company_id)
    key_id: UUID = await service.pool.fetchval(
        "UPDATE api_keys SET owner = $2 WHERE company_id = $1 AND owner = 'operator:test'"
        " RETURNING id",
        company_id,
        owner,
    )
    return key, key_id


async def test_removing_a_member_breaks_no_key(
    service: WholeService, people: People, own_company_id: UUID
) -> None:
    """Keys of a removed member work on under the new owner; the member is out at once."""
    owner = await people.signed_in(own_company_id)
    heir = await people.make(own_company_id, Role.ADMIN)
    leaving = await people.make(own_company_id, Role.ADMIN)
    theirs = people.browser()
    await theirs.sign_in(leaving.email)
    key, key_id = await _owned_key(service, own_company_id, leaving.id)
    viewer = await people.make(own_company_id, Role.VIEWER)
    stranger = await people.make(await service.make_company("Other"), Role.OWNER)
    path = f"/members/{leaving.id}"
    for wrong in (viewer.id, stranger.id, leaving.id, "mem_x"):
        refused = await owner.ask("DELETE", path, {"newKeyOwner": wrong})
        assert problems_of(refused)[:2] == (400, "VALIDATION_ERROR")
        assert problems_of(refused)[2][0]["field"] == "newKeyOwner"
    assert await owner.do("DELETE", path, {"newKeyOwner": heir.id}) == {"keysMoved": 1}
    async with service.pool.acquire() as connection:
        moved = await find_key(connection, own_company_id, key_id)
    assert moved is not None
    assert moved.owner == heir.id
    async with service.client(key) as client:
        assert (await client.get("/me")).status_code == 200
    assert (await theirs.ask("GET", "/session")).status_code == 401
    answer = await people.browser().ask(
        "POST", "/session", {"email": leaving.email, "password": PASSWORD}
    )
    assert answer.status_code == 401
    actions = [row["action"] for row in await _audit(service, own_company_id)]
    assert "api_key.owner_changed" in actions
    assert "member.removed" in actions


async def test_whoever_leaves_names_an_heir(
    service: WholeService, people: People, own_company_id: UUID
) -> None:
    """Keys go to whoever removes a member; one who leaves on their own has to name somebody."""
    owner = await people.signed_in(own_company_id)
    other = await people.make(own_company_id, Role.EDITOR)
    _, key_id = await _owned_key(service, own_company_id, other.id)
    assert await owner.do("DELETE", f"/members/{other.id}") == {"keysMoved": 1}
    owner_of = "SELECT owner FROM api_keys WHERE id = $1"
    assert await service.pool.fetchval(owner_of, key_id) == owner.session["member"]["id"]
    admin = await people.signed_in(own_company_id, Role.ADMIN)
    own_id = admin.session["member"]["id"]
    await _owned_key(service, own_company_id, own_id)
    alone = await admin.ask("DELETE", f"/members/{own_id}")
    assert problems_of(alone)[2][0]["field"] == "newKeyOwner"
    heir = {"newKeyOwner": owner.session["member"]["id"]}
    assert await admin.do("DELETE", f"/members/{own_id}", heir) == {"keysMoved": 1}


async def test_changing_the_password(people: People, own_company_id: UUID) -> None:
    """A new password needs the present one, ends the other sessions, and is the only one then."""
    someone = await people.make(own_company_id)
    here, there = people.browser(), people.browser()
    await here.sign_in(someone.email)
    await there.sign_in(someone.email)
    for current, new, fields in (
        ("wrong", NEW_PASSWORD, ["current"]),
        (PASSWORD, "password1234", ["new"]),
        (PASSWORD, PASSWORD, ["new"]),
        (PASSWORD, "x", ["new"]),
    ):
        refused = await here.ask("PUT", "/me/password", {"current": current, "new": new})
        assert problems_of(refused)[0] == 400
        assert [each["field"] for each in problems_of(refused)[2]] == fields
    await here.do("PUT", "/me/password", {"current": PASSWORD, "new": NEW_PASSWORD})
    assert (await here.ask("GET", "/session")).status_code == 200
    assert (await there.ask("GET", "/session")).status_code == 401
    old = await there.ask("POST", "/session", {"email": someone.email, "password": PASSWORD})
    assert old.status_code == 401
    await there.sign_in(someone.email, NEW_PASSWORD)


async def test_guessing_the_password_of_an_open_session(
    people: People, own_company_id: UUID
) -> None:
    """Whoever finds an unlocked screen cannot try passwords without end."""
    browser = await people.signed_in(own_company_id)
    body = {"current": "wrong", "new": NEW_PASSWORD}
    statuses = [(await browser.ask("PUT", "/me/password", body)).status_code for _ in range(6)]
    assert statuses == [400] * 5 + [429]


async def _enrol(browser: Browser) -> tuple[TOTP, list[str]]:
    begun = await browser.do("POST", "/me/totp", {"password": PASSWORD})
    assert begun["uri"].startswith("otpauth://totp/")
    authenticator = TOTP(begun["secret"])
    wrong = await browser.ask("POST", "/me/totp/confirm", {"code": "000000"})
    assert problems_of(wrong)[2][0]["field"] == "code"
    earlier = datetime.now(UTC) - timedelta(seconds=30)
    code = authenticator.at(earlier)  # so that the code of now is still unused
    done = await browser.do("POST", "/me/totp/confirm", {"code": code})
    return authenticator, done["recoveryCodes"]


async def test_the_second_factor(
    service: WholeService, people: People, own_company_id: UUID
) -> None:
    """With a second factor the password alone opens nothing, and each code opens once."""
    someone = await people.make(own_company_id)
    browser = people.browser()
    await browser.sign_in(someone.email)
    authenticator, recovery = await _enrol(browser)
    assert (await browser.get("/session"))["member"]["totpEnabled"] is True
    again = await browser.ask("POST", "/me/totp", {"password": PASSWORD})
    assert problems_of(again)[:2] == (409, "INVALID_STATE")

    async def attempt(**more: str) -> httpx.Response:
        await service.pool.execute("DELETE FROM sign_in_attempts")
        body = {"email": someone.email, "password": PASSWORD, **more}
        return await people.browser().ask("POST", "/session", body)

    asked = await attempt()
    assert problems_of(asked)[0] == 401
    assert [each["field"] for each in problems_of(asked)[2]] == ["totp"]
    wrong = await attempt(password="wrong", totp=authenticator.now())
    assert problems_of(wrong)[2] == []
    assert wrong.json()["error"]["message"] == asked.json()["error"]["message"]
    code = authenticator.at(datetime.now(UTC))
    assert (await attempt(totp="000000")).status_code == 401
    assert (await attempt(totp=code)).status_code == 201
    used = await attempt(totp=code)
    assert problems_of(used)[0] == 401
    assert (await attempt(recoveryCode=recovery[0].upper())).status_code == 201
    assert (await attempt(recoveryCode=recovery[0])).status_code == 401
    assert (await attempt(recoveryCode=recovery[1])).status_code == 201
    stored = await service.pool.fetchval(
        "SELECT p::text FROM people p WHERE id = $1", someone.person_id
    )
    assert authenticator.secret not in stored
    assert recovery[2] not in stored
    await browser.do("DELETE", "/me/totp", {"password": PASSWORD})
    assert (await attempt()).status_code == 201
    assert (await attempt(recoveryCode=recovery[2])).status_code == 201  # no factor: not looked at
    actions = [row["action"] for row in await _audit(service, own_company_id)]
    assert [each for each in actions if "totp" in each] == [
        "member.totp_begun",
        "member.totp_enabled",
        "member.totp_disabled",
    ]


async def test_a_code_used_twice_at_once(
    service: WholeService, people: People, own_company_id: UUID
) -> None:
    """The same code sent many times at the same moment opens one session."""
    someone = await people.make(own_company_id)
    browser = people.browser()
    await browser.sign_in(someone.email)
    authenticator, recovery = await _enrol(browser)
    for code in ({"totp": authenticator.now()}, {"recoveryCode": recovery[0]}):
        await service.pool.execute("DELETE FROM sign_in_attempts")
        body = {"email": someone.email, "password": PASSWORD, **code}
        answers = await asyncio.gather(
            *(people.browser().ask("POST", "/session", body) for _ in range(4))
        )
        assert sorted(each.status_code for each in answers) == [201, 401, 401, 401]


async def test_an_invite_does_not_go_round_the_second_factor(
    service: WholeService, people: People, own_company_id: UUID
) -> None:
    """Somebody with a second factor accepts an invite with a code, not by the password alone."""
    someone = await people.make(own_company_id)
    browser = people.browser()
    await browser.sign_in(someone.email)
    authenticator, _ = await _enrol(browser)
    second = await people.signed_in(await service.make_company("Second"))
    token = await _invite(second, email=someone.email)
    asked = await people.browser().ask("POST", "/invites/accept", _accept(token, PASSWORD))
    assert problems_of(asked)[2][0]["field"] == "totp"
    body = _accept(token, PASSWORD, totp=authenticator.now())
    assert (await people.browser().ask("POST", "/invites/accept", body)).status_code == 201


async def test_secrets_of_the_second_factor_are_not_replayed(
    service: WholeService, people: People, own_company_id: UUID
) -> None:
    """A repeat by Idempotency-Key shows neither the secret nor the recovery codes again."""
    browser = await people.signed_in(own_company_id)
    key: dict[str, str | None] = {"idempotency-key": "totp"}
    body = {"password": PASSWORD}
    first = (await browser.ask("POST", "/me/totp", body, key)).json()["data"]
    second = (await browser.ask("POST", "/me/totp", body, key)).json()["data"]
    assert second == {"secret": None, "uri": None, "secretAlreadyShown": True}
    code = {"code": TOTP(first["secret"]).now()}
    shown = (await browser.ask("POST", "/me/totp/confirm", code, key)).json()["data"]
    hidden = (await browser.ask("POST", "/me/totp/confirm", code, key)).json()["data"]
    assert len(shown["recoveryCodes"]) == 10
    assert hidden == {"recoveryCodes": None, "secretAlreadyShown": True}
    stored = await service.pool.fetch(
        "SELECT convert_from(body, 'UTF8') AS b FROM idempotency_keys"
    )
    assert not any(first["secret"] in row["b"] for row in stored)


async def _reset_token(service: WholeService, someone: Someone) -> str:
    async with service.pool.acquire() as connection, connection.transaction():
        audit = service.api.inner.state.audit
        return await make_reset_link(connection, audit, someone.email, by=OPERATOR)


async def test_a_reset_link(service: WholeService, people: People, own_company_id: UUID) -> None:
    """A reset link sets a new password once, ends every session, and lets a locked-out one in."""
    someone = await people.make(own_company_id)
    browser = people.browser()
    await browser.sign_in(someone.email)
    for _ in range(7):
        await people.browser().ask(
            "POST", "/session", {"email": someone.email, "password": "wrong"}
        )
    replaced = await _reset_token(service, someone)
    token = await _reset_token(service, someone)
    path = "/password-resets/redeem"
    bad = await people.browser().ask("POST", path, {"token": token, "password": "short"})
    assert problems_of(bad)[2][0]["field"] == "password"
    body = {"token": token, "password": NEW_PASSWORD}
    done = await people.browser().ask("POST", path, body)
    assert done.status_code == 200
    assert (await browser.ask("GET", "/session")).status_code == 401
    await people.browser().sign_in(someone.email, NEW_PASSWORD)
    for stale in (token, replaced, new_token(), "x"):
        again = await people.browser().ask("POST", path, {**body, "token": stale})
        assert problems_of(again)[0] == 404
    expired = await _reset_token(service, someone)
    await service.pool.execute("UPDATE password_resets SET expires_at = now() - interval '1 s'")
    late = await people.browser().ask("POST", path, {**body, "token": expired})
    assert problems_of(late)[0] == 404
    actions = [row["action"] for row in await _audit(service, own_company_id)]
    assert "member.reset_link_made" in actions
    assert "member.password_reset" in actions


async def test_a_reset_is_recorded_with_where_it_came_from(
    service: WholeService, people: People, own_company_id: UUID
) -> None:
    """Whoever looks into a taken-over account finds the address that set the password."""
    someone = await people.make(own_company_id)
    token = await _reset_token(service, someone)
    body = {"token": token, "password": NEW_PASSWORD}
    browser = people.browser(address="203.0.113.77")
    headers: dict[str, str | None] = {"x-request-id": "look-here"}
    done = await browser.ask("POST", "/password-resets/redeem", body, headers)
    assert done.status_code == 200
    row = await service.pool.fetchrow(
        "SELECT actor, address, request_id FROM audit_log WHERE company_id = $1 AND action = $2",
        own_company_id,
        "member.password_reset",
    )
    assert row is not None
    assert tuple(row) == (someone.id, "203.0.113.77", "look-here")


async def test_a_new_password_ends_a_reset_link(
    service: WholeService, people: People, own_company_id: UUID
) -> None:
    """A link that its person did not need after all is no way in for who finds it later."""
    someone = await people.make(own_company_id)
    browser = people.browser()
    await browser.sign_in(someone.email)
    token = await _reset_token(service, someone)
    await browser.do("PUT", "/me/password", {"current": PASSWORD, "new": NEW_PASSWORD})
    body = {"token": token, "password": "another-quiet-harbour-3"}
    late = await people.browser().ask("POST", "/password-resets/redeem", body)
    assert problems_of(late)[0] == 404


async def test_company_settings(
    service: WholeService, people: People, own_company_id: UUID
) -> None:
    """Owner and admin change the company's settings; what is left out stays; all of it recorded."""
    admin = await people.signed_in(own_company_id, Role.ADMIN)
    change = {"timeZone": "Europe/Berlin", "currency": "EUR", "leakPolicy": "read_only"}
    changed = await admin.do("PATCH", "/company", change)
    assert {name: changed[name] for name in change} == change
    assert changed["name"] == "Acme GmbH"
    assert await admin.get("/company") == changed
    bad = await admin.ask(
        "PATCH", "/company", {"name": " ", "timeZone": "Mars/One", "currency": "euro"}
    )
    assert [each["field"] for each in problems_of(bad)[2]] == ["name", "timeZone", "currency"]
    for body in ({"leakPolicy": "shrug"}, {"plan": "free"}, {"name": 7}):
        assert problems_of(await admin.ask("PATCH", "/company", body))[0] == 400
    event = (await _audit(service, own_company_id))[-1]
    assert event["action"] == "company.changed"
    assert json.loads(event["before"])["leakPolicy"] == "revoke"
    assert json.loads(event["after"])["leakPolicy"] == "read_only"
    viewer = await people.signed_in(own_company_id, Role.VIEWER)
    assert await viewer.get("/company") == changed
    assert (await viewer.ask("PATCH", "/company", {"name": "Mine"})).status_code == 403


async def test_environment_values(
    service: WholeService, people: People, own_company_id: UUID
) -> None:
    """Values for workflows are set, listed and deleted within bounds; the log keeps no value."""
    admin = await people.signed_in(own_company_id, Role.ADMIN)
    value = await admin.do("PUT", "/env/BILLING_URL", {"value": "https://example.test/v1"})
    assert value["updatedBy"] == admin.session["member"]["id"]
    await admin.do("PUT", "/env/BILLING_URL", {"value": "https://example.test/v2"})
    await admin.do("PUT", "/env/A1", {"value": ""})
    listed = await admin.get("/env")
    assert [(each["name"], each["value"]) for each in listed] == [
        ("A1", ""),
        ("BILLING_URL", "https://example.test/v2"),
    ]
    assert (
        problems_of(await admin.ask("PUT", "/env/lower", {"value": "x"}))[2][0]["field"] == "name"
    )
    long = await admin.ask("PUT", "/env/LONG", {"value": "é" * 2049})
    assert problems_of(long)[2][0]["field"] == "value"
    await admin.do("PUT", "/env/LONG", {"value": "é" * 2048})
    await admin.do("DELETE", "/env/LONG")
    assert (await admin.ask("DELETE", "/env/LONG")).status_code == 404
    viewer = await people.signed_in(own_company_id, Role.VIEWER)
    assert len(await viewer.get("/env")) == 2
    for method in ("PUT", "DELETE"):
        body = {"value": "x"} if method == "PUT" else None
        assert (await viewer.ask(method, "/env/A1", body)).status_code == 403
    stranger = await people.signed_in(await service.make_company("Other"))
    assert await stranger.get("/env") == []
    assert (await stranger.ask("DELETE", "/env/A1")).status_code == 404
    rows = await _audit(service, own_company_id)
    assert "environment_value.deleted" in [row["action"] for row in rows]
    assert not any("example.test" in row["whole"] for row in rows)


async def test_foreign_ids_look_like_none(
    service: WholeService, people: People, own_company_id: UUID
) -> None:
    """Another company's member or invite gets the very answer of an id that never existed."""
    theirs = await people.signed_in(own_company_id)
    await _invite(theirs)
    (invite,) = await theirs.get("/invites")
    member = await people.make(own_company_id, Role.VIEWER)
    stranger = await people.signed_in(await service.make_company("Other"))
    pairs = [
        ("PATCH", "/members", member.id, Prefix.MEMBER, {"role": "editor"}),
        ("DELETE", "/members", member.id, Prefix.MEMBER, {}),
        ("DELETE", "/invites", invite["id"], Prefix.INVITE, None),
        ("DELETE", "/sessions", theirs.session["id"], Prefix.SESSION, None),
    ]
    for method, path, foreign_id, prefix, body in pairs:
        seen: list[Any] = []
        for each in (foreign_id, encode_id(prefix, new_id()), "nonsense"):
            answer = await stranger.ask(method, f"{path}/{each}", body)
            seen.append((answer.status_code, answer.json()["error"]["code"]))
        assert seen == [(404, "NOT_FOUND")] * 3, path
    assert len(await theirs.get("/members")) == 2
    assert len(await theirs.get("/invites")) == 1


async def test_a_body_is_held_to_its_form(people: People, own_company_id: UUID) -> None:
    """Every problem of a body is named with its path; unknown fields are refused."""
    owner = await people.signed_in(own_company_id)
    me = owner.session["member"]["id"]
    for method, path, body, fields in (
        ("POST", "/session", {"email": 7}, {"email", "password"}),
        (
            "POST",
            "/setup",
            {"token": "x", "owner": {"name": " "}},
            {"owner.name", "owner.email", "owner.password"},
        ),
        ("POST", "/invites", {"email": "no", "role": "king"}, {"email", "role"}),
        ("POST", "/invites", {"email": "a,b@c.test", "role": "viewer"}, {"email"}),
        ("POST", "/invites", {"email": "a@b.c", "role": "viewer", "x": 1}, {"x"}),
        ("PATCH", f"/members/{me}", {}, {"role"}),
        ("PATCH", "/session", {"companyId": "x"}, {"companyId"}),
        ("DELETE", "/me/totp", {}, {"password"}),
        ("PUT", "/env/A", {"value": 3}, {"value"}),
    ):
        answer = await owner.ask(method, path, body)
        assert problems_of(answer)[:2] == (400, "VALIDATION_ERROR"), path
        assert {each["field"] for each in problems_of(answer)[2]} == fields
    assert member_of(owner)
