"""Tells approvers that they are asked: in their inbox, and by mail where that is set up.

Guarantee: an approval is told once, in the transaction that notes it, however many processes look
and whatever is killed; nothing is told that the approval itself does not show.
"""

import asyncio
from typing import Final

import structlog

from justpaid import clock
from justpaid.approvals import repository
from justpaid.approvals.model import Approval
from justpaid.db.pool import Pool
from justpaid.ids import Prefix, encode_id
from justpaid.members.roles import PERMISSIONS, Role
from justpaid.notices import repository as notices
from justpaid.notices.model import News
from justpaid.web.permissions import Permission

LOOK_SECONDS: Final = 2.0
KIND: Final = "approval_requested"

_MOST_AT_ONCE: Final = 50
_DECIDING: Final = tuple(role for role in Role if Permission.DECIDE in PERMISSIONS[role])
_ABOVE: Final = (Role.OWNER, Role.ADMIN)
_NOBODY: Final = "None of those whom the step names is a member who may decide."

_log = structlog.get_logger(__name__)


class ApprovalTeller:
    """The periodic task of a process."""

    def __init__(self, pool: Pool, now: clock.Clock = clock.now) -> None:
        self._pool = pool
        self._now = now

    async def run(self) -> None:
        """Tell what is new, again and again, until cancelled."""
        while True:
            try:
                while await self.tell() == _MOST_AT_ONCE:
                    pass
            except Exception as error:  # whatever it is, the next look tells it
                _log.warning("approvals_not_told", error=repr(error))
            await asyncio.sleep(LOOK_SECONDS)

    async def tell(self) -> int:
        """Tell of approvals that nobody was told of; returns how many there were."""
        now = self._now()
        async with self._pool.acquire() as connection, connection.transaction():
            untold = await repository.take_untold(connection, now, _MOST_AT_ONCE)
            for company_id, approval in untold:
                if not approval.terms.notify:
                    continue
                named = await repository.list_named_members(
                    connection, company_id, approval.terms.approvers, _DECIDING
                )
                body = _body(approval)
                if not named:
                    named = await repository.list_members_of(connection, company_id, _ABOVE)
                    body = f"{_NOBODY}\n\n{body}"
                news = News(
                    kind=KIND,
                    title=approval.terms.title,
                    body=body,
                    distinct_by=str(approval.id),
                    link=f"/approvals/{encode_id(Prefix.APPROVAL, approval.id)}",
                    member_ids=tuple(named),
                )
                await notices.add(connection, company_id, news, now)
        return len(untold)


def _body(approval: Approval) -> str:
    terms = approval.terms
    texts = [text for text in (terms.reason, terms.description) if text]
    needed = "" if terms.required == 1 else f" {terms.required} have to approve."
    until = f"A run waits for your decision until {approval.due_at:%Y-%m-%d %H:%M} UTC.{needed}"
    return "\n\n".join([*texts, until])
