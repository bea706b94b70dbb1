"""`/api/v1/admin` for people: set-up, sessions, own account, members, invites."""

from typing import Annotated, Any, Final, TypeAlias
from uuid import UUID

from fastapi import Depends, Request

from justpaid import clock
from justpaid.audit.model import Actor
from justpaid.errors import InvalidInput, Problem, Unauthenticated
from justpaid.ids import Prefix, decode_id, encode_id
from justpaid.members import link_repository, repository, schemas, session_repository
from justpaid.members.links import LinkPage, link_address
from justpaid.members.mail import invite_mail
from justpaid.members.model import NewSession, Session, Visit
from justpaid.members.room import MembersRoom
from justpaid.members.session_reader import SessionIdentity
from justpaid.members.setup import SetupRequest
from justpaid.web.answers import NO_STORE, Done, Page, Success, answers
from justpaid.web.caller import SESSION_NEEDED, Caller, permits
from justpaid.web.cursors import DEFAULT_LIMIT, Position, split_page
from justpaid.web.envelope import Answer, page, success
from justpaid.web.gate_address import ADDRESS_KEY
from justpaid.web.gate_contract import IDENTITY_KEY
from justpaid.web.parameters import After, Limit, path_id
from justpaid.web.permissions import Permission
from justpaid.web.routing import api_router, request_id_of
from justpaid.web.unit_of_work import Connection, Unit, UnitOfWork

router = api_router("People", "/api/v1/admin")

_AGENT: Final = "user-agent"
_REFUSED: Final[dict[int | str, dict[str, Any]]] = {
    401: {"description": "Refused, alike for every cause; `details` name `totp` when it is wanted."}
}
_NO_LINK: Final[dict[int | str, dict[str, Any]]] = {
    404: {"description": "The link is wrong, used, or too old."}
}


async def current_room(request: Request) -> MembersRoom:
    """Return the room that composition made for this app."""
    room: MembersRoom = request.app.state.members
    return room


async def current_session(request: Request) -> Session:
    """Return the session that the gate found; raises Unauthenticated when it found none."""
    identity = request.scope.get(IDENTITY_KEY)
    if not isinstance(identity, SessionIdentity):
        raise Unauthenticated(SESSION_NEEDED)
    return identity.session


async def current_visit(request: Request) -> Visit:
    """Return where the request came from."""
    agent = request.headers.get(_AGENT, "")
    return Visit(agent, request.scope.get(ADDRESS_KEY), request_id_of(request))


Room: TypeAlias = Annotated[MembersRoom, Depends(current_room)]
Own: TypeAlias = Annotated[Session, Depends(current_session)]
From: TypeAlias = Annotated[Visit, Depends(current_visit)]
AnySession: TypeAlias = Annotated[Caller, permits(None)]
Manager: TypeAlias = Annotated[Caller, permits(Permission.MEMBERS)]
SessionId: TypeAlias = Annotated[UUID, path_id(Prefix.SESSION, "id")]
MemberId: TypeAlias = Annotated[UUID, path_id(Prefix.MEMBER, "id")]
InviteId: TypeAlias = Annotated[UUID, path_id(Prefix.INVITE, "id")]
OneSession: Final = answers(Success[schemas.SessionView])
MadeSession: Final = answers(Success[schemas.SessionView], 201) | _REFUSED
IsDone: Final = answers(Success[Done])


@router.get("/setup", summary="Is set-up needed", responses=answers(Success[schemas.SetupState]))
async def read_setup(connection: Connection) -> Answer:
    """Say whether this service still waits for its first owner, and no more."""
    return success({"needed": not await repository.is_any_owner(connection)})


@router.post("/setup", status_code=201, summary="Set up", responses=MadeSession | _NO_LINK)
async def set_up(unit: Unit, room: Room, visit: From, body: schemas.SetUp) -> Answer:
    """Make the owner by a set-up link, and the company where the link names none."""
    fields = None if body.company is None else body.company.fields()
    asked = SetupRequest(body.token, fields, body.owner.name, body.owner.credentials())
    return await _entered(unit, room, await room.setup.redeem(unit, asked, visit), 201)


@router.post("/session", status_code=201, summary="Sign in", responses=MadeSession)
async def sign_in(
    request: Request, unit: Unit, room: Room, visit: From, body: schemas.SignIn
) -> Answer:
    """Begin a session; the one whose cookie was sent ends."""
    made = await room.sign_in.sign_in(
        unit,
        body.credentials(),
        _company_id(body.company_id),
        visit,
        replaces=room.cookie.read(request.scope),
    )
    return await _entered(unit, room, made, 201)


@router.get("/session", summary="Get the session", responses=OneSession)
async def read_session(_: AnySession, connection: Connection, room: Room, session: Own) -> Answer:
    """Show who is signed in, in which company, and what they may do there."""
    view = await room.sessions.view(connection, session)
    return success(schemas.show_session(view), headers=NO_STORE)


