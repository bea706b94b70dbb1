"""Sends mail where a mail server is set up: an extra, since every link is shown for copying too.

Guarantee: no request waits for the mail server, and no failure of it becomes an answer; neither
addresses nor texts are logged.
"""

import asyncio
import contextlib
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Final

import aiosmtplib
import structlog

from justpaid.settings import Settings

_SECONDS: Final = 20.0
_CLOSING_SECONDS: Final = 5.0
_MOST_WAITING: Final = 200

_log = structlog.get_logger(__name__)


class Mail:
    """The mail of one process; `close` it so that what is under way can end."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._sending: set[asyncio.Task[None]] = set()

    @property
    def is_on(self) -> bool:
        """Whether a mail server is set up."""
        return self._settings.smtp_host is not None

    def send_later(self, to: str, subject: str, text: str) -> bool:
        """Begin to send a mail and return at once; False when none will be sent."""
        if not self.is_on or len(self._sending) >= _MOST_WAITING:
            return False
        task = asyncio.create_task(self._try_to_send(to, subject, text))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)
        return True

    async def send(self, to: str, subject: str, text: str) -> None:
        """Send a mail and wait for the server's word; raises what the server or network says."""
        settings = self._settings
        message = EmailMessage()
        message["From"] = settings.smtp_from
        message["To"] = to
        message["Subject"] = " ".join(subject.split())
        message["Date"] = formatdate()
        message["Message-ID"] = make_msgid(domain=(settings.smtp_from or "").rpartition("@")[2])
        message.set_content(text)
        await aiosmtplib.send(
            message,
            hostname=settings.smtp_host,
            port=settings.smtp_port,
            username=settings.smtp_username,
            password=settings.smtp_password,
            use_tls=settings.smtp_security == "tls",
            start_tls=settings.smtp_security == "starttls",
            timeout=_SECONDS,
        )

    async def close(self) -> None:
        """Wait shortly for mails under way, then give them up."""
        if self._sending:
            _, late = await asyncio.wait(self._sending, timeout=_CLOSING_SECONDS)
            for task in late:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    async def _try_to_send(self, to: str, subject: str, text: str) -> None:
        try:
            await self.send(to, subject, text)
        except Exception as error:  # the link was shown for copying: nothing is lost
            _log.warning("mail_not_sent", reason=type(error).__name__)


def invite_mail(company: str, inviter: str, link: str) -> tuple[str, str]:
    """Write the subject and text of an invite."""
    company = " ".join(company.split())
    subject = f"Join {company} on JustPaid Workflows"
    text = (
        f"{inviter} invites you to {company} on JustPaid Workflows.\n\n"
        f"{link}\n\n"
        "The link works once, within seven days. If you do not know what this is, ignore it.\n"
    )
    return subject, text


def reset_mail(link: str) -> tuple[str, str]:
    """Write the subject and text of a password reset."""
    text = (
        "Set a new password for JustPaid Workflows:\n\n"
        f"{link}\n\n"
        "The link works once, within an hour. All your sessions end when you use it. If you did "
        "not ask your operator for it, tell them.\n"
    )
    return "Set a new password", text


def notice_mail(company: str, title: str, body: str, link: str | None) -> tuple[str, str]:
    """Write the subject and text of a notice."""
    company = " ".join(company.split())
    where = "" if link is None else f"{link}\n\n"
    text = f"{body}\n\n{where}{company} on JustPaid Workflows. The dashboard has all notices.\n"
    return title, text
