"""Bodies of the endpoints for people: secrets go in by these, and show at most once."""

import re
from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field

from justpaid.clock import to_wire
from justpaid.companies.model import CompanyFields
from justpaid.companies.schemas import CompanyView, show_company
from justpaid.exact_json import JsonObject, JsonValue
from justpaid.ids import Prefix, encode_id
from justpaid.members.model import Invite, Member, SessionRow
from justpaid.members.password_rules import MAX_LENGTH, MIN_LENGTH
from justpaid.members.proof import Credentials
from justpaid.members.roles import Role, permission_words
from justpaid.members.sessions import SessionView as FullSession
from justpaid.web.answers import Body, View

# No space, and none of the signs that mean something in a mail header.
_PART: Final = r"[^@\s\x00-\x1f\x7f<>()\[\],;:\\\"]"
_EMAIL: Final = re.compile(f"{_PART}{{1,64}}@{_PART}{{1,255}}")


def _email(text: str) -> str:
    text = text.strip().lower()
    if not _EMAIL.fullmatch(text):
        raise ValueError("must be an e-mail address")
    return text


def _name(text: str) -> str:
    text = " ".join(text.split())
    if not text:
        raise ValueError("must not be empty")
    return text


Email = Annotated[str, Field(max_length=320, examples=["anna@acme.test"]), AfterValidator(_email)]
Name = Annotated[str, Field(max_length=255, examples=["Anna Berg"]), AfterValidator(_name)]
Password = Annotated[
    str, Field(min_length=1, max_length=MAX_LENGTH, examples=["river-lamp-otter-93"])
]
NewPassword = Annotated[
    str,
    Field(
        max_length=MAX_LENGTH,
        description=f"At least {MIN_LENGTH} characters, and none of the common ones.",
        examples=["river-lamp-otter-93"],
    ),
]
Token = Annotated[str, Field(max_length=200, description="What stands after # in the link.")]
Code = Annotated[
    str | None,
    Field(max_length=64, description="The authenticator's six digits.", examples=["492039"]),
]
RecoveryCode = Annotated[
    str | None, Field(max_length=64, description="One of the codes stored when it was set up.")
]
WantedRole = Annotated[Role, Field(strict=False, examples=["editor"])]


class NewCompany(Body):
    """The company to make, or what a company without owner is to be called."""

    name: Annotated[str, Field(examples=["Acme GmbH"])]
    time_zone: Annotated[str, Field(examples=["Europe/Berlin"])] = "UTC"
    currency: Annotated[str, Field(examples=["EUR"])] = "USD"

    def fields(self) -> CompanyFields:
        """Return what is asked for, in the feature's own words."""
        return CompanyFields(self.name.strip(), self.time_zone, self.currency)


class NewOwner(Body):
    """The owner to be: a new account, or the password (and code) of a known e-mail."""

    name: Name
    email: Email
    password: NewPassword
    totp: Code = None
    recovery_code: RecoveryCode = None

    def credentials(self) -> Credentials:
        """Return what proves who this is."""
        return Credentials(self.email, self.password, self.totp, self.recovery_code)


class SetUp(Body):
    """What a set-up link makes."""

    token: Token
    company: NewCompany | None = None
    owner: NewOwner


class SignIn(Body):
    """Credentials; without `companyId` the oldest membership is entered."""

    email: Annotated[str, Field(max_length=320, examples=["anna@acme.test"])]
    password: Password
    totp: Code = None
    recovery_code: RecoveryCode = None
    company_id: Annotated[str | None, Field(max_length=64)] = None

    def credentials(self) -> Credentials:
        """Return what proves who this is; an e-mail that is none is merely unknown."""
        email = self.email.strip().lower()
        return Credentials(email, self.password, self.totp, self.recovery_code)


class SwitchCompany(Body):
    """Another company of the same person."""

    company_id: Annotated[str, Field(max_length=64)]


class ChangePassword(Body):
    """The present password and the new one."""

    current: Password
    new: NewPassword


class ProvePassword(Body):
    """The password, to prove that it is still the same person."""

    password: Password


class ConfirmTotp(Body):
    """The first code of the authenticator."""

    code: Annotated[str, Field(max_length=64, examples=["492039"])]


class RedeemReset(Body):
    """A reset link and the new password."""

    token: Token
    password: NewPassword


class NewInvite(Body):
    """Who is invited, as what."""

    email: Email
    role: WantedRole


class AcceptInvite(Body):
    """Whoever accepts: a new account, or the password (and code) of the invited e-mail's own."""

    token: Token
    name: Name
    password: NewPassword
    totp: Code = None
    recovery_code: RecoveryCode = None


class ChangeRole(Body):
    """A member's new role."""

    role: WantedRole


class RemoveMember(Body):
    """Who gets the member's keys; by default whoever removes them."""

    new_key_owner: Annotated[str | None, Field(max_length=64)] = None


class SetupState(View):
    """Whether nobody owns a company here yet."""

    needed: bool = Field(examples=[False])