@router.patch("/session", summary="Switch company", responses=OneSession)
async def switch_company(
    _: AnySession, unit: Unit, room: Room, session: Own, visit: From, body: schemas.SwitchCompany
) -> Answer:
    """Take the session to another company of the same person; its token and csrfToken change."""
    company_id = _company_id(body.company_id)
    if company_id is None:
        raise _no_company()
    connection = await unit.connection()
    made = await room.sessions.switch(connection, session, company_id, visit)
    return await _entered(unit, room, made, 200)


@router.delete("/session", summary="Sign out", responses=IsDone)
async def sign_out(caller: AnySession, connection: Connection, room: Room, session: Own) -> Answer:
    """End the session."""
    await room.sessions.end(connection, session, by=_actor(caller))
    return success({"done": True}, headers={"Set-Cookie": room.cookie.clear_header()})


@router.get(
    "/sessions", summary="List own sessions", responses=answers(Page[schemas.SessionRowView])
)
async def list_sessions(
    _: AnySession,
    connection: Connection,
    session: Own,
    after: After,
    limit: Limit = DEFAULT_LIMIT,
) -> Answer:
    """List the person's own sessions, the newest first."""
    rows = await session_repository.list_page(
        connection, session.person_id, now=clock.now(), after=after, limit=limit
    )
    items, cursor = split_page(rows, limit, lambda row: Position(row.created_at, row.id))
    shown = [schemas.show_session_row(row, is_current=row.id == session.id) for row in items]
    return page(shown, cursor)


@router.delete("/sessions", summary="End other sessions", responses=answers(Success[schemas.Ended]))
async def end_others(
    caller: AnySession, connection: Connection, room: Room, session: Own
) -> Answer:
    """End all of the person's sessions but this one."""
    ended = await room.sessions.end_others(connection, session, by=_actor(caller))
    return success({"ended": ended})


@router.delete("/sessions/{id}", summary="End one session", responses=IsDone)
async def end_session(
    caller: AnySession, connection: Connection, room: Room, session: Own, session_id: SessionId
) -> Answer:
    """End one of the person's own sessions."""
    await room.sessions.end_one(connection, session, session_id, by=_actor(caller))
    return success({"done": True})


@router.put("/me/password", summary="Change the password", responses=IsDone)
async def change_password(
    caller: AnySession, unit: Unit, room: Room, session: Own, body: schemas.ChangePassword
) -> Answer:
    """Set a new password; the person's other sessions end."""
    await room.account.change_password(unit, session, body.current, body.new, by=_actor(caller))
    return success({"done": True})


@router.post(
    "/me/totp",
    summary="Begin the second factor",
    responses=answers(Success[schemas.TotpSecretView]),
)
async def begin_totp(
    caller: AnySession, unit: Unit, room: Room, session: Own, body: schemas.ProvePassword
) -> Answer:
    """Make a secret for an authenticator; it counts once a first code has confirmed it."""
    secret, uri = await room.account.begin_totp(unit, session, body.password, by=_actor(caller))
    shown, replay = schemas.shown_once(secret=secret, uri=uri)
    return success(shown, headers=NO_STORE, replay=replay)


@router.post(
    "/me/totp/confirm",
    summary="Confirm the second factor",
    responses=answers(Success[schemas.RecoveryCodesView]),
)
async def confirm_totp(
    caller: AnySession, unit: Unit, room: Room, session: Own, body: schemas.ConfirmTotp
) -> Answer:
    """Turn the second factor on, and show the recovery codes, this once."""
    codes = await room.account.confirm_totp(unit, session, body.code, by=_actor(caller))
    shown, replay = schemas.shown_once(recoveryCodes=[*codes])
    return success(shown, headers=NO_STORE, replay=replay)


@router.delete("/me/totp", summary="Remove the second factor", responses=IsDone)
async def remove_totp(
    caller: AnySession, unit: Unit, room: Room, session: Own, body: schemas.ProvePassword
) -> Answer:
    """Turn the second factor off; its recovery codes are void."""
    await room.account.remove_totp(unit, session, body.password, by=_actor(caller))
    return success({"done": True})


@router.post("/password-resets/redeem", summary="Reset a password", responses=IsDone | _NO_LINK)
async def redeem_reset(unit: Unit, room: Room, visit: From, body: schemas.RedeemReset) -> Answer:
    """Set a new password by a reset link; all sessions of the person end."""
    await room.account.redeem_reset(unit, body.token, body.password, visit)
    return success({"done": True}, headers=NO_STORE)


