"""The gate: every refusal in its order, every header, through the real application."""

import asyncio
import re
from collections.abc import AsyncGenerator
from datetime import timedelta
from itertools import product
from uuid import UUID

import httpx
import pytest

from justpaid import clock
from justpaid.api_keys.key_changes import zero_tail
from justpaid.api_keys.key_format import generate_key
from justpaid.db.pool import Pool
from justpaid.rate_limits.second_clock import NANOSECONDS
from justpaid.scopes import DEFAULT_LIMITS, Category, Scope
from tests.api.gate_world import KEYS, OPERATOR, PROXY, World, problems_of, running

POLICY = re.compile(r'"([a-z-]+)";q=(\d+);w=60')
LIMIT = re.compile(r'"([a-z-]+)";r=(\d+);t=(\d+)')
THINGS = "/api/v1/things"


@pytest.fixture
async def world(pool: Pool, database_url: str) -> AsyncGenerator[World]:
    """Run an API process."""
    async with running(World(pool, database_url)) as process:
        yield process


def read_limits(response: httpx.Response) -> tuple[str, int, int, int]:
    """Read (policy, limit, remaining, t) and insist that both families of headers agree."""
    policy = POLICY.fullmatch(response.headers["ratelimit-policy"])
    limit = LIMIT.fullmatch(response.headers["ratelimit"])
    assert policy is not None
    assert limit is not None
    assert policy[1] == limit[1]
    assert response.headers["x-ratelimit-limit"] == policy[2]
    assert response.headers["x-ratelimit-remaining"] == limit[2]
    return policy[1], int(policy[2]), int(limit[2]), int(limit[3])


async def test_a_key_opens_the_door(world: World, company_id: UUID) -> None:
    """A valid key works in x-api-key and as a bearer token, at once after its making."""
    created = await world.make_key(company_id)
    for headers in (
        {"x-api-key": created.secret},
        {"authorization": f"Bearer {created.secret}"},
        {"Authorization": f"bearer {created.secret}"},
    ):
        async with world.client() as client:
            response = await client.get("/api/v1/me", headers=headers)
        assert response.status_code == 200
        data = response.json()["data"]
        assert data["company"]["name"] == "Acme GmbH"
        assert data["hint"] == created.key.hint
        assert data["scopes"] == list(Scope)
        assert data["expiresAt"] is None
        assert created.secret not in response.text


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-api-key": ""},
        {"x-api-key": "wfk_short"},
        {"x-api-key": "wfk_" + "0" * 49},
        {"authorization": "Basic d2ZrOnB3"},
        {"authorization": "Bearer other"},
    ],
    ids=["none", "empty", "malformed", "checksum", "basic", "foreign"],
)
async def test_without_a_valid_key_every_path_is_401(world: World, headers: dict[str, str]) -> None:
    """No path under /api tells anything, not even whether it exists, without a key."""
    paths = [THINGS, "/api/v1/nowhere", "/api/v2/x", "/api/v1/me"]
    for method, path in product(["GET", "POST", "DELETE", "OPTIONS", "HEAD"], paths):
        async with world.client() as client:
            response = await client.request(method, path, headers=headers)
        assert response.status_code == 401
        assert response.headers["www-authenticate"] == 'ApiKey realm="JustPaid Workflows"'
        assert read_limits(response)[:2] == ("failed-authentications", 60)
        if method == "HEAD":
            assert response.content == b""
        else:
            assert problems_of(response)[1] == "UNAUTHORIZED"


async def test_an_unknown_key_is_401(world: World) -> None:
    """A key of the right form that was never made is refused like any other wrong one."""
    async with world.client(generate_key()) as client:
        assert problems_of(await client.get(THINGS))[:2] == (401, "UNAUTHORIZED")


async def test_a_shut_key_says_why(world: World, company_id: UUID) -> None:
    """The holder of a once valid key learns whether it is disabled, revoked or expired."""
    disabled, revoked = [await world.make_key(company_id) for _ in range(2)]
    expired = await world.make_key(company_id, expires_at=clock.now() + timedelta(hours=1))
    await world.pool.execute(
        "UPDATE api_keys SET expires_at = now() - interval '1 s' WHERE id = $1", expired.key.id
    )
    async with world.pool.acquire() as connection, zero_tail(connection) as changes:
        await KEYS.disable_key(changes, company_id, disabled.key.id, by=OPERATOR)
        await KEYS.revoke_key(changes, company_id, revoked.key.id, by=OPERATOR)
    for created, word in ((disabled, "disabled"), (revoked, "revoked"), (expired, "expired")):
        for _ in range(70):  # more than an address may fail: a stored key does not count as failure
            async with world.client(created.secret) as client:
                response = await client.get(THINGS)
            assert problems_of(response)[:2] == (401, "UNAUTHORIZED")
            assert word in response.json()["error"]["message"]


