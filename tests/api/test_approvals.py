"""Approvals over the API: who may decide, how many have to, and what the run makes of it."""

import asyncio
from typing import Any
from uuid import UUID

import httpx
import pytest

from justpaid.members.roles import Role
from justpaid.scopes import Scope
from tests.api.people_stage import Browser, People, Someone
from tests.api.whole_service import WholeService
from tests.engine.stage import until

API = "http://127.0.0.1/api/v1"
SENDS = {
    "id": "send",
    "type": "action",
    "action": "http.request",
    "config": {"url": "http://127.0.0.1:9/"},
    "errorHandling": {"strategy": "continue"},
}
SAYS = {
    "id": "says",
    "type": "transform",
    "config": {"mapping": {"o": "{{steps.ask.output}}"}},
}


@pytest.fixture
def people(service: WholeService) -> People:
    """Make people of the module's service."""
    return People(service)


class Stage:
    """A company in which runs ask for approval."""

    def __init__(self, service: WholeService, people: People, company_id: UUID, key: str) -> None:
        self.service = service
        self.people = people
        self.company_id = company_id
        self.http = service.client(key)

    async def ask(self, *after: dict[str, Any], **config: Any) -> tuple[str, str]:
        """Start a run that asks; return the ids of the run and of its approval."""
        steps = [{"id": "ask", "type": "approval", "config": config}, *after]
        definition = {"name": "Asks", "trigger": {"type": "api"}, "steps": steps}
        made = (await self.http.post("/workflows", json=definition)).json()
        workflow_id = made["data"]["id"]
        await self.http.post(f"/workflows/{workflow_id}/activate")
        run = (await self.http.post(f"/workflows/{workflow_id}/run", json={})).json()["data"]

        async def find() -> Any:
            listed = (await self.http.get("/approvals?limit=100")).json()["data"]
            return next((each for each in listed if each["runId"] == run["runId"]), None)

        return run["runId"], (await until(find, "the approval"))["id"]

    async def read(self, approval_id: str) -> Any:
        """Return an approval."""
        return (await self.http.get(f"/approvals/{approval_id}")).json()["data"]

    async def ended(self, run_id: str) -> Any:
        """Wait for a run's end; return its record."""

        async def look() -> Any:
            record = (await self.http.get(f"/runs/{run_id}")).json()["data"]
            return record if record["completedAt"] else None

        return await until(look, "the run's end")

    async def person(self, role: Role = Role.APPROVER) -> tuple[Someone, Browser]:
        """Make somebody who is signed in."""
        someone = await self.people.make(self.company_id, role)
        browser = self.people.browser()
        await browser.sign_in(someone.email)
        return someone, browser


@pytest.fixture
async def stage(service: WholeService, people: People, own_company_id: UUID) -> Stage:
    """Set the stage for one company."""
    return Stage(service, people, own_company_id, await service.make_key(own_company_id))


async def decide(
    who: Browser | httpx.AsyncClient, approval_id: str, *, approved: bool = True, **more: Any
) -> httpx.Response:
    """Send a decision."""
    body = {"approved": approved, **more}
    address = f"{API}/approvals/{approval_id}/decide"
    if isinstance(who, Browser):
        return await who.ask("POST", address, body)
    return await who.post(address, json=body)


async def test_a_person_approves(stage: Stage) -> None:
    """The run waits, goes on with the decision, and its steps read who decided and why."""
    someone, browser = await stage.person()
    run_id, approval_id = await stage.ask(SAYS, approvers=[someone.email.upper()], title="Pay?")
    record = (await stage.http.get(f"/runs/{run_id}")).json()["data"]
    assert (record["status"], record["waitingFor"]["kind"]) == ("suspended", "approval")
    asked = await stage.read(approval_id)
    assert (asked["status"], asked["title"], asked["stepPath"]) == ("open", "Pay?", "ask")
    answer = await decide(browser, approval_id, comment="fine")
    assert answer.status_code == 200, answer.text
    decided = answer.json()["data"]
    assert (decided["status"], decided["decidedBy"]) == ("approved", someone.id)
    output = (await stage.ended(run_id))["output"]["o"]
    assert output == {
        "approved": True,
        "approvedBy": someone.id,
        "approvedAt": decided["decidedAt"],
        "comment": "fine",
    }


