"""Sessions over HTTP: how they begin, what protects them, when they end."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from argon2 import PasswordHasher

from justpaid.errors import Unauthenticated
from justpaid.ids import Prefix, encode_id, new_id
from justpaid.members.attempts import Attempts
from justpaid.members.cookie import SessionCookie
from justpaid.members.passwords import Passwords
from justpaid.members.proof import Credentials, Proofs
from justpaid.members.retention import purge_expired
from justpaid.members.roles import SCOPES, Role
from justpaid.members.session_reader import SessionReader
from justpaid.members.session_repository import find_live
from justpaid.members.tokens import hash_token, new_token
from justpaid.members.totp_secrets import TotpSecrets
from justpaid.rate_limits.failures import FailedAuthentications
from justpaid.scopes import Scope
from justpaid.web.same_origin import SameOrigin
from tests.api.gate_world import problems_of
from tests.api.people_stage import PASSWORD, People, set_cookie_of
from tests.api.whole_service import WholeService, whole_service

OWNER_PATHS = [
    ("PATCH", "/session", {"companyId": "x"}),
    ("DELETE", "/session", None),
    ("DELETE", "/sessions", None),
    ("PUT", "/me/password", {"current": "x", "new": "y"}),
    ("POST", "/invites", {"email": "a@b.test", "role": "viewer"}),
]


@pytest.fixture
def people(service: WholeService) -> People:
    """Make people in the module's service."""
    return People(service)


def _without_request_id(answer: httpx.Response) -> tuple[int, Any]:
    body = answer.json()
    body["error"].pop("requestId")
    return answer.status_code, body


async def test_sign_in(people: People, own_company_id: UUID) -> None:
    """A sign-in gives a session whose token stands in the cookie and nowhere else."""
    someone = await people.make(own_company_id, Role.EDITOR)
    browser = people.browser()
    answer = await browser.ask("POST", "/session", _credentials(someone.email.upper()))
    assert answer.status_code == 201
    header = set_cookie_of(answer)
    assert header.startswith("justpaid_session=")
    assert "HttpOnly; SameSite=Lax" in header
    assert "Secure" not in header
    assert answer.headers["cache-control"] == "no-store"
    token = browser.cookie()
    assert token is not None
    assert token not in answer.text
    session = browser.enter(answer)
    assert session["member"]["id"] == someone.id
    assert session["role"] == "editor"
    assert session["company"]["id"] == encode_id(Prefix.COMPANY, own_company_id)
    assert [each["name"] for each in session["companies"]] == ["Acme GmbH"]
    assert await browser.get("/session") == session


async def test_a_secure_address_has_a_host_cookie(
    database_url: str, pool: Any, tmp_path: Any, company_id: UUID
) -> None:
    """Behind https the cookie is Secure with the __Host- prefix, and any other host is refused."""
    public = "https://workflows.example.com"
    async with whole_service(pool, database_url, tmp_path, public_url=public) as service:
        people = People(service)
        someone = await people.make(company_id)
        browser = people.browser(origin=public)
        answer = await browser.ask("POST", "/session", _credentials(someone.email))
        assert set_cookie_of(answer).startswith("__Host-justpaid_session=")
        assert set_cookie_of(answer).endswith("; Secure")
        browser.enter(answer)
        assert (await browser.get("/session"))["id"] == browser.session["id"]
        for method, path in (("GET", "/session"), ("GET", "/setup"), ("POST", "/session")):
            elsewhere = await browser.ask(
                method, path, None, {"host": "127.0.0.1:8080", "origin": None}
            )
            assert problems_of(elsewhere)[0] == 403, path
        invited = await browser.do(
            "POST", "/invites", {"email": "x@y.test", "role": "viewer"}, status=201
        )
        assert invited["link"].startswith(f"{public}/invite#")


