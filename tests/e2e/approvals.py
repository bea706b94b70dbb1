"""Approvals of every state, asked by real runs of a served company."""

import time
from dataclasses import dataclass
from typing import Any, Final

import httpx

from tests.e2e.people import PASSWORD

_SECONDS: Final = 60
_THEN: Final = {
    "id": "book",
    "type": "transform",
    "config": {"mapping": {"decision": "{{steps.release.output}}"}},
}
_REASON: Final = (
    "Payment run 2026-11-24: 14 supplier invoices, EUR 48,212.90 in total. The largest goes to"
    " Nordwind Logistik GmbH (EUR 19,400.00), to an account that was changed last week."
)
_DESCRIPTION: Final = (
    "Compare the new account with the supplier's letter before you approve.\n"
    "Once approved, the bank has the file within a minute."
)


@dataclass(frozen=True)
class Asker:
    """A company's service account, by the API alone."""

    address: str
    key: str

    def ask(self, workflow: str, **config: Any) -> tuple[str, str]:
        """Start a run that asks; return the ids of the run and of its approval."""
        release = {"id": "release", "type": "approval", "config": config}
        definition = {"name": workflow, "trigger": {"type": "api"}, "steps": [release, _THEN]}
        workflow_id = self._post("/workflows", definition)["id"]
        self._post(f"/workflows/{workflow_id}/activate", {})
        run_id = self._post(f"/workflows/{workflow_id}/run", {})["runId"]
        deadline = time.monotonic() + _SECONDS
        while time.monotonic() < deadline:
            for approval in self._get("/approvals?limit=100"):
                if approval["runId"] == run_id:
                    return run_id, approval["id"]
            time.sleep(0.05)
        raise AssertionError(f"{workflow} asked nothing in {_SECONDS} seconds")

    def cancel(self, run_id: str) -> None:
        """Cancel a run."""
        self._post(f"/runs/{run_id}/cancel", {})

    def _post(self, path: str, body: object) -> Any:
        return _data(httpx.post(self._url(path), json=body, headers=self._headers(), timeout=60))

    def _get(self, path: str) -> Any:
        return _data(httpx.get(self._url(path), headers=self._headers(), timeout=60))

    def _url(self, path: str) -> str:
        return f"{self.address}/api/v1{path}"

    def _headers(self) -> dict[str, str]:
        return {"x-api-key": self.key}


def ask_in_every_state(asker: Asker, owner: str, approver: str) -> dict[str, str]:
    """Ask what waits and what was decided; the value names approvals by what they show."""
    both = [owner, approver, "auditor@partner.example"]
    with httpx.Client(base_url=asker.address, timeout=60) as browser:
        headers = _sign_in(browser, asker.address, approver)

        def decide(approval_id: str, *, approved: bool, comment: str) -> None:
            body = {"approved": approved, "comment": comment}
            path = f"/api/v1/approvals/{approval_id}/decide"
            _data(browser.post(path, json=body, headers=headers))

        _, rejected = asker.ask(
            "Customer refunds", approvers=both, title="Refund EUR 8,900.00 to Globex?"
        )
        decide(rejected, approved=False, comment="The return has not arrived yet.")
        _, approved = asker.ask(
            "Customer refunds", approvers=both, title="Refund EUR 120.00 to Initech?"
        )
        decide(approved, approved=True, comment="Seen the credit note.")
        _, counted = asker.ask(
            "Supplier payments",
            approvers=both,
            title="Release the payment run?",
            required=2,
            reason=_REASON,
            description=_DESCRIPTION,
            approveLabel="Release 14 payments",
            rejectLabel="Hold them back",
        )
        decide(counted, approved=True, comment="Account checked by phone with Mrs Lindner.")
    _, expired = asker.ask("Credit notes", approvers=both, title="Too late?", timeoutMs=200)
    run_id, cancelled = asker.ask("Credit notes", approvers=both, title="Still needed?")
    asker.cancel(run_id)
    _, others = asker.ask("Month-end close", approvers=[approver], title="Lock October?")
    _, own = asker.ask(
        "Bank details",
        approvers=both,
        title="Change the payout account?",
        noSelfApproval=True,
    )
    return {
        "counted": counted,
        "own": own,
        "others": others,
        "approved": approved,
        "rejected": rejected,
        "expired": expired,
        "cancelled": cancelled,
    }


def _sign_in(browser: httpx.Client, address: str, email: str) -> dict[str, str]:
    headers = {"origin": address}
    body = {"email": email, "password": PASSWORD}
    session = _data(browser.post("/api/v1/admin/session", json=body, headers=headers))
    return headers | {"x-csrf-token": session["csrfToken"]}


def _data(answer: httpx.Response) -> Any:
    assert answer.is_success, answer.text
    return answer.json()["data"]