class MemberView(View):
    """A person in the company."""

    id: str = Field(examples=["mem_01jd9yv1n4c6g8k0m2q4s6v8xa"])
    name: str = Field(examples=["Anna Berg"])
    email: str = Field(examples=["anna@acme.test"])
    role: Role = Field(examples=["owner"])
    created_at: datetime = Field(examples=["2026-11-01T08:00:00.000Z"])
    last_seen_at: datetime | None = Field(examples=["2026-11-24T09:30:00.000Z"])
    totp_enabled: bool = Field(examples=[True])


class OwnCompanyView(View):
    """One of the person's companies."""

    id: str = Field(examples=["cmp_01jd9yv1n4c6g8k0m2q4s6v8xa"])
    name: str = Field(examples=["Acme GmbH"])
    role: Role = Field(examples=["owner"])


class SessionView(View):
    """Who is signed in, where, and what they may do there."""

    id: str = Field(examples=["ses_01jd9yv1n4c6g8k0m2q4s6v8xa"])
    member: MemberView
    company: CompanyView
    companies: list[OwnCompanyView]
    role: Role = Field(examples=["owner"])
    permissions: list[str] = Field(examples=[["keys", "members", "workflows:read"]])
    csrf_token: str = Field(description="For the header X-CSRF-Token.")
    expires_at: datetime = Field(examples=["2026-12-01T09:30:00.000Z"])


class SessionRowView(View):
    """A session in the person's list."""

    id: str = Field(examples=["ses_01jd9yv1n4c6g8k0m2q4s6v8xa"])
    agent: str = Field(examples=["Mozilla/5.0 (X11; Linux x86_64) Firefox/133.0"])
    ip: str | None = Field(examples=["192.0.2.7"])
    created_at: datetime = Field(examples=["2026-11-24T08:00:00.000Z"])
    last_seen_at: datetime = Field(examples=["2026-11-24T09:30:00.000Z"])
    current: bool = Field(examples=[True])


class Ended(View):
    """How many sessions ended."""

    ended: int = Field(examples=[2])


class TotpSecretView(View):
    """What goes into the authenticator; null in a repeat, since it is shown once."""

    secret: str | None = Field(examples=["JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"])
    uri: str | None
    secret_already_shown: Literal[True] | None = None


class RecoveryCodesView(View):
    """The recovery codes; null in a repeat, since they are shown once."""

    recovery_codes: list[str] | None = Field(examples=[["mfrg-gzdf-mztw-q2lk"]])
    secret_already_shown: Literal[True] | None = None


class KeysMoved(View):
    """How many keys got a new owner."""

    keys_moved: int = Field(examples=[1])


class InviteView(View):
    """An open invite."""

    id: str = Field(examples=["inv_01jd9yv1n4c6g8k0m2q4s6v8xa"])
    email: str = Field(examples=["ben@acme.test"])
    role: Role = Field(examples=["viewer"])
    created_at: datetime = Field(examples=["2026-11-24T08:00:00.000Z"])
    expires_at: datetime = Field(examples=["2026-12-01T08:00:00.000Z"])


class InviteWithLink(View):
    """A new invite and, this once, its link."""

    invite: InviteView
    link: str | None
    secret_already_shown: Literal[True] | None = None


def show_member(member: Member) -> JsonObject:
    """Write a member as the API answers it."""
    return {
        "id": member.public_id,
        "name": member.name,
        "email": member.email,
        "role": member.role.value,
        "createdAt": to_wire(member.created_at),
        "lastSeenAt": None if member.last_seen_at is None else to_wire(member.last_seen_at),
        "totpEnabled": member.has_totp,
    }


def show_session(view: FullSession) -> JsonObject:
    """Write a session with everything its person sees; never its token."""
    session = view.session
    return {
        "id": encode_id(Prefix.SESSION, session.id),
        "member": show_member(view.member),
        "company": show_company(view.company),
        "companies": [
            {
                "id": encode_id(Prefix.COMPANY, each.id),
                "name": each.name,
                "role": each.role.value,
            }
            for each in view.companies
        ],
        "role": session.role.value,
        "permissions": [*permission_words(session.role)],
        "csrfToken": session.csrf_token,
        "expiresAt": to_wire(session.expires_at),
    }


def show_session_row(row: SessionRow, *, is_current: bool) -> JsonObject:
    """Write a session as a row of its person's list."""
    return {
        "id": encode_id(Prefix.SESSION, row.id),
        "agent": row.agent,
        "ip": row.address,
        "createdAt": to_wire(row.created_at),
        "lastSeenAt": to_wire(row.last_seen_at),
        "current": is_current,
    }


def show_invite(invite: Invite) -> JsonObject:
    """Write an open invite as the API answers it."""
    return {
        "id": invite.public_id,
        "email": invite.email,
        "role": invite.role.value,
        "createdAt": to_wire(invite.created_at),
        "expiresAt": to_wire(invite.expires_at),
    }


def shown_once(**secrets: JsonValue) -> tuple[JsonObject, JsonObject]:
    """Write an answer with secrets, and the one that a repeat gets instead."""
    hidden: JsonObject = dict.fromkeys(secrets)
    return dict(secrets), {**hidden, "secretAlreadyShown": True}
