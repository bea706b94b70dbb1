"""Every statement on mails that are to be sent: one row a mail, gone once it was sent.

Guarantee: a mail is stored in the transaction that marks its notice, and whoever claims it is alone
with it until `due_at`; only the last who claimed it removes it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from justpaid.db.pool import Connection
from justpaid.members.roles import Role

_QUEUE: Final = """
WITH n AS MATERIALIZED (
  SELECT id, company_id, at, member_ids FROM notices WHERE mailed_at IS NULL
  ORDER BY at LIMIT $4 FOR UPDATE SKIP LOCKED),
u AS (UPDATE notices SET mailed_at = $1 FROM n WHERE notices.id = n.id),
i AS (
  INSERT INTO mails (notice_id, membership_id, company_id, due_at)
  SELECT n.id, m.id, n.company_id, $1 FROM n JOIN memberships m ON m.company_id = n.company_id
  WHERE n.at > $2 AND CASE WHEN n.member_ids IS NULL THEN m.role = ANY($3::text[])
    ELSE m.id = ANY(n.member_ids) END
  ON CONFLICT DO NOTHING)
SELECT count(*) FROM n
"""
_CLAIM: Final = """
WITH c AS MATERIALIZED (
  SELECT notice_id, membership_id FROM mails WHERE due_at <= $1
  ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED),
u AS (
  UPDATE mails m SET fence = m.fence + 1, due_at = $2 FROM c
  WHERE m.notice_id = c.notice_id AND m.membership_id = c.membership_id
  RETURNING m.notice_id, m.membership_id, m.company_id, m.fence)
SELECT u.company_id, u.notice_id, u.membership_id, u.fence, p.email, c.name AS company, n.title,
  n.body, n.link
FROM u JOIN notices n ON n.id = u.notice_id JOIN memberships s ON s.id = u.membership_id
JOIN people p ON p.id = s.person_id JOIN companies c ON c.id = u.company_id
"""
_OF_CLAIM: Final = "company_id = $1 AND notice_id = $2 AND membership_id = $3 AND fence = $4"
_REMOVE: Final = f"DELETE FROM mails WHERE {_OF_CLAIM}"
_PUT_OFF: Final = f"UPDATE mails SET due_at = $5 WHERE {_OF_CLAIM}"


@dataclass(frozen=True, slots=True)
class ClaimedMail:
    """A mail that this process alone may send now; `tries` counts this one."""

    company_id: UUID
    notice_id: UUID
    membership_id: UUID
    tries: int
    email: str = field(repr=False)
    company: str
    title: str
    body: str
    link: str | None


async def queue_mails(
    connection: Connection, now: datetime, *, not_before: datetime, roles: Sequence[Role], most: int
) -> int:
    """Put the mails of new notices, of any company, among those to be sent; returns of how many.

    A notice that is for certain members goes to those, any other one to the roles. One from before
    `not_before` is mailed to nobody any more.
    """
    names = [role.value for role in roles]
    looked_at: int = await connection.fetchval(_QUEUE, now, not_before, names, most)
    return looked_at


async def claim_mails(
    connection: Connection, now: datetime, hold: timedelta, most: int
) -> list[ClaimedMail]:
    """Take mails of any company that are due; they come back after `hold` unless removed."""
    rows = await connection.fetch(_CLAIM, now, now + hold, most)
    return [ClaimedMail(*row.values()) for row in rows]


async def remove_mail(connection: Connection, company_id: UUID, mail: ClaimedMail) -> None:
    """Remove a mail that was sent, or never will be."""
    await connection.execute(_REMOVE, company_id, mail.notice_id, mail.membership_id, mail.tries)


async def put_off_mail(
    connection: Connection, company_id: UUID, mail: ClaimedMail, due_at: datetime
) -> None:
    """Let a mail be tried again at a moment."""
    place = mail.notice_id, mail.membership_id, mail.tries
    await connection.execute(_PUT_OFF, company_id, *place, due_at)