async def test_a_rejection_takes_the_other_path(stage: Stage) -> None:
    """Then and else follow from the decision."""
    someone, browser = await stage.person()
    yes = {"id": "yes", "type": "transform", "config": {"mapping": {"x": "yes"}}}
    no = {"id": "no", "type": "transform", "config": {"mapping": {"x": "no"}}}
    config = {"approvers": [someone.id], "then": ["yes"], "else": ["no"]}
    run_id, approval_id = await stage.ask(yes, no, **config)
    await decide(browser, approval_id, approved=False)
    record = await stage.ended(run_id)
    assert record["output"] == {"x": "no"}
    assert {step["id"]: step["skipReason"] for step in record["steps"]}["yes"] == "path"


async def test_the_first_decision_stands(stage: Stage) -> None:
    """Whoever decides again, the other way or at the same moment, is answered with the first."""
    one, browser = await stage.person()
    other, second = await stage.person()
    run_id, approval_id = await stage.ask(SAYS, approvers=[one.id, other.id])
    answers = await asyncio.gather(
        decide(browser, approval_id, approved=True),
        decide(second, approval_id, approved=False),
        decide(browser, approval_id, approved=False),
    )
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    first = (await stage.read(approval_id))["status"]
    again = await decide(second, approval_id, approved=first != "approved")
    assert again.json()["data"]["status"] == first
    assert len((await stage.read(approval_id))["votes"]) == 1
    assert (await stage.ended(run_id))["output"]["o"]["approved"] is (first == "approved")
    rows = await stage.service.pool.fetch(
        "SELECT * FROM audit_log WHERE company_id=$1 AND action='approval.decided'",
        stage.company_id,
    )
    assert [row["object_id"] for row in rows] == [approval_id]


async def test_as_many_as_required_have_to_approve(stage: Stage) -> None:
    """Two of three approve; one word twice counts once; one rejection would have decided."""
    three = [await stage.person() for _ in range(3)]
    names = [someone.id for someone, _ in three]
    run_id, approval_id = await stage.ask(approvers=names, required=2)
    for _ in range(2):
        answer = await decide(three[0][1], approval_id)
        assert answer.json()["data"]["status"] == "open"
    answer = await decide(three[1][1], approval_id)
    assert answer.json()["data"]["status"] == "approved"
    assert (await stage.ended(run_id))["status"] == "completed"
    run_id, approval_id = await stage.ask(approvers=names, required=3)
    await decide(three[0][1], approval_id)
    answer = await decide(three[1][1], approval_id, approved=False)
    assert answer.json()["data"]["status"] == "rejected"


async def test_whoever_looks_is_told_what_they_may_do(stage: Stage) -> None:
    """An approval says where it comes from, and to each caller what a decision would be answered.

    Nobody is told that they may what is then refused, nor the other way about.
    """
    starter, own = await stage.person()
    other, second = await stage.person()
    _, unnamed = await stage.person(Role.OWNER)
    viewer, looking = await stage.person(Role.VIEWER)
    await _made_by(stage, starter)
    approvers = [starter.id, other.id, viewer.id]
    _, approval_id = await stage.ask(SENDS, approvers=approvers)
    asked = await stage.read(approval_id)
    assert asked["workflowName"] == "Asks"
    assert asked["startedBy"].startswith("key_")
    assert asked["startedByKeyName"]

    async def told(browser: Browser) -> tuple[bool, bool, str | None]:
        read = (await browser.ask("GET", f"{API}/approvals/{approval_id}")).json()["data"]
        listed = (await browser.ask("GET", f"{API}/approvals?limit=1")).json()["data"]
        assert listed == [read]
        return read["mayApprove"], read["mayReject"], read["whyNot"]

    for browser in (own, unnamed, looking):
        may_approve, _, why_not = await told(browser)
        refused = (await decide(browser, approval_id)).json()["error"]["message"]
        assert (may_approve, why_not) == (False, refused)
    assert (await told(own))[1] is True, "who asked may take it back"
    assert (await told(unnamed))[1] is False
    assert (asked["mayApprove"], asked["whyNot"] is None) == (False, False), "a key may not"
    assert await told(second) == (True, True, None)
    answer = (await decide(second, approval_id)).json()["data"]
    assert (answer["mayApprove"], answer["whyNot"]) == (False, "It has been decided.")
    _, approval_id = await stage.ask(approvers=approvers, required=2)
    await decide(second, approval_id)
    assert await told(second) == (False, False, "You have decided already; others still have to.")
    assert await told(own) == (True, True, None)


@pytest.mark.parametrize("role", [Role.EDITOR, Role.VIEWER])
async def test_the_role_has_to_allow_it(stage: Stage, role: Role) -> None:
    """Who is named but whose role may not decide is refused, whatever scopes the role has."""
    someone, browser = await stage.person(role)
    _, approval_id = await stage.ask(approvers=[someone.email])
    answer = await decide(browser, approval_id)
    assert answer.status_code == 403
    assert answer.json()["error"]["details"][0]["message"] == "decide is missing"


