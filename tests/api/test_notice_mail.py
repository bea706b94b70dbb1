"""What people are told of: in the inbox of those it concerns, and mailed once to each of them."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any
from uuid import UUID

import pytest

from justpaid import clock
from justpaid.members import mail_repository
from justpaid.members.mail import Mail
from justpaid.members.notice_mail import MOST_TRIES, NoticeMailer
from justpaid.members.roles import Role
from justpaid.notices import repository as notices
from justpaid.notices.model import News
from justpaid.settings import Settings
from tests.api.mail_server import Inbox, mail_server
from tests.api.people_stage import Browser, People, Someone
from tests.api.whole_service import WholeService
from tests.engine.stage import until

SMTP: dict[str, Any] = {
    "smtp_host": "127.0.0.1",
    "smtp_security": "none",
    "smtp_from": "workflows@acme.test",
}


@dataclass
class Post:
    """A company, its people, and a mailer whose clock the test owns."""

    service: WholeService
    people: People
    company_id: UUID
    inbox: Inbox
    now: datetime

    def mailer(self, port: int | None = None) -> NoticeMailer:
        """Make the mailer of another process."""
        smtp: dict[str, Any] = {**SMTP, "smtp_port": port or self.inbox.port}
        mail = Mail(Settings(data_dir=self.service.settings.data_dir, **smtp))
        return NoticeMailer(self.service.pool, mail, "https://pay.acme.test", lambda: self.now)

    async def member(self, role: Role, email: str | None = None) -> tuple[Someone, Browser]:
        """Make somebody who is signed in."""
        someone = await self.people.make(self.company_id, role, email)
        browser = self.people.browser()
        await browser.sign_in(someone.email)
        return someone, browser

    async def ask(self, *approvers: str, **config: Any) -> str:
        """Start a run that asks; return the approval's id once its approvers were told."""
        async with self.service.client(await self.service.make_key(self.company_id)) as http:
            config = {"approvers": list(approvers), **config}
            step = {"id": "ask", "name": "Pay it?", "type": "approval", "config": config}
            definition = {"name": "Asks", "trigger": {"type": "api"}, "steps": [step]}
            made = (await http.post("/workflows", json=definition)).json()["data"]["id"]
            await http.post(f"/workflows/{made}/activate")
            run = (await http.post(f"/workflows/{made}/run", json={})).json()["data"]["runId"]
            told = "SELECT told_at FROM approvals WHERE company_id = $1 AND told_at IS NOT NULL"
            await until(
                lambda: self.service.pool.fetchval(told, self.company_id), "somebody to be told"
            )
            listed = (await http.get("/approvals")).json()["data"]
            return next(each["id"] for each in listed if each["runId"] == run)

    async def tell(self, title: str = "The key Billing expires in 7 days") -> None:
        """Tell the company something about its keys."""
        news = News("key_expiry", title, "Rotate it.", title, "/keys/key_1")
        async with self.service.pool.acquire() as connection:
            assert await notices.add(connection, self.company_id, news, self.now)

    async def waiting(self) -> int:
        """Count the mails of the company that are still to be sent."""
        count = "SELECT count(*) FROM mails WHERE company_id = $1"
        return await self.service.pool.fetchval(count, self.company_id)

    def sent_to(self, someone: Someone) -> list[EmailMessage]:
        """List the mails that somebody got."""
        return [mail for mail in self.inbox.mails if mail["To"] == someone.email]


@pytest.fixture
async def post(service: WholeService, own_company_id: UUID) -> AsyncGenerator[Post]:
    """Open the post of one company."""
    async with mail_server() as inbox:
        yield Post(service, People(service), own_company_id, inbox, clock.now())
    await service.pool.execute("DELETE FROM mails")


async def test_an_approver_is_told_and_mailed_once(post: Post) -> None:
    """Those named who may decide find it in their inbox and their mail, with a link; no others."""
    named, browser = await post.member(Role.APPROVER)
    by_id, _ = await post.member(Role.OWNER)
    viewer, viewing = await post.member(Role.VIEWER)
    other, others = await post.member(Role.ADMIN)
    approval_id = await post.ask(
        named.email, by_id.id, viewer.email, "x@else.test", reason="Invoice 7, 1,900.00 EUR"
    )
    (notice,) = await browser.get("/notices")
    assert (notice["kind"], notice["title"]) == ("approval_requested", "Pay it?")
    assert notice["link"] == f"/approvals/{approval_id}"
    assert await viewing.get("/notices") == await others.get("/notices") == []
    hidden = await others.ask("POST", f"/notices/{notice['id']}/read")
    assert hidden.status_code == 404
    mailer = post.mailer()
    assert [await mailer.send_due(), await mailer.send_due()] == [2, 0]
    for someone in (named, by_id):
        (mail,) = post.sent_to(someone)
        assert mail["Subject"] == "Pay it?"
        assert "Invoice 7, 1,900.00 EUR" in mail.get_content()
        assert f"https://pay.acme.test/approvals/{approval_id}" in mail.get_content()
    assert post.sent_to(viewer) == post.sent_to(other) == []
    assert await post.waiting() == 0


