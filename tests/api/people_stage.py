"""People for tests of the admin API: made in the database, signed in as a browser does."""

import itertools
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
from argon2 import PasswordHasher

from justpaid.ids import Prefix, decode_id, encode_id, new_id
from justpaid.members.cookie import SessionCookie
from justpaid.members.roles import Role
from tests.api.whole_service import WholeService

PASSWORD = "quiet-otter-harbour-7"
_addresses = (f"198.51.{n // 250}.{n % 250 + 1}" for n in itertools.count())
_QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
PASSWORD_HASH = _QUICK.hash(PASSWORD)  # any terms are verified: they stand in the hash


@dataclass
class Browser:
    """A browser tab on the service: cookies kept, Origin and CSRF token sent with each write."""

    client: httpx.AsyncClient
    origin: str
    csrf: str | None = None
    session: dict[str, Any] = field(default_factory=dict)

    async def ask(
        self, method: str, path: str, body: Any = None, headers: dict[str, str | None] | None = None
    ) -> httpx.Response:
        """Send a request; a header given as None is left out, and any given one wins."""
        sent: dict[str, str | None] = {}
        if method not in {"GET", "HEAD"}:
            sent = {"origin": self.origin, "x-csrf-token": self.csrf}
        sent |= headers or {}
        return await self.client.request(
            method,
            path,
            json=body,
            headers={name: value for name, value in sent.items() if value is not None},
        )

    async def get(self, path: str) -> Any:
        """Read what must be there."""
        answer = await self.ask("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    async def do(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        """Do what must succeed."""
        answer = await self.ask(method, path, body)
        assert answer.status_code == status, answer.text
        return answer.json()["data"]

    def enter(self, answer: httpx.Response) -> dict[str, Any]:
        """Take over the session of an answer; its cookie is in the jar already."""
        assert answer.is_success, answer.text
        self.session = answer.json()["data"]
        self.csrf = self.session["csrfToken"]
        return self.session

    async def sign_in(self, email: str, password: str = PASSWORD, **more: Any) -> dict[str, Any]:
        """Sign in and take over the session."""
        body = {"email": email, "password": password, **more}
        return self.enter(await self.ask("POST", "/session", body))

    def cookie(self) -> str | None:
        """Return the session's token as the browser keeps it."""
        return self.client.cookies.get("justpaid_session") or self.client.cookies.get(
            "__Host-justpaid_session"
        )


@dataclass(frozen=True)
class Someone:
    """A member of a company."""

    person_id: UUID
    membership_id: UUID
    email: str

    @property
    def id(self) -> str:
        """The membership's id on the wire."""
        return encode_id(Prefix.MEMBER, self.membership_id)


class People:
    """Makes members of a service's companies, and browsers for them."""

    def __init__(self, service: WholeService) -> None:
        self._service = service

    async def make(
        self, company_id: UUID, role: Role = Role.OWNER, email: str | None = None
    ) -> Someone:
        """Store a person and their membership; an e-mail that is there joins as it is."""
        pool = self._service.pool
        email = email or f"p{new_id().hex}@people.test"
        person_id = await pool.fetchval("SELECT id FROM people WHERE email = $1", email)
        if person_id is None:
            person_id = new_id()
            await pool.execute(
                "INSERT INTO people (id, email, name, password_hash) VALUES ($1, $2, $3, $4)",
                person_id,
                email,
                "Robin Stone",
                PASSWORD_HASH,
            )
        membership_id = new_id()
        await pool.execute(
            "INSERT INTO memberships (company_id, id, person_id, role) VALUES ($1, $2, $3, $4)",
            company_id,
            membership_id,
            person_id,
            role.value,
        )
        return Someone(person_id, membership_id, email)

    def browser(self, origin: str = "http://127.0.0.1", address: str | None = None) -> Browser:
        """Open a browser that nobody is signed in with, by default at an address of its own."""
        address = address or next(_addresses)
        transport = httpx.ASGITransport(
            self._service.api.asgi, raise_app_exceptions=False, client=(address, 4711)
        )
        client = httpx.AsyncClient(transport=transport, base_url=f"{origin}/api/v1/admin")
        return Browser(client, origin)

    async def signed_in(self, company_id: UUID, role: Role = Role.OWNER) -> Browser:
        """Make somebody with this role and sign them in."""
        someone = await self.make(company_id, role)
        browser = self.browser()
        await browser.sign_in(someone.email)
        return browser


def member_of(browser: Browser) -> UUID:
    """Return the membership that a browser is signed in as."""
    membership_id = decode_id(Prefix.MEMBER, browser.session["member"]["id"])
    assert membership_id is not None
    return membership_id


def set_cookie_of(answer: httpx.Response) -> str:
    """Return the one cookie that an answer sets."""
    (header,) = answer.headers.get_list("set-cookie")
    return header


COOKIE_NAME = SessionCookie(is_secure=False).name