async def test_nothing_is_stored_in_the_clear(
    service: WholeService, people: People, own_company_id: UUID
) -> None:
    """Whoever reads the database finds neither a session's token nor a password."""
    browser = await people.signed_in(own_company_id)
    token = browser.cookie() or ""
    rows = await service.pool.fetch("SELECT s::text FROM sessions s")
    assert rows
    assert not any(token in row["s"] or PASSWORD in row["s"] for row in rows)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _: "",
        lambda token: token[:-1],
        lambda token: token[:-1] + ("A" if token[-1] != "A" else "B"),
        lambda token: token.swapcase(),
        lambda token: f"{token}.{token}",
        lambda _: new_token(),
        lambda _: "' OR 1=1 --",
    ],
)
async def test_a_tampered_cookie_is_nobody(
    people: People, own_company_id: UUID, spoil: Callable[[str], str]
) -> None:
    """A cookie changed in any way opens nothing, and neither does one that was made up."""
    browser = await people.signed_in(own_company_id)
    spoilt = {"cookie": f"justpaid_session={spoil(browser.cookie() or '')}"}
    stranger = people.browser()
    for method, path in (("GET", "/session"), ("DELETE", "/sessions")):
        answer = await stranger.client.request(method, path, headers=spoilt)
        assert problems_of(answer)[:2] == (401, "UNAUTHORIZED")
    assert (await browser.get("/session"))["id"] == browser.session["id"]


@pytest.mark.parametrize(("method", "path", "body"), OWNER_PATHS)
@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("x-csrf-token", None),
        ("x-csrf-token", ""),
        ("x-csrf-token", "wrong"),
        ("origin", None),
        ("origin", "null"),
        ("origin", "http://evil.test"),
        ("origin", "http://127.0.0.1:9999"),
        ("origin", "https://127.0.0.1"),
    ],
)
async def test_another_sites_page_cannot_act(
    people: People,
    own_company_id: UUID,
    *,
    method: str,
    path: str,
    body: Any,
    header: str,
    value: str | None,
) -> None:
    """Without the CSRF token, or from another origin, no write of a session does anything."""
    browser = await people.signed_in(own_company_id)
    answer = await browser.ask(method, path, body, {header: value})
    assert problems_of(answer)[:2] == (403, "FORBIDDEN")
    assert problems_of(answer)[2][0]["field"].lower() == header
    assert (await browser.get("/session"))["csrfToken"] == browser.csrf


async def test_anothers_csrf_token_is_wrong(people: People, own_company_id: UUID) -> None:
    """A CSRF token belongs to one session."""
    one = await people.signed_in(own_company_id)
    other = await people.signed_in(own_company_id)
    answer = await one.ask("DELETE", "/sessions", None, {"x-csrf-token": other.csrf})
    assert answer.status_code == 403


async def test_public_acts_refuse_foreign_pages(people: People) -> None:
    """A public act may come without an Origin, but never from another site's page."""
    browser = people.browser()
    for path, body in (
        ("/session", _credentials("x@y.test")),
        ("/setup", {}),
        ("/password-resets/redeem", {}),
        ("/invites/accept", {}),
    ):
        foreign = await browser.ask("POST", path, body, {"origin": "http://evil.test"})
        assert problems_of(foreign)[0] == 403, path
        without = await browser.ask("POST", path, body, {"origin": None})
        assert problems_of(without)[0] in {400, 401}, path


async def test_a_planted_session_is_not_kept(people: People, own_company_id: UUID) -> None:
    """Signing in changes the token, and the session that was in the browser before is over."""
    victim = await people.make(own_company_id)
    planted = await people.signed_in(own_company_id)
    token = planted.cookie()
    browser = people.browser()
    browser.client.cookies.set("justpaid_session", token or "", domain="127.0.0.1")
    await browser.sign_in(victim.email)
    assert browser.cookie() not in {None, token}
    assert (await planted.ask("GET", "/session")).status_code == 401


