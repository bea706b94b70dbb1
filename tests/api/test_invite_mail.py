"""Invites by mail, where a mail server is set up."""

from pathlib import Path
from uuid import UUID

from justpaid.db.pool import Pool
from tests.api.mail_server import mail_server
from tests.api.people_stage import People
from tests.api.whole_service import whole_service


async def test_an_invite_is_mailed(
    pool: Pool, database_url: str, company_id: UUID, tmp_path: Path
) -> None:
    """The invited get the very link that the inviter sees; a refused mail changes no answer."""
    async with mail_server() as inbox:
        settings = {
            "smtp_host": "127.0.0.1",
            "smtp_port": inbox.port,
            "smtp_security": "none",
            "smtp_from": "workflows@acme.test",
        }
        async with whole_service(pool, database_url, tmp_path, **settings) as service:
            owner = await People(service).signed_in(company_id)
            links: list[str] = []
            for email in ("ben@acme.test", "nobody@acme.test"):
                body = {"email": email, "role": "viewer"}
                made = await owner.do("POST", "/invites", body, status=201)
                links.append(made["link"])
        (received,) = inbox.mails
        assert received["To"] == "ben@acme.test"
        assert "Acme GmbH" in received["Subject"]
        assert links[0] in received.get_content()
