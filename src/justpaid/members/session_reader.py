"""Reads who stands behind a session's cookie: the gate's `read_session`.

Guarantee: every request asks the database, by one indexed question, so that an ended session, a
changed role or a removed member holds from the next request on, on every process. Whatever is not
a read also needs the session's CSRF token and an Origin of the service's own.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import asyncpg

from justpaid import clock
from justpaid.db.pool import Pool
from justpaid.errors import Forbidden, Problem, Unavailable
from justpaid.ids import Prefix, encode_id
from justpaid.members import session_repository
from justpaid.members.cookie import SessionCookie
from justpaid.members.model import Session
from justpaid.members.roles import PERMISSIONS, SCOPES
from justpaid.members.tokens import hash_token
from justpaid.scopes import DEFAULT_LIMITS
from justpaid.web.caller import Caller
from justpaid.web.gate_contract import Identity, Scope
from justpaid.web.same_origin import SAFE_METHODS, SameOrigin

CSRF_HEADER: Final = b"x-csrf-token"

_DATABASE_AWAY: Final = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionIdentity(Identity):
    """A session at the gate, with what its own routes need to know of it."""

    session: Session


class SessionReader:
    """One for an API process."""

    def __init__(
        self,
        pool: Pool,
        cookie: SessionCookie,
        same_origin: SameOrigin,
        now: clock.Clock = clock.now,
    ) -> None:
        self._pool = pool
        self._cookie = cookie
        self._same_origin = same_origin
        self._now = now

    async def __call__(self, scope: Scope, headers: Mapping[bytes, bytes]) -> Identity | None:
        """Return who calls; None without a live session. Raises Forbidden, or Unavailable."""
        token = self._cookie.read(scope)
        if token is None:
            return None
        self._same_origin.require_host(scope, headers)
        session = await self._find(token)
        if session is None:
            return None
        if scope["method"] not in SAFE_METHODS:
            self._same_origin.require_origin(scope, headers, may_lack=False)
            _require_csrf_token(session, headers)
        return identify_session(session)

    async def is_in_force(self, session: Session) -> bool:
        """Say whether a session stands as it stood: what a long answer asks again and again."""
        async with self._pool.acquire() as connection:
            return await session_repository.is_live(
                connection, session.company_id, session, self._now()
            )

    def check_public(self, scope: Scope, headers: Mapping[bytes, bytes]) -> None:
        """Hold a public act to our own address and, where an Origin is sent, to our own pages."""
        self._same_origin.require_host(scope, headers)
        if scope["method"] not in SAFE_METHODS:
            self._same_origin.require_origin(scope, headers, may_lack=True)

    async def _find(self, token: str) -> Session | None:
        try:
            async with self._pool.acquire() as connection:
                return await session_repository.find_live(
                    connection, hash_token(token), self._now()
                )
        except _DATABASE_AWAY:
            raise Unavailable("The database cannot be reached now. Try again shortly.") from None


def identify_session(session: Session) -> SessionIdentity:
    """Make what the gate keeps of a session; its budgets are the membership's own."""
    return SessionIdentity(
        caller=Caller(
            company_id=session.company_id,
            actor=encode_id(Prefix.MEMBER, session.membership_id),
            scopes=SCOPES[session.role],
            member_id=session.membership_id,
            name=session.name,
            expires_at=session.expires_at,
            permissions=frozenset[str](PERMISSIONS[session.role]),
        ),
        subject_id=session.membership_id,
        company=encode_id(Prefix.COMPANY, session.company_id),
        limits=DEFAULT_LIMITS,
        session=session,
    )


def _require_csrf_token(session: Session, headers: Mapping[bytes, bytes]) -> None:
    sent = headers.get(CSRF_HEADER, b"")
    if not hmac.compare_digest(sent, session.csrf_token.encode()):
        message = "is wrong" if sent else "is missing"
        raise Forbidden(
            "Send the session's csrfToken in the header X-CSRF-Token.",
            [Problem("X-CSRF-Token", message)],
        )