async def test_nobody_is_told_where_the_step_says_so(post: Post) -> None:
    """With `notify: false` neither inbox nor mail has it."""
    named, browser = await post.member(Role.APPROVER)
    await post.ask(named.email, notify=False)
    assert await browser.get("/notices") == []
    await post.mailer().send_due()
    assert post.inbox.mails == []


async def test_an_approval_that_nobody_can_decide_is_told_above(post: Post) -> None:
    """Where none of those named may decide, owners and admins hear that."""
    _, owner = await post.member(Role.OWNER)
    _, approver = await post.member(Role.APPROVER)
    await post.ask("gone@acme.test")
    (notice,) = await owner.get("/notices")
    assert notice["body"].startswith("None of those whom the step names is a member")
    assert await approver.get("/notices") == []


async def test_a_notice_on_keys_goes_to_who_may_act_on_them(post: Post) -> None:
    """Owners and admins get it by mail; others find it in the inbox alone."""
    owner, _ = await post.member(Role.OWNER)
    admin, _ = await post.member(Role.ADMIN)
    editor, browser = await post.member(Role.EDITOR)
    await post.tell()
    await post.mailer().send_due()
    assert len(await browser.get("/notices")) == 1
    assert [len(post.sent_to(each)) for each in (owner, admin, editor)] == [1, 1, 0]
    (mail,) = post.sent_to(owner)
    assert "https://pay.acme.test/keys/key_1" in mail.get_content()
    assert "Acme GmbH" in mail.get_content()


async def test_a_mail_whose_process_died_is_sent_by_another(post: Post) -> None:
    """Claimed and never sent, a mail is left alone for a minute and then goes out, once."""
    owner, _ = await post.member(Role.OWNER)
    await post.tell()

    async with post.service.pool.acquire() as connection:
        later = post.now - timedelta(days=1)
        await mail_repository.queue_mails(
            connection, post.now, not_before=later, roles=[Role.OWNER], most=10
        )
        claimed = await mail_repository.claim_mails(connection, post.now, timedelta(minutes=1), 10)
    assert [mail.email for mail in claimed] == [owner.email]
    assert await post.waiting() == 1
    assert await post.mailer().send_due() == 0
    post.now += timedelta(seconds=61)
    async with post.service.pool.acquire() as connection:
        await mail_repository.claim_mails(connection, post.now, timedelta(minutes=1), 10)
        # The first one has come back to life: it is another's to remove now.
        await mail_repository.remove_mail(connection, post.company_id, claimed[0])
    assert await post.waiting() == 1
    post.now += timedelta(seconds=61)
    assert [await post.mailer().send_due(), await post.mailer().send_due()] == [1, 0]
    assert len(post.sent_to(owner)) == 1


async def test_a_server_that_is_away_is_tried_again_and_given_up(post: Post) -> None:
    """Pauses grow; after the last try the notice stays in the inbox alone."""
    await post.member(Role.OWNER)
    await post.tell()
    away = post.mailer(port=9)
    assert await away.send_due() == 1
    assert await away.send_due() == 0
    for _ in range(MOST_TRIES - 1):
        assert await post.waiting() == 1
        post.now += timedelta(hours=3)
        assert await away.send_due() == 1
    assert await post.waiting() == 0


async def test_a_mailbox_that_is_refused_is_not_tried_again(post: Post) -> None:
    """The server's definite no ends one mail, and no other."""
    await post.member(Role.OWNER, f"nobody@{post.company_id.hex}.test")
    owner, _ = await post.member(Role.OWNER)
    await post.tell()
    await post.mailer().send_due()
    assert len(post.sent_to(owner)) == 1
    assert await post.waiting() == 0


async def test_old_news_are_not_mailed(post: Post) -> None:
    """When mail is set up later, what was told before stays in the inbox."""
    await post.member(Role.OWNER)
    await post.tell()
    post.now += timedelta(days=2)
    assert await post.mailer().send_due() == 0
    assert post.inbox.mails == []
