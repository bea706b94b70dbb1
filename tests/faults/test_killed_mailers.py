"""Processes that tell approvers and mail notices are killed: nothing is lost or told twice."""

import asyncio
from contextlib import suppress
from typing import Any
from uuid import UUID

from justpaid import exact_json
from justpaid.db.pool import Pool
from justpaid.ids import new_id
from tests.api.mail_server import Inbox, mail_server
from tests.engine.stage import until
from tests.faults.processes import line_of, start

EMAIL = "controller@acme.test"
TERMS = {"title": "Pay Hooli?", "approvers": [EMAIL], "required": 1, "notify": True}


class HeldInbox(Inbox):
    """Never answers the first mail it is given, and takes all others."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = 0

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        """Leave the first one without an answer."""
        self.begun += 1
        if self.begun == 1:
            await asyncio.Event().wait()
        return await super().handle_DATA(_server, _session, envelope)


async def ask(pool: Pool, company_id: UUID) -> None:
    """Store somebody who may decide, and an approval that nobody was told of."""
    person_id = new_id()
    await pool.execute(
        "INSERT INTO people (id, email, name, password_hash) VALUES ($1, $2, 'Robin', 'x')",
        person_id,
        EMAIL,
    )
    await pool.execute(
        "INSERT INTO memberships (id, company_id, person_id, role) VALUES ($1, $2, $3, 'approver')",
        new_id(),
        company_id,
        person_id,
    )
    await pool.execute(
        "INSERT INTO approvals (id, company_id, run_id, workflow_id, path, terms, due_at) "
        "VALUES ($1, $2, $1, $1, 'ask', $3, now() + interval '1 day')",
        new_id(),
        company_id,
        exact_json.encode_text(TERMS),
    )


async def test_a_mailer_killed_while_it_sends_loses_nothing(
    pool: Pool, database_url: str, company_id: UUID
) -> None:
    """Killed with the server's answer outstanding, its mail goes out by the next process, once."""
    await ask(pool, company_id)
    async with mail_server(HeldInbox()) as inbox:
        assert isinstance(inbox, HeldInbox)
        first = await start("mail_process", database_url, str(inbox.port), "0")
        try:
            await until(lambda: inbox.begun, "the mail to be on its way")
        finally:
            with suppress(ProcessLookupError):
                first.kill()
            await first.wait()
        assert await pool.fetchval("SELECT count(*) FROM mails") == 1
        assert await pool.fetchval("SELECT count(*) FROM notices") == 1
        for ahead in ("0", "61", "122"):  # held, then due, then gone
            process = await start("mail_process", database_url, str(inbox.port), ahead)
            await line_of(process, b"done")
            await process.wait()
    assert await pool.fetchval("SELECT count(*) FROM mails") == 0
    assert await pool.fetchval("SELECT count(*) FROM notices") == 1
    assert [mail["To"] for mail in inbox.mails if mail["Subject"] == "Pay Hooli?"] == [EMAIL]
