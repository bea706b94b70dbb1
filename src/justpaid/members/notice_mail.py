"""Mails what people are told to those it concerns, where a mail server is set up.

Guarantee: a mail is a row until the server has taken it: no kill loses one, and one is sent twice
only when a process dies between the server's word and the row's removal.
"""

import asyncio
from datetime import timedelta
from typing import Final

import structlog
from aiosmtplib import SMTPRecipientsRefused, SMTPResponseException

from justpaid import clock
from justpaid.db.pool import Pool
from justpaid.members import mail_repository
from justpaid.members.mail import Mail, notice_mail
from justpaid.members.mail_repository import ClaimedMail
from justpaid.members.roles import PERMISSIONS, Role
from justpaid.web.permissions import Permission

LOOK_SECONDS: Final = 5.0
MOST_TRIES: Final = 10

_AT_ONCE: Final = 10
_MOST_NOTICES: Final = 100
_HOLD: Final = timedelta(minutes=1)  # longer than a mail may take
_FIRST_PAUSE: Final = timedelta(seconds=30)
_LONGEST_PAUSE: Final = timedelta(hours=2)
_STALE: Final = timedelta(days=1)  # what was told before mail was set up stays in the inbox alone
_CLOSING_SECONDS: Final = 5.0
_GONE_FOR_GOOD: Final = 500
# What is not for certain members is about API keys: it goes to those who may act on them.
_ROLES: Final = tuple(role for role in Role if Permission.KEYS in PERMISSIONS[role])

_log = structlog.get_logger(__name__)


class NoticeMailer:
    """The periodic task of a process."""

    def __init__(self, pool: Pool, mail: Mail, base_url: str, now: clock.Clock = clock.now) -> None:
        self._pool = pool
        self._mail = mail
        self._base_url = base_url
        self._now = now

    async def run(self) -> None:
        """Send what is due, again and again, until cancelled; nothing without a mail server."""
        while self._mail.is_on:
            try:
                while await self.send_due():
                    pass
            except Exception as error:  # whatever it is, the rows stand
                _log.warning("mail_not_looked_at", error=repr(error))
            await asyncio.sleep(LOOK_SECONDS)

    async def send_due(self) -> int:
        """Send mails that are due, some at once; returns how many were tried."""
        now = self._now()
        async with self._pool.acquire() as connection:
            await mail_repository.queue_mails(
                connection, now, not_before=now - _STALE, roles=_ROLES, most=_MOST_NOTICES
            )
            mails = await mail_repository.claim_mails(connection, now, _HOLD, _AT_ONCE)
        if mails:
            sending = asyncio.gather(*(self._send(mail) for mail in mails))
            try:
                await asyncio.shield(sending)
            except asyncio.CancelledError:  # what the server has taken is not to be sent again
                await asyncio.wait([sending], timeout=_CLOSING_SECONDS)
                raise
        return len(mails)

    async def _send(self, mail: ClaimedMail) -> None:
        link = None if mail.link is None else self._base_url + mail.link
        subject, text = notice_mail(mail.company, mail.title, mail.body, link)
        try:
            await self._mail.send(mail.email, subject, text)
        except Exception as error:
            await self._put_off(mail, error)
            return
        async with self._pool.acquire() as connection:
            await mail_repository.remove_mail(connection, mail.company_id, mail)

    async def _put_off(self, mail: ClaimedMail, error: Exception) -> None:
        is_hopeless = mail.tries >= MOST_TRIES or _is_refused(error)
        _log.warning("mail_not_sent", reason=type(error).__name__, tries=mail.tries)
        async with self._pool.acquire() as connection:
            if is_hopeless:  # it stays in the inbox
                await mail_repository.remove_mail(connection, mail.company_id, mail)
                return
            pause = min(_FIRST_PAUSE * 2 ** (mail.tries - 1), _LONGEST_PAUSE)
            due_at = self._now() + pause
            await mail_repository.put_off_mail(connection, mail.company_id, mail, due_at)


def _is_refused(error: Exception) -> bool:
    """Tell whether the server has refused this mail, or its reader, for good."""
    if isinstance(error, SMTPRecipientsRefused):
        return all(each.code >= _GONE_FOR_GOOD for each in error.recipients)
    return isinstance(error, SMTPResponseException) and error.code >= _GONE_FOR_GOOD
