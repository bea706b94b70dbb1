"""Who may invite whom, and what is left of an invite when its maker's rights end."""

import asyncio
from uuid import UUID

import pytest

from justpaid.ids import new_id
from justpaid.members.roles import Role
from tests.api.gate_world import problems_of
from tests.api.people_stage import Browser, People
from tests.api.whole_service import WholeService


@pytest.fixture
def people(service: WholeService) -> People:
    """Make people in the module's service."""
    return People(service)


async def _invite(browser: Browser, role: Role, email: str | None = None) -> tuple[str, str]:
    """Invite somebody; return the invite's id and its link's token."""
    body = {"email": email or f"r{new_id().hex}@people.test", "role": role.value}
    made = await browser.do("POST", "/invites", body, status=201)
    return made["invite"]["id"], made["link"].partition("#")[2]


async def _accept(people: People, token: str) -> int:
    body = {"token": token, "name": "Kim Lane", "password": "velvet-tram-orbit-58"}
    return (await people.browser().ask("POST", "/invites/accept", body)).status_code


async def test_an_admin_leaves_invites_of_owners_alone(
    people: People, own_company_id: UUID
) -> None:
    """Nobody but an owner withdraws the invite of an owner, or puts another in its place."""
    owner = await people.signed_in(own_company_id)
    admin = await people.signed_in(own_company_id, Role.ADMIN)
    email = f"o{new_id().hex}@people.test"
    invite_id, token = await _invite(owner, Role.OWNER, email)
    for method, path, body in (
        ("DELETE", f"/invites/{invite_id}", None),
        ("POST", "/invites", {"email": email, "role": "viewer"}),
    ):
        refused = await admin.ask(method, path, body)
        assert problems_of(refused)[:2] == (403, "FORBIDDEN")
    assert [each["id"] for each in await owner.get("/invites")] == [invite_id]
    assert await _accept(people, token) == 201


async def test_nobody_comes_back_by_an_invite_of_their_own(
    service: WholeService, people: People, own_company_id: UUID
) -> None:
    """With a membership end the invites that its holder had made, and the log says so."""
    owner = await people.signed_in(own_company_id)
    admin = await people.signed_in(own_company_id, Role.ADMIN)
    _, kept = await _invite(owner, Role.VIEWER)
    invite_id, token = await _invite(admin, Role.ADMIN)
    await owner.do("DELETE", f"/members/{admin.session['member']['id']}", {})
    assert await _accept(people, token) == 404
    assert await _accept(people, kept) == 201
    action = await service.pool.fetchval(
        "SELECT action FROM audit_log WHERE company_id = $1 AND object_id = $2"
        " ORDER BY seq DESC LIMIT 1",
        own_company_id,
        invite_id,
    )
    assert action == "invite.withdrawn"


@pytest.mark.parametrize(
    ("role", "left"), [(Role.ADMIN, ["admin"]), (Role.EDITOR, []), (Role.OWNER, ["admin", "owner"])]
)
async def test_a_lower_role_keeps_no_invite_above_it(
    people: People, own_company_id: UUID, role: Role, left: list[str]
) -> None:
    """Somebody demoted leaves no invite to what they may not give any more."""
    owner = await people.signed_in(own_company_id)
    other = await people.signed_in(own_company_id)
    for wanted in (Role.OWNER, Role.ADMIN):
        await _invite(other, wanted)
    await owner.do("PATCH", f"/members/{other.session['member']['id']}", {"role": role.value})
    assert sorted(each["role"] for each in await owner.get("/invites")) == left


async def test_of_many_invites_at_once_one_stays(people: People, own_company_id: UUID) -> None:
    """A button pressed many times leaves one open invite, and one link that works."""
    owner = await people.signed_in(own_company_id)
    email = f"m{new_id().hex}@people.test"
    made = await asyncio.gather(*(_invite(owner, Role.VIEWER, email) for _ in range(5)))
    (left,) = await owner.get("/invites")
    tokens = dict(made)
    assert await _accept(people, tokens.pop(left["id"])) == 201
    for token in tokens.values():
        assert await _accept(people, token) == 404