async def test_only_those_named_may_decide(stage: Stage) -> None:
    """An owner who is not named decides nothing."""
    someone, _ = await stage.person()
    _, browser = await stage.person(Role.OWNER)
    _, approval_id = await stage.ask(approvers=[someone.id])
    answer = await decide(browser, approval_id)
    assert answer.status_code == 403
    assert (await stage.read(approval_id))["status"] == "open"


async def _made_by(stage: Stage, someone: Someone) -> None:
    """Let the key that starts this stage's runs be one that somebody made."""
    await stage.service.pool.execute(
        "UPDATE api_keys SET created_by=$2 WHERE company_id=$1", stage.company_id, someone.id
    )


async def test_nobody_approves_their_own_run_alone(stage: Stage) -> None:
    """Whoever made the key that started the run cannot approve what an effect hangs on alone."""
    starter, own = await stage.person()
    other, second = await stage.person()
    await _made_by(stage, starter)
    _, approval_id = await stage.ask(SENDS, approvers=[starter.id, other.id])
    assert (await stage.read(approval_id))["noSelfApproval"] is True
    assert (await decide(own, approval_id)).status_code == 403
    assert (await decide(second, approval_id)).json()["data"]["status"] == "approved"
    _, approval_id = await stage.ask(SENDS, approvers=[starter.id, other.id], required=2)
    assert (await decide(own, approval_id)).json()["data"]["status"] == "open"
    assert (await decide(second, approval_id)).json()["data"]["status"] == "approved"
    _, approval_id = await stage.ask(SENDS, approvers=[starter.id])
    answer = await decide(own, approval_id, approved=False)
    assert answer.json()["data"]["status"] == "rejected", "who asked may take it back"


async def test_self_approval_where_it_is_allowed(stage: Stage) -> None:
    """Where no effect follows, or the step says so, who started the run may decide."""
    starter, own = await stage.person()
    await _made_by(stage, starter)
    _, approval_id = await stage.ask(SAYS, approvers=[starter.id])
    assert (await decide(own, approval_id)).status_code == 200
    _, approval_id = await stage.ask(SENDS, approvers=[starter.id], noSelfApproval=False)
    assert (await decide(own, approval_id)).status_code == 200
    inner = {"id": "each", "type": "loop", "config": {"collection": [1], "steps": [SENDS]}}
    _, approval_id = await stage.ask(SAYS, inner, approvers=[starter.id])
    assert (await decide(own, approval_id)).status_code == 403, "an effect inside a loop counts"


async def test_a_key_decides_only_where_it_may(stage: Stage) -> None:
    """A key needs the step's leave and the scope, and may not have started the run itself."""
    someone, _ = await stage.person()
    key = await stage.service.make_key(stage.company_id, Scope.WORKFLOWS_EXECUTE)
    reader = await stage.service.make_key(stage.company_id, Scope.RUNS_READ)
    await stage.service.pool.execute(
        "UPDATE api_keys SET created_by='mem_' || id, owner='mem_' || id WHERE company_id=$1",
        stage.company_id,
    )
    async with stage.service.client(key) as other, stage.service.client(reader) as reading:
        _, approval_id = await stage.ask(approvers=[someone.id])
        assert (await decide(other, approval_id)).status_code == 403
        run_id, approval_id = await stage.ask(approvers=[someone.id], allowApiKeys=True)
        assert (await decide(reading, approval_id)).status_code == 403
        assert (await decide(stage.http, approval_id)).status_code == 403, "it started the run"
        answer = await decide(other, approval_id)
        assert answer.json()["data"]["status"] == "approved"
        assert (await stage.ended(run_id))["status"] == "completed"
        await stage.service.pool.execute(
            "UPDATE api_keys SET created_by='mem_same' WHERE company_id=$1", stage.company_id
        )
        _, approval_id = await stage.ask(approvers=[someone.id], allowApiKeys=True)
        answer = await decide(other, approval_id)
        assert answer.status_code == 403, "whoever made it made the key that started the run"