async def test_switching_company_rotates(
    service: WholeService, people: People, own_company_id: UUID
) -> None:
    """Another company means another token, CSRF token and role, and only companies of one's own."""
    someone = await people.make(own_company_id, Role.OWNER)
    second = await service.make_company("Second")
    await people.make(second, Role.VIEWER, someone.email)
    browser = people.browser()
    before = await browser.sign_in(someone.email)
    old_token, old_csrf = browser.cookie(), browser.csrf
    assert [each["role"] for each in before["companies"]] == ["owner", "viewer"]
    body = {"companyId": encode_id(Prefix.COMPANY, second)}
    after = browser.enter(await browser.ask("PATCH", "/session", body))
    assert after["id"] == before["id"]
    assert after["role"] == "viewer"
    assert after["expiresAt"] == before["expiresAt"]
    assert browser.cookie() not in {None, old_token}
    assert browser.csrf != old_csrf
    old = await browser.client.get("/session", headers={"cookie": f"justpaid_session={old_token}"})
    assert old.status_code == 401
    assert (await browser.ask("GET", "/invites")).status_code == 403
    foreign = encode_id(Prefix.COMPANY, await service.make_company("Third"))
    unknown = encode_id(Prefix.COMPANY, new_id())
    answers = [
        _without_request_id(await browser.ask("PATCH", "/session", {"companyId": each}))
        for each in (foreign, unknown)
    ]
    assert answers[0] == answers[1]
    assert answers[0][0] == 404


async def test_signing_in_to_a_company(
    service: WholeService, people: People, own_company_id: UUID
) -> None:
    """A company can be chosen at sign-in; a foreign one is refused like a wrong password."""
    someone = await people.make(own_company_id)
    second = await service.make_company("Second")
    await people.make(second, Role.APPROVER, someone.email)
    browser = people.browser()
    session = await browser.sign_in(someone.email, companyId=encode_id(Prefix.COMPANY, second))
    assert session["role"] == "approver"
    foreign = encode_id(Prefix.COMPANY, await service.make_company("Third"))
    refused = await browser.ask(
        "POST", "/session", _credentials(someone.email) | {"companyId": foreign}
    )
    wrong = await browser.ask("POST", "/session", _credentials(someone.email, "wrong"))
    assert _without_request_id(refused) == _without_request_id(wrong)


async def test_signing_out(people: People, own_company_id: UUID) -> None:
    """After signing out the cookie is taken back and its token opens nothing."""
    browser = await people.signed_in(own_company_id)
    token = browser.cookie()
    answer = await browser.ask("DELETE", "/session")
    assert answer.status_code == 200
    assert "Max-Age=0" in set_cookie_of(answer)
    again = await browser.client.get("/session", headers={"cookie": f"justpaid_session={token}"})
    assert again.status_code == 401


async def test_listing_and_ending_sessions(people: People, own_company_id: UUID) -> None:
    """A person sees and ends their own sessions, one or all others, and nobody else's."""
    someone = await people.make(own_company_id)
    phone, laptop, desk = people.browser(), people.browser(), people.browser()
    for browser in (phone, laptop, desk):
        browser.client.headers["user-agent"] = "Agent\x01 of a browser"
        await browser.sign_in(someone.email)
    rows = await desk.get("/sessions")
    assert [row["current"] for row in rows] == [True, False, False]
    assert {row["agent"] for row in rows} == {"Agent of a browser"}
    first_page = (await desk.ask("GET", "/sessions?limit=2")).json()
    rest = (await desk.ask("GET", f"/sessions?cursor={first_page['meta']['cursor']}")).json()
    assert first_page["data"] + rest["data"] == rows
    stranger = await people.signed_in(own_company_id)
    for session_id in (phone.session["id"], encode_id(Prefix.SESSION, new_id()), "ses_x"):
        foreign = await stranger.ask("DELETE", f"/sessions/{session_id}")
        assert foreign.status_code == 404
    await desk.do("DELETE", f"/sessions/{phone.session['id']}")
    assert (await phone.ask("GET", "/session")).status_code == 401
    assert await desk.do("DELETE", "/sessions") == {"ended": 1}
    assert (await laptop.ask("GET", "/session")).status_code == 401
    assert (await stranger.ask("GET", "/session")).status_code == 200