async def test_an_address_that_fails_too_often_is_refused(world: World, company_id: UUID) -> None:
    """The 61st failure of a minute is 429; a stored key passes from that address all the same."""
    created = await world.make_key(company_id)
    async with (
        world.client(address="2001:db8::1") as junk,
        world.client(address="2001:db8::2") as neighbour,
    ):
        for _ in range(60):
            assert (await junk.get(THINGS)).status_code == 401
        refused = await neighbour.get(THINGS, headers={"x-api-key": generate_key()})
        assert problems_of(refused)[:2] == (429, "RATE_LIMITED")
        wait = int(refused.headers["retry-after"])
        assert read_limits(refused) == ("failed-authentications", 60, 0, wait)
        honest = await neighbour.get(THINGS, headers={"x-api-key": created.secret})
        assert honest.status_code == 200
        world.hands.wait(wait)
        assert (await neighbour.get(THINGS)).status_code == 401
    async with world.client(address="2001:db8:0:1::1") as elsewhere:
        assert (await elsewhere.get(THINGS)).status_code == 401


async def test_a_key_works_only_from_its_addresses(world: World, company_id: UUID) -> None:
    """A key bound to networks is 403 from anywhere else, before any route is looked at."""
    created = await world.make_key(company_id, allowed_ips=("198.51.100.0/24", "2001:db8::/32"))
    for address, status in (
        ("198.51.100.7", 200),
        ("::ffff:198.51.100.7", 200),
        ("2001:db8::9", 200),
        ("192.0.2.1", 403),
        ("unix", 403),
    ):
        async with world.client(created.secret, address) as client:
            assert (await client.get(THINGS)).status_code == status
    async with world.client(created.secret) as client:
        response = await client.get("/api/v1/nowhere")
    assert problems_of(response)[:2] == (403, "FORBIDDEN")
    assert read_limits(response)[0] == "read"


async def test_an_ipv4_network_may_be_written_as_ipv6(world: World, company_id: UUID) -> None:
    """Addresses copied from a dual-stack log let their callers in, however they arrive."""
    networks = ("::ffff:198.51.100.7", "::ffff:203.0.113.0/120")
    created = await world.make_key(company_id, allowed_ips=networks)
    for address, status in (
        ("198.51.100.7", 200),
        ("::ffff:198.51.100.7", 200),
        ("203.0.113.200", 200),
        ("198.51.100.8", 403),
        ("203.0.114.1", 403),
    ):
        async with world.client(created.secret, address) as client:
            assert (await client.get(THINGS)).status_code == status