@pytest.mark.parametrize(
    ("config", "status", "output"),
    [({}, "completed", False), ({"onTimeout": "fail"}, "failed", None)],
)
async def test_time_runs_out(stage: Stage, config: Any, status: str, output: Any) -> None:
    """Without a decision in time it counts as rejected, or the step fails; nobody decides late."""
    someone, browser = await stage.person()
    approvers = [someone.id]
    run_id, approval_id = await stage.ask(SAYS, approvers=approvers, timeoutMs=300, **config)
    record = await stage.ended(run_id)
    assert record["status"] == status
    assert (record["output"] or {}).get("o", {}).get("approved") is output
    assert (await stage.read(approval_id))["status"] == "expired"
    answer = await decide(browser, approval_id)
    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "INVALID_STATE"


async def test_a_cancel_closes_the_approval(stage: Stage) -> None:
    """A run that ended asks nothing any more."""
    someone, browser = await stage.person()
    run_id, approval_id = await stage.ask(approvers=[someone.id])
    await stage.http.post(f"/runs/{run_id}/cancel")
    assert (await stage.ended(run_id))["status"] == "cancelled"
    assert (await stage.read(approval_id))["status"] == "cancelled"
    assert (await decide(browser, approval_id)).status_code == 409


async def test_a_decision_is_heard_while_other_steps_run(stage: Stage) -> None:
    """A run that does something else meanwhile goes on with the approval all the same."""
    someone, browser = await stage.person()
    waits = {"id": "w", "type": "wait", "config": {"duration": 3000}, "dependsOn": []}
    run_id, approval_id = await stage.ask(
        waits, SAYS | {"dependsOn": ["ask"]}, approvers=[someone.id]
    )
    await decide(browser, approval_id)

    async def says() -> Any:
        record = (await stage.http.get(f"/runs/{run_id}")).json()["data"]
        return {step["id"]: step["status"] for step in record["steps"]}["says"] == "completed"

    await until(says, "the step after the approval")
    assert (await stage.ended(run_id))["status"] == "completed"


async def test_the_list_pages_and_narrows(stage: Stage) -> None:
    """Newest first, by state, in pages that lose nothing; another company sees none of it."""
    someone, browser = await stage.person()
    asked = [(await stage.ask(approvers=[someone.id]))[1] for _ in range(3)]
    await decide(browser, asked[0])
    listed = (await stage.http.get("/approvals?status=open&limit=1")).json()
    assert [each["id"] for each in listed["data"]] == [asked[2]]
    cursor = listed["meta"]["cursor"]
    rest = (await stage.http.get(f"/approvals?status=open&limit=5&cursor={cursor}")).json()
    assert [each["id"] for each in rest["data"]] == [asked[1]]
    assert rest["meta"] == {"cursor": None, "hasMore": False}
    approved = (await stage.http.get("/approvals?status=approved")).json()["data"]
    assert [each["id"] for each in approved] == [asked[0]]
    stranger = await stage.service.make_key(await stage.service.make_company("Other"))
    async with stage.service.client(stranger) as http:
        assert (await http.get("/approvals")).json()["data"] == []
        assert (await http.get(f"/approvals/{asked[1]}")).status_code == 404
        assert (await decide(http, asked[1])).status_code == 404
    assert (await stage.http.get("/approvals?status=pending")).status_code == 400


@pytest.mark.parametrize("body", [{}, {"approved": "yes"}, {"approved": True, "x": 1}])
async def test_a_bad_decision_is_refused(stage: Stage, body: Any) -> None:
    """A decision says true or false, and nothing that is not known."""
    someone, browser = await stage.person()
    _, approval_id = await stage.ask(approvers=[someone.id])
    answer = await browser.ask("POST", f"{API}/approvals/{approval_id}/decide", body)
    assert answer.status_code == 400
    assert (await stage.read(approval_id))["status"] == "open"


async def test_a_failure_beside_it_closes_the_approval(stage: Stage) -> None:
    """A run that failed elsewhere asks nothing any more; its retry asks anew."""
    someone, browser = await stage.person()
    bad = {"collection": "{{input.none}}", "steps": [SAYS | {"config": {"mapping": {}}}]}
    wait = {"id": "w", "type": "wait", "config": {"duration": 300}, "dependsOn": []}
    fails = {"id": "fails", "type": "loop", "config": bad, "dependsOn": ["w"]}
    run_id, approval_id = await stage.ask(wait, fails, approvers=[someone.id])
    assert (await stage.ended(run_id))["status"] == "failed"
    assert (await stage.read(approval_id))["status"] == "cancelled"
    assert (await decide(browser, approval_id)).status_code == 409
    again = (await stage.http.post(f"/runs/{run_id}/retry")).json()["data"]["runId"]
    await stage.ended(again)
    listed = (await stage.http.get("/approvals")).json()["data"]
    assert [each["runId"] for each in listed] == [again, run_id]