async def test_idle_and_old_sessions_end(
    service: WholeService, people: People, own_company_id: UUID
) -> None:
    """A session ends after 12 idle hours, and after 7 days however busy it was."""
    browser = await people.signed_in(own_company_id)
    scope = {
        "method": "GET",
        "scheme": "http",
        "client": ("192.0.2.1", 1),
        "headers": [(b"cookie", f"justpaid_session={browser.cookie()}".encode())],
    }
    hands = [datetime.now(UTC)]
    reader = SessionReader(
        service.pool, SessionCookie(is_secure=False), SameOrigin(None), lambda: hands[0]
    )

    async def is_alive_after(**span: float) -> bool:
        hands[0] += timedelta(**span)
        return await reader(scope, {}) is not None

    for _ in range(13):  # seven days less six hours, never idle for long enough
        assert await is_alive_after(hours=11.99)
    assert not await is_alive_after(hours=12.01)  # both too long now
    hands[0] -= timedelta(hours=12.01)
    assert await is_alive_after(hours=11.9)
    assert not await is_alive_after(hours=1)  # seven days since the sign-in
    other = await people.signed_in(own_company_id)
    await service.pool.execute(
        "UPDATE sessions SET last_seen_at = now() - interval '12 hours' WHERE token_hash = $1",
        hash_token(other.cookie() or ""),
    )
    assert (await other.ask("GET", "/session")).status_code == 401


async def test_the_api_takes_a_session(people: People, own_company_id: UUID) -> None:
    """The API proper takes a session with its role's scopes, and CSRF protects its writes too."""
    viewer = await people.signed_in(own_company_id, Role.VIEWER)
    base = "http://127.0.0.1/api/v1"
    me = (await viewer.ask("GET", f"{base}/me")).json()["data"]
    assert set(me["scopes"]) == {scope.value for scope in SCOPES[Role.VIEWER]}
    assert me["keyId"] is None
    assert (await viewer.ask("GET", f"{base}/workflows")).status_code == 200
    refused = await viewer.ask("POST", f"{base}/workflows", {"name": "x"})
    assert problems_of(refused)[2][0]["field"] == "scope"
    assert Scope.WORKFLOWS_WRITE in problems_of(refused)[2][0]["message"]
    editor = await people.signed_in(own_company_id, Role.EDITOR)
    unsafe = await editor.ask("POST", f"{base}/workflows", {"name": "x"}, {"x-csrf-token": None})
    assert unsafe.status_code == 403
    assert (await editor.ask("POST", f"{base}/workflows", {"name": "x"})).status_code == 400


async def test_a_session_has_its_own_budgets(people: People, own_company_id: UUID) -> None:
    """A session's requests spend its own 1000, 200 and 500 a minute, whatever others do."""
    one = await people.signed_in(own_company_id)
    other = await people.signed_in(own_company_id)
    first = await one.ask("GET", "/session")
    assert first.headers["x-ratelimit-limit"] == "1000"
    await one.ask("GET", "/session")
    third = await one.ask("GET", "/session")
    spent = int(first.headers["x-ratelimit-remaining"]) - int(
        third.headers["x-ratelimit-remaining"]
    )
    assert spent == 2
    fresh = await other.ask("GET", "/session")
    assert fresh.headers["x-ratelimit-remaining"] == "999"
    write = await one.ask("DELETE", "/sessions")
    assert write.headers["x-ratelimit-limit"] == "200"


async def test_refusals_do_not_tell_who_exists(
    service: WholeService, people: People, own_company_id: UUID
) -> None:
    """Unknown e-mail, wrong password and a person of no company are refused in the same bytes."""
    known = await people.make(own_company_id)
    removed = await people.make(own_company_id)
    await service.pool.execute("DELETE FROM memberships WHERE id = $1", removed.membership_id)
    answers: list[Any] = []
    for email, password in (
        (known.email, "wrong-password-1"),
        ("nobody@people.test", PASSWORD),
        ("not an e-mail", PASSWORD),
        (removed.email, PASSWORD),
    ):
        answer = await people.browser().ask("POST", "/session", _credentials(email, password))
        answers.append((_without_request_id(answer), _shape_of(answer)))
    assert answers[0][0][0] == 401
    assert all(answer == answers[0] for answer in answers)


