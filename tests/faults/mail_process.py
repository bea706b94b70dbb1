"""A process that tells approvers and mails notices, alone, for the tests that kill it.

Run as `python -m tests.faults.mail_process DATABASE_URL SMTP_PORT AHEAD`: its clock is so many
seconds fast, so that it need not wait for what another process had claimed.
"""

import asyncio
import sys
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from justpaid import clock
from justpaid.approvals.telling import ApprovalTeller
from justpaid.db.pool import open_pool
from justpaid.members.mail import Mail
from justpaid.members.notice_mail import NoticeMailer
from justpaid.settings import Settings


async def main(database_url: str, port: str, ahead: str) -> None:
    """Tell and mail what there is, once."""
    pool = await open_pool(database_url, max_size=4)
    settings = Settings(
        smtp_host="127.0.0.1",
        smtp_port=int(port),
        smtp_security="none",
        smtp_from="workflows@acme.test",
    )
    mailer = NoticeMailer(
        pool,
        Mail(settings),
        "http://127.0.0.1",
        lambda: clock.now() + timedelta(seconds=int(ahead)),
    )
    await ApprovalTeller(pool).tell()
    await mailer.send_due()
    sys.stdout.write("done\n")
    sys.stdout.flush()


asyncio.run(main(*sys.argv[1:]))
