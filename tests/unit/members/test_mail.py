"""Mail through a real SMTP server on loopback."""

from collections.abc import AsyncIterator

import pytest

from justpaid.members.mail import Mail, invite_mail, reset_mail
from justpaid.settings import Settings
from tests.api.mail_server import Inbox, mail_server

LINK = "https://workflows.example.com/invite#a-token"


@pytest.fixture
async def inbox() -> AsyncIterator[Inbox]:
    """Run a mail server."""
    async with mail_server() as running:
        yield running


def _mail(port: int | None) -> Mail:
    return Mail(
        Settings(
            smtp_host=None if port is None else "127.0.0.1",
            smtp_port=port or 587,
            smtp_security="none",
            smtp_from="workflows@acme.test",
        )
    )


async def test_an_invite_is_delivered(inbox: Inbox) -> None:
    """A mail comes whole, with the link unbroken and no header smuggled in by a name."""
    mail = _mail(inbox.port)
    subject, text = invite_mail("Acme\r\nBcc: evil@evil.test GmbH", "Anna Berg", LINK)
    assert mail.send_later("ben@acme.test", subject, text)
    assert inbox.mails == []  # nobody waited for the server
    await mail.close()
    (received,) = inbox.mails
    assert received["From"] == "workflows@acme.test"
    assert received["To"] == "ben@acme.test"
    assert received["Subject"] == "Join Acme Bcc: evil@evil.test GmbH on JustPaid Workflows"
    assert received["Bcc"] is None
    assert received["Date"]
    assert received["Message-ID"].endswith("@acme.test>")
    assert LINK in received.get_content()


async def test_a_reset_is_delivered(inbox: Inbox) -> None:
    """The operator's verb waits for the mail server's word."""
    await _mail(inbox.port).send("anna@acme.test", *reset_mail(LINK))
    assert LINK in inbox.mails[0].get_content()


async def test_a_refused_mail_disturbs_nobody(
    inbox: Inbox, capsys: pytest.CaptureFixture[str]
) -> None:
    """A refused mail is noted without its address or link, and the next one goes."""
    mail = _mail(inbox.port)
    assert mail.send_later("nobody@acme.test", "x", LINK)
    assert mail.send_later("ben@acme.test", "x", LINK)
    await mail.close()
    assert len(inbox.mails) == 1
    said = "".join(capsys.readouterr())
    assert "nobody@" not in said
    assert LINK not in said


async def test_without_a_server_nothing_is_sent() -> None:
    """Mail is an extra: without a mail server, and with one that is away, all else goes on."""
    off = _mail(None)
    assert not off.is_on
    assert not off.send_later("ben@acme.test", "x", "y")
    away = _mail(1)
    assert away.send_later("ben@acme.test", "x", "y")
    await away.close()