def _shape_of(answer: httpx.Response) -> list[tuple[str, int]]:
    return [(name, len(value)) for name, value in answer.headers.items() if name != "x-request-id"]


class _CountingHasher(PasswordHasher):
    computed = 0

    def verify(self, hash: Any, password: Any) -> Any:  # noqa: A002  argon2's name
        self.computed += 1
        return super().verify(hash, password)


async def test_an_unknown_email_costs_the_same_work(
    service: WholeService, people: People, own_company_id: UUID
) -> None:
    """Known or not, an e-mail costs the same statements and one argon2id computation."""
    known = await people.make(own_company_id)
    hasher = _CountingHasher(time_cost=1, memory_cost=8, parallelism=1)
    passwords = Passwords(hasher)
    failures = FailedAuthentications(1000)
    room = service.api.inner.state.members
    secrets: TotpSecrets = room.account._secrets  # noqa: SLF001  the composed one
    work: list[tuple[int, list[str]]] = []
    async with service.pool.acquire() as connection:
        said: list[str] = []
        pool = _Borrowed(connection)
        proofs = Proofs(pool, passwords, Attempts(pool, failures), secrets)  # pyright: ignore[reportArgumentType]  a pool of one

        def note(record: Any) -> None:
            said.append(record.query)

        connection.add_query_logger(note)
        for email in ("warming-up@people.test", known.email, "nobody-at-all@people.test"):
            before = hasher.computed
            said.clear()
            with pytest.raises(Unauthenticated):
                await proofs.prove(Credentials(email, "wrong-password-1"), "192.0.2.1")
            work.append((hasher.computed - before, [*said]))
        connection.remove_query_logger(note)
    assert work[1] == work[2]
    assert work[1][0] == 1
    assert len(work[1][1]) == 2
    passwords.close()