@router.get("/members", summary="List members", responses=answers(Page[schemas.MemberView]))
async def list_members(
    caller: AnySession, connection: Connection, after: After, limit: Limit = DEFAULT_LIMIT
) -> Answer:
    """List the people of the company, the newest first."""
    rows = await repository.list_members(connection, caller.company_id, after=after, limit=limit)
    items, cursor = split_page(rows, limit, lambda row: Position(row.created_at, row.id))
    return page([schemas.show_member(item) for item in items], cursor)


@router.patch(
    "/members/{id}", summary="Change a role", responses=answers(Success[schemas.MemberView])
)
async def change_role(
    caller: Manager,
    connection: Connection,
    room: Room,
    session: Own,
    member_id: MemberId,
    body: schemas.ChangeRole,
) -> Answer:
    """Give a member another role; their sessions end. The last owner stays one."""
    changed = await room.members.change_role(
        connection, caller, member_id, body.role, session_id=session.id, by=_actor(caller)
    )
    return success(schemas.show_member(changed))


@router.delete(
    "/members/{id}", summary="Remove a member", responses=answers(Success[schemas.KeysMoved])
)
async def remove_member(
    caller: Manager,
    connection: Connection,
    room: Room,
    member_id: MemberId,
    body: schemas.RemoveMember,
) -> Answer:
    """Take a member out of the company; keys they own go on working under a new owner."""
    moved = await room.members.remove(
        connection, caller, member_id, body.new_key_owner, by=_actor(caller)
    )
    return success({"keysMoved": moved})


@router.get("/invites", summary="List invites", responses=answers(Page[schemas.InviteView]))
async def list_invites(
    caller: Manager, connection: Connection, after: After, limit: Limit = DEFAULT_LIMIT
) -> Answer:
    """List invites that nobody has accepted, the newest first; expired ones too."""
    rows = await link_repository.list_invites(
        connection, caller.company_id, after=after, limit=limit
    )
    items, cursor = split_page(rows, limit, lambda row: Position(row.created_at, row.id))
    return page([schemas.show_invite(item) for item in items], cursor)


@router.post(
    "/invites",
    status_code=201,
    summary="Invite somebody",
    responses=answers(Success[schemas.InviteWithLink], 201),
)
async def create_invite(
    caller: Manager, unit: Unit, room: Room, session: Own, body: schemas.NewInvite
) -> Answer:
    """Invite an e-mail for seven days. The link is shown once, and mailed where mail is set up."""
    connection = await unit.connection()
    invite, token = await room.invites.create(
        connection, caller, body.email, body.role, by=_actor(caller)
    )
    link = link_address(room.base_url, LinkPage.INVITE, token)
    view = await room.sessions.view(connection, session)
    subject, text = invite_mail(view.company.name, view.member.name, link)

    async def mail() -> None:
        room.mail.send_later(invite.email, subject, text)

    unit.after_commit(mail)
    shown = schemas.show_invite(invite)
    return success(
        {"invite": shown, "link": link},
        201,
        headers=NO_STORE,
        replay={"invite": shown, "link": None, "secretAlreadyShown": True},
    )


@router.delete("/invites/{id}", summary="Withdraw an invite", responses=IsDone)
async def withdraw_invite(
    caller: Manager, connection: Connection, room: Room, invite_id: InviteId
) -> Answer:
    """Let an invite's link work no more."""
    await room.invites.withdraw(connection, caller, invite_id, by=_actor(caller))
    return success({"done": True})


@router.post(
    "/invites/accept",
    status_code=201,
    summary="Accept an invite",
    responses=MadeSession | _NO_LINK,
)
async def accept_invite(unit: Unit, room: Room, visit: From, body: schemas.AcceptInvite) -> Answer:
    """Join the company of an invite and begin a session."""
    codes = (body.totp, body.recovery_code)
    made = await room.invites.accept(unit, body.token, body.name, body.password, codes, visit)
    return await _entered(unit, room, made, 201)


async def _entered(unit: UnitOfWork, room: MembersRoom, made: NewSession, status: int) -> Answer:
    """Answer with a session, its token in the cookie and nowhere else."""
    view = await room.sessions.view(await unit.connection(), made.session)
    rest = made.session.expires_at - clock.now()
    cookie = room.cookie.set_header(made.token, max(0, int(rest.total_seconds())))
    return success(schemas.show_session(view), status, headers={**NO_STORE, "Set-Cookie": cookie})


def _company_id(text: str | None) -> UUID | None:
    if text is None:
        return None
    company_id = decode_id(Prefix.COMPANY, text)
    if company_id is None:
        raise _no_company()
    return company_id


def _no_company() -> InvalidInput:
    example = encode_id(Prefix.COMPANY, UUID(int=0))
    return InvalidInput(
        "The company is not valid.", [Problem("companyId", f"must be an id such as {example}")]
    )


def _actor(caller: Caller) -> Actor:
    return Actor(caller.actor, caller.address, caller.request_id)