async def test_only_a_named_proxy_is_believed(world: World, company_id: UUID) -> None:
    """A caller cannot choose its address; behind the named proxy the real hop counts."""
    created = await world.make_key(company_id)
    forged = {"x-forwarded-for": "198.51.100.7"}
    async with world.client(created.secret, headers=forged) as direct:
        assert (await direct.get(THINGS)).json()["data"]["address"] == "192.0.2.1"
    for sent, seen in (
        ("198.51.100.7", "198.51.100.7"),
        ("203.0.113.1, 198.51.100.7", "198.51.100.7"),
        (f"198.51.100.7, {PROXY}", "198.51.100.7"),
        ("198.51.100.7:4711", "198.51.100.7"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ("nonsense", PROXY),
    ):
        async with world.client(created.secret, PROXY, {"x-forwarded-for": sent}) as proxied:
            assert (await proxied.get(THINGS)).json()["data"]["address"] == seen


async def test_unknown_paths_and_methods(world: World, company_id: UUID) -> None:
    """With a key, an unknown path is 404 and a wrong method 405 with Allow; neither spends."""
    created = await world.make_key(company_id, scopes=frozenset({Scope.RUNS_READ}))
    async with world.client(created.secret) as client:
        for path in ("/api/v1/nowhere", "/api/v1/things/", "/api/v1/things/x", "/api/v1", "/api/"):
            response = await client.get(path)
            assert response.status_code == 404, path
        wrong = await client.delete(THINGS)
        assert problems_of(wrong)[:2] == (405, "METHOD_NOT_ALLOWED")
        assert wrong.headers["allow"] == "GET, HEAD, POST"
        assert read_limits(wrong) == ("write", 200, 200, 0)
        post = await client.get("/api/v1/things/x/run")
        assert post.headers["allow"] == "POST"


async def test_a_missing_scope_is_named_and_spends(world: World, company_id: UUID) -> None:
    """Least privilege can be put right: the refusal names the scope. It counts as a request."""
    created = await world.make_key(company_id, scopes=frozenset({Scope.RUNS_READ}))
    async with world.client(created.secret) as client:
        response = await client.post(f"{THINGS}/x/run")
    status, code, details = problems_of(response)
    assert (status, code) == (403, "FORBIDDEN")
    assert details == [{"field": "scope", "message": "the scope workflows:execute is missing"}]
    assert read_limits(response) == ("execute", 500, 499, 0)


@pytest.mark.parametrize(
    ("method", "path", "category"),
    [
        ("GET", THINGS, Category.READ),
        ("HEAD", THINGS, Category.READ),
        ("POST", THINGS, Category.WRITE),
        ("POST", f"{THINGS}/x/run", Category.EXECUTE),
    ],
)
async def test_each_budget_holds_and_tells_the_truth(
    world: World, company_id: UUID, method: str, path: str, category: Category
) -> None:
    """Exactly the published number passes; then 429, and who waits as told succeeds at once."""
    created = await world.make_key(company_id)
    limit = DEFAULT_LIMITS[category]
    async with world.client(created.secret) as client:
        for count in range(1, limit + 1):
            response = await client.request(method, path)
            assert response.is_success
            assert read_limits(response)[:3] == (category, limit, limit - count)
        refused = await client.request(method, path)
        assert refused.status_code == 429
        wait = int(refused.headers["retry-after"])
        now = world.hands.wall // NANOSECONDS
        assert read_limits(refused) == (category, limit, 0, wait)
        assert int(refused.headers["x-ratelimit-reset"]) == now + wait
        world.hands.wait(wait - 1.001)
        assert (await client.request(method, path)).status_code == 429
        world.hands.wait(1.001)
        assert (await client.request(method, path)).is_success


async def test_a_keys_own_limit_counts(world: World, company_id: UUID) -> None:
    """A limit set for one key replaces the installation's, for that category alone."""
    created = await world.make_key(company_id, limits={Category.WRITE: 2})
    async with world.client(created.secret) as client:
        statuses = [(await client.post(THINGS)).status_code for _ in range(3)]
        assert read_limits(await client.get(THINGS))[1] == 1000
    assert statuses == [201, 201, 429]


async def test_showing_budgets_spends_none(world: World, company_id: UUID) -> None:
    """A caller may look at its budgets as often as it likes, even when one is spent."""
    created = await world.make_key(company_id, limits={Category.READ: 1})
    async with world.client(created.secret) as client:
        await client.get(THINGS)
        for _ in range(4):
            assert (await client.get("/api/v1/rate-limits")).status_code == 200
        response = await client.get("/api/v1/rate-limits")
        budgets = response.json()["data"]
    assert {name: (b["limit"], b["remaining"]) for name, b in budgets.items()} == {
        "read": (1, 0),
        "write": (200, 200),
        "execute": (500, 500),
    }
    assert budgets["read"]["retryAfterSeconds"] == read_limits(response)[3]


async def test_what_is_refused_early_spends_nothing(world: World, company_id: UUID) -> None:
    """Refusals before the rate check take nothing; what comes after it counts whatever happens."""
    created = await world.make_key(company_id)
    async with world.client(created.secret) as client:
        await client.get("/api/v1/nowhere")
        await client.put(THINGS)
        assert read_limits(await client.get("/api/v1/rate-limits"))[2] == 1000
        malformed = await client.post(
            THINGS, content=b"{", headers={"content-type": "application/json"}
        )
        assert malformed.status_code == 400
        assert read_limits(malformed)[2] == 199


async def test_the_order_of_refusal(world: World, company_id: UUID) -> None:
    """Where several refusals apply, the first of the published order answers."""
    bound = await world.make_key(
        company_id,
        scopes=frozenset({Scope.RUNS_READ}),
        allowed_ips=("198.51.100.7",),
        limits={Category.WRITE: 1},
    )
    xml = {"content-type": "text/xml"}
    async with world.client(bound.secret) as outside:
        assert (
            await outside.post("/api/v1/nowhere", content=b"<x>", headers=xml)
        ).status_code == 403
    async with world.client(bound.secret, "198.51.100.7") as inside:
        assert (
            await inside.post("/api/v1/nowhere", content=b"<x>", headers=xml)
        ).status_code == 404
        assert (await inside.put(THINGS, content=b"<x>", headers=xml)).status_code == 405
        assert (
            await inside.post(THINGS, content=b"<x>", headers=xml)
        ).status_code == 403  # the scope, and it spends
        assert (
            await inside.post(THINGS, content=b"<x>", headers=xml)
        ).status_code == 429  # before the scope
        assert (await inside.delete(THINGS)).status_code == 405  # before the rate
    full = await world.make_key(company_id)
    async with world.client(full.secret) as client:
        assert (await client.post(THINGS, content=b"<x>", headers=xml)).status_code == 415


async def test_request_ids(world: World) -> None:
    """A caller's usable request id is kept on every answer; any other is replaced by ours."""
    async with world.client() as client:
        for path in (THINGS, "/healthz", "/nowhere"):
            kept = await client.get(path, headers={"x-request-id": "order-17:a/b"})
            assert kept.headers["x-request-id"] == "order-17:a/b"
            for unusable in (b"a b", b"x" * 129, "ä".encode(), b'"'):
                made = await client.get(path, headers=[(b"x-request-id", unusable)])
                assert re.fullmatch(r"req_[0-9a-f]{20}", made.headers["x-request-id"])


async def test_a_key_in_the_url_is_never_read(world: World, company_id: UUID) -> None:
    """A key in the query string opens nothing, and is reported and hidden."""
    created = await world.make_key(company_id)
    async with world.client() as client:
        assert (await client.get(f"{THINGS}?x-api-key={created.secret}")).status_code == 401
        response = await client.get(
            f"{THINGS}?a=1&key={created.secret.replace('_', '%5F')}",
            headers={"x-api-key": created.secret},
        )
    assert response.status_code == 200
    assert len(world.keys_in_urls) == 2
    assert created.secret.encode() in world.keys_in_urls[0]


async def test_keys_do_not_open_what_is_for_sessions(world: World, company_id: UUID) -> None:
    """No API key manages keys, members or the audit log, not even one with every scope."""
    created = await world.make_key(company_id)
    async with world.client(created.secret) as client:
        for path in ("keys", "members", "audit", "nowhere"):
            response = await client.get(f"/api/v1/admin/{path}")
            assert problems_of(response)[:2] == (401, "UNAUTHORIZED")


async def test_public_routes_and_pages_need_no_key(world: World) -> None:
    """Health and the routes named public answer without a key, with a request id."""
    async with world.client() as client:
        for method, path in (("GET", "/healthz"), ("POST", "/api/v1/open")):
            response = await client.request(method, path)
            assert response.status_code == 200
            assert "x-request-id" in response.headers
            assert "ratelimit" not in response.headers


async def test_head_answers_as_get_without_a_body(world: World, company_id: UUID) -> None:
    """HEAD on a readable path has GET's status and headers, and no body."""
    created = await world.make_key(company_id)
    async with world.client(created.secret) as client:
        response = await client.head("/api/v1/me")
    assert response.status_code == 200
    assert response.content == b""
    assert int(response.headers["content-length"]) > 0


async def test_usage_hears_of_every_answer(world: World, company_id: UUID) -> None:
    """Each answer to a known key is counted with its route, status and address."""
    created = await world.make_key(company_id, scopes=frozenset({Scope.WORKFLOWS_READ}))
    async with world.client(created.secret, headers={"user-agent": "t/1"}) as client:
        await client.get(THINGS)
        await client.post(f"{THINGS}/x/run")
        await client.get("/api/v1/nowhere")
        await client.get(THINGS, headers={"x-api-key": "junk"})
    assert [(f.method, f.route, f.status, f.address) for f in world.finished] == [
        ("GET", "/api/v1/things", 200, "192.0.2.1"),
        ("POST", "/api/v1/things/{thingId}/run", 403, "192.0.2.1"),
        ("GET", None, 404, "192.0.2.1"),
    ]
    assert {f.headers[b"user-agent"] for f in world.finished} == {b"t/1"}


async def test_junk_costs_the_database_next_to_nothing(world: World, company_id: UUID) -> None:
    """Thousands of unknown keys from many addresses lead to a handful of lookups."""
    created = await world.make_key(company_id)

    async def send_junk(number: int) -> int:
        async with world.client(address=f"10.1.{number % 200}.1") as client:
            response = await client.get(THINGS, headers={"x-api-key": generate_key()})
        return response.status_code

    before, began_at = world.lookups.taken, clock.monotonic()
    statuses = await asyncio.gather(*map(send_junk, range(1000)))
    assert set(statuses) == {401}
    # At most so many a second are confirmed, and a few are let in before the filter is there.
    allowed = 300 + 25 * (clock.monotonic() - began_at)
    assert world.lookups.taken - before < allowed
    async with world.client(created.secret) as client:
        assert (await client.get(THINGS)).status_code == 200