class _Borrowed:
    """A pool of one connection that stays the test's."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def acquire(self) -> "_Borrowed":
        return self

    async def __aenter__(self) -> Any:
        return self._connection

    async def __aexit__(self, *_: object) -> None:
        return None


@pytest.mark.parametrize("is_known", [True, False])
async def test_five_failures_slow_down(
    service: WholeService, people: People, own_company_id: UUID, *, is_known: bool
) -> None:
    """From the sixth attempt on an e-mail waits, known or not, from whatever address it comes."""
    someone = await people.make(own_company_id)
    email = someone.email if is_known else f"nobody{new_id().hex}@people.test"
    statuses: list[int] = []
    for _ in range(5):
        answer = await people.browser().ask("POST", "/session", _credentials(email, "wrong"))
        statuses.append(answer.status_code)
    assert statuses == [401] * 5
    slowed = await people.browser().ask("POST", "/session", _credentials(email))
    assert problems_of(slowed)[:2] == (429, "RATE_LIMITED")
    assert 1 <= int(slowed.headers["retry-after"]) <= 2
    if is_known:
        await service.pool.execute("UPDATE sign_in_attempts SET open_at = now() - interval '1 s'")
        browser = people.browser()
        await browser.sign_in(email)  # the right password still opens, and clears the count
        again = await people.browser().ask("POST", "/session", _credentials(email, "wrong"))
        assert again.status_code == 401


async def test_many_guesses_at_once_gain_nothing(people: People, own_company_id: UUID) -> None:
    """Guesses sent all at once are counted like guesses sent one by one."""
    someone = await people.make(own_company_id)
    browsers = [people.browser() for _ in range(20)]
    answers = await asyncio.gather(
        *(each.ask("POST", "/session", _credentials(someone.email, "wrong")) for each in browsers)
    )
    statuses = [answer.status_code for answer in answers]
    assert statuses.count(401) == 5
    assert statuses.count(429) == 15


async def test_waits_grow_and_end(
    service: WholeService, people: People, own_company_id: UUID
) -> None:
    """Each further failure doubles the wait up to a minute; an hour of peace forgets them all."""
    someone = await people.make(own_company_id)
    hands = [datetime.now(UTC)]
    attempts = Attempts(service.pool, FailedAuthentications(1000), lambda: hands[0])
    waits: list[int] = []
    for _ in range(12):
        await attempts.begin(someone.email)
        opening = await service.pool.fetchval(
            "SELECT greatest(open_at, last_at) FROM sign_in_attempts ORDER BY last_at DESC LIMIT 1"
        )
        waits.append(max(0, round((opening - hands[0]).total_seconds())))
        hands[0] = max(opening, hands[0])
    assert waits == [0, 0, 0, 0, 2, 4, 8, 16, 32, 60, 60, 60]
    hands[0] += timedelta(hours=1, seconds=1)
    for _ in range(4):
        await attempts.begin(someone.email)


async def test_an_address_is_limited_too(
    service: WholeService, people: People, own_company_id: UUID
) -> None:
    """One address guessing at many e-mails is refused after its failures of a minute."""
    browser = people.browser(address="203.0.113.77")
    limit = service.settings.auth_failures_per_minute
    failures = service.api.inner.state.members.account._attempts._failures  # noqa: SLF001  composed
    for _ in range(limit):
        failures.count("203.0.113.77")
    someone = await people.make(own_company_id)
    for path, body in (
        ("/session", _credentials(someone.email)),
        ("/password-resets/redeem", {"token": new_token(), "password": PASSWORD}),
        ("/invites/accept", {"token": new_token(), "name": "x", "password": PASSWORD}),
    ):
        answer = await browser.ask("POST", path, body)
        assert problems_of(answer)[0] == 429, path
        assert 1 <= int(answer.headers["retry-after"]) <= 61


async def test_session_acts_are_in_the_audit_log(
    service: WholeService, people: People, own_company_id: UUID
) -> None:
    """Sign-in, sign-out and ended sessions are recorded, by the member's id and never by e-mail."""
    someone = await people.make(own_company_id)
    one, two = people.browser(), people.browser()
    await one.sign_in(someone.email)
    await two.sign_in(someone.email)
    await one.do("DELETE", "/sessions")
    await one.do("DELETE", "/session")
    rows = await service.pool.fetch(
        "SELECT actor, action, a::text AS whole FROM audit_log a WHERE company_id = $1"
        " ORDER BY seq",
        own_company_id,
    )
    assert [row["action"] for row in rows] == [
        "session.begun",
        "session.begun",
        "session.others_ended",
        "session.ended",
    ]
    assert {row["actor"] for row in rows} == {someone.id}
    assert not any(someone.email in row["whole"] for row in rows)


def _credentials(email: str, password: str = PASSWORD) -> dict[str, str]:
    return {"email": email, "password": password}


async def test_what_is_over_is_deleted(
    service: WholeService, people: People, own_company_id: UUID
) -> None:
    """Sessions, links and attempts that are over go; what still counts stays."""
    live = await people.signed_in(own_company_id)
    idle = await people.signed_in(own_company_id)
    reader: SessionReader = service.api.inner.state.members.reader
    async with service.pool.acquire() as connection:
        for browser, hours in ((live, 11), (idle, 13)):
            await connection.execute(
                "UPDATE sessions SET last_seen_at = now() - make_interval(hours => $2)"
                " WHERE token_hash = $1",
                hash_token(browser.cookie() or ""),
                hours,
            )
        session = await find_live(connection, hash_token(live.cookie() or ""), datetime.now(UTC))
        assert session is not None
        assert await reader.is_in_force(session)
        await purge_expired(connection)
        left = await connection.fetch(
            "SELECT id FROM sessions WHERE company_id = $1", own_company_id
        )
        assert [row["id"] for row in left] == [session.id]
        await connection.execute(
            "UPDATE memberships SET role = 'viewer' WHERE id = $1", session.membership_id
        )
    assert not await reader.is_in_force(session)
