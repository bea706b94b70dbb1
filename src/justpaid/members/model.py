"""People, memberships, sessions and invites as the service knows them, and how long things last."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from justpaid.audit.model import Actor
from justpaid.ids import Prefix, encode_id
from justpaid.members.roles import Role

SESSION_IDLE: Final = timedelta(hours=12)
SESSION_LONGEST: Final = timedelta(days=7)
SETUP_LINK_LASTS: Final = timedelta(hours=1)
RESET_LINK_LASTS: Final = timedelta(hours=1)
INVITE_LASTS: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an e-mail and a password, whatever companies they belong to."""

    id: UUID
    email: str
    name: str
    password_hash: str = field(repr=False)
    totp_sealed: bytes | None = field(repr=False)
    totp_confirmed_at: datetime | None
    totp_last_step: int
    recovery_hashes: tuple[bytes, ...]

    @property
    def has_totp(self) -> bool:
        """Whether a second factor is needed to sign in."""
        return self.totp_confirmed_at is not None


@dataclass(frozen=True, slots=True)
class Member:
    """A person in a company."""

    id: UUID
    company_id: UUID
    person_id: UUID
    name: str
    email: str
    role: Role
    has_totp: bool
    created_at: datetime
    last_seen_at: datetime | None = None

    @property
    def public_id(self) -> str:
        """The membership's id on the wire, by which the audit log names who acts."""
        return encode_id(Prefix.MEMBER, self.id)


@dataclass(frozen=True, slots=True)
class OwnCompany:
    """One of the companies a person belongs to."""

    id: UUID
    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class Session:
    """A live session: a person, in one company at a time."""

    id: UUID
    company_id: UUID
    person_id: UUID
    membership_id: UUID
    role: Role
    name: str
    csrf_token: str = field(repr=False)
    last_seen_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session as its person sees it in the list."""

    id: UUID
    agent: str
    address: str | None
    created_at: datetime
    last_seen_at: datetime


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session that was just made or rotated, with the token that only its cookie carries."""

    session: Session
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Visit:
    """Where an act of a person came from, as the session list and the audit log keep it."""

    agent: str
    address: str | None
    request_id: str | None

    def actor(self, membership_id: UUID) -> Actor:
        """Name a member as the one who acts."""
        return Actor(encode_id(Prefix.MEMBER, membership_id), self.address, self.request_id)


@dataclass(frozen=True, slots=True)
class Invite:
    """An invitation to a company that nobody has accepted yet."""

    id: UUID
    company_id: UUID
    email: str
    role: Role
    created_by: str
    created_at: datetime
    expires_at: datetime

    @property
    def public_id(self) -> str:
        """The invite's id on the wire."""
        return encode_id(Prefix.INVITE, self.id)
