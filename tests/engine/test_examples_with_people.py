"""The examples that ask people, go through lists and start further runs, run whole."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from justpaid import exact_json
from justpaid.exact_json import JsonObject
from justpaid.ids import Prefix, encode_id
from tests.engine.example_stage import begin, decide, play, read_example, store, take
from tests.engine.stage import Stage, stored, until
from tests.stub_providers import StubProviders

# Dunning with approval


def owed(amount: str) -> dict[str, Any]:
    """Make an invoice of this amount, a hundred days overdue."""
    customer = {"name": "Initech", "email": "pay@initech.example"}
    invoice = {"id": "in_9", "dueDate": "2026-01-01", "currency": "EUR", "customer": customer}
    return {
        "asOf": "2026-04-11",
        "approvers": ["controller@acme.example"],
        "invoice": {**invoice, "amountDue": Decimal(amount)},
    }


async def test_a_small_debt_is_dunned_without_asking(
    stage: Stage, providers: StubProviders
) -> None:
    """Below the bound the letter goes out at once, with exact interest and fee."""
    row = await play(stage, providers, "dunning-with-approval", owed("1000.00"))
    assert row["status"] == "completed", row["error"]
    assert row["output"] == '{"outcome":"sent","total":1064.99,"approvedBy":null}'
    assert providers.paths() == ["/mail/messages", "/billing/v1/invoices/in_9/dunning"]
    (letter,) = providers.sent("/mail/messages")
    assert "€1,064.99 are due by 2026-04-21" in str(letter["text"])
    (note,) = providers.sent("/billing/v1/invoices/in_9/dunning")
    assert '"interest":24.99' in exact_json.encode_text(note)  # 1000 x 9.12 % x 100 / 365


@pytest.mark.parametrize(
    ("status", "comment", "outcome", "paths"),
    [
        ("approved", None, "sent", ["/mail/messages", "/billing/v1/invoices/in_9/dunning"]),
        (
            "rejected",
            "in talks",
            "held",
            ["/billing/v1/invoices/in_9/hold", "/chat/chat.postMessage"],
        ),
        ("expired", None, "held", ["/billing/v1/invoices/in_9/hold", "/chat/chat.postMessage"]),
    ],
)
async def test_a_large_debt_waits_for_a_person(
    stage: Stage,
    providers: StubProviders,
    status: str,
    comment: str | None,
    outcome: str,
    paths: list[str],
) -> None:
    """Above the bound nothing leaves before somebody has decided; held unless it is approved."""
    run_id = await begin(stage, providers, "dunning-with-approval", owed("12000.00"))
    async with stage.worker():
        waiting = await stage.reaches(run_id, "suspended")
        assert stored(waiting["waiting_for"])["kind"] == "approval"
        assert providers.paths() == []
        await decide(stage, run_id, status, comment)
        row = await stage.ended(run_id)
    assert row["status"] == "completed", row["error"]
    assert stored(row["output"])["outcome"] == outcome
    assert providers.paths() == paths
    for message in providers.sent("/chat/chat.postMessage"):
        assert (comment or "nobody decided in time") in str(message["text"])


# Batch invoicing


def customer(number: int, units: str = "100", base: str = "49.00") -> dict[str, Any]:
    """Make a customer on the list."""
    usage = {"units": Decimal(units), "unitPrice": Decimal("0.029")}
    return {"id": f"c{number}", "name": f"Customer {number}", "baseFee": Decimal(base), **usage}


async def test_one_refused_customer_stops_no_other(stage: Stage, providers: StubProviders) -> None:
    """Every other customer gets one exact invoice; the refused one is named with its reason."""
    providers.refused.add("/billing/v1/customers/c2/invoices")
    customers = [customer(number) for number in range(1, 13)] + [customer(13, "0", "0")]
    value = {"period": "2026-01", "currency": "EUR", "customers": customers}
    row = await play(stage, providers, "batch-invoicing", value)
    assert row["status"] == "completed", row["error"]
    output = stored(row["output"])
    assert (output["made"], output["total"]) == (11, Decimal("570.90"))  # 11 x 51.90
    (refused,) = output["refused"]
    assert refused["customer"] == "Customer 2"
    assert "422" in refused["reason"]
    made = [path for path in providers.paths() if path.endswith("/invoices")]
    sent = [path for path in providers.paths() if path.endswith("/send")]
    expected = [f"/billing/v1/customers/c{number}/invoices" for number in range(1, 13)]
    assert sorted(made) == sorted(set(expected) - providers.refused)
    assert len(set(sent)) == len(sent) == len(made)
    (invoice,) = providers.sent("/billing/v1/customers/c1/invoices")
    assert '"amountDue":51.90' in exact_json.encode_text(invoice)
    (report,) = providers.sent("/chat/chat.postMessage")
    assert "11 invoices over €570.90, 1 to look at: Customer 2." in str(report["text"])
    statuses = await stage.statuses(row["id"])
    assert statuses["each-customer[1].invoice"] == "failed"
    assert statuses["each-customer[12].invoice"] == "when"  # nothing to invoice


async def test_a_retried_invoice_is_made_once(stage: Stage, providers: StubProviders) -> None:
    """When billing acts and its answer is lost, the customer still has one invoice."""
    providers.lost["/billing/v1/customers/c1/invoices"] = 1
    value = {"period": "2026-01", "currency": "EUR", "customers": [customer(1), customer(2)]}
    row = await play(stage, providers, "batch-invoicing", value)
    assert stored(row["output"])["made"] == 2
    assert len(providers.sent("/billing/v1/customers/c1/invoices")) == 1
    assert providers.repeats["/billing/v1/customers/c1/invoices"] == 1


# Month-end close

ACCRUAL: JsonObject = {"account": "6310", "text": "Audit fee", "amount": Decimal("1200.00")}


async def begin_close(stage: Stage, providers: StubProviders, *, balance: str = "500.25") -> UUID:
    """Store the three workflows and start the close of two entities."""
    child = await store(stage, "close-entity")
    follow_up = await store(stage, "close-failed")
    settings: Any = read_example("month-end-close")["settings"]
    settings = {**settings, "onFailure": {"workflowId": encode_id(Prefix.WORKFLOW, follow_up)}}
    parent = await store(stage, "month-end-close", settings=settings)
    providers.records |= {
        "/ledger/rates/2026-01": {"USD": Decimal("0.92")},
        "/bank/balances/2026-01": {"DE-1": Decimal("500.25"), "US-1": Decimal("80.00")},
    }
    for code, bank, result in (("DE", balance, "1000.10"), ("US", "80.00", "-250.00")):
        path = f"/ledger/entities/{code}/trial-balance/2026-01"
        providers.records[path] = {"bank": Decimal(bank), "result": Decimal(result)}
    entities = [
        {"code": "DE", "currency": "EUR", "bankAccount": "DE-1", "accruals": [ACCRUAL]},
        {"code": "US", "currency": "USD", "bankAccount": "US-1"},
    ]
    value = {
        "entityWorkflowId": encode_id(Prefix.WORKFLOW, child),
        "period": "2026-01",
        "currency": "EUR",
        "entities": entities,
        "controller": "controller@acme.example",
    }
    return await stage.start(parent, take(providers, "month-end-close", value))


async def asks(stage: Stage, run_id: UUID) -> None:
    """Wait until a run asks for an approval."""
    find = "SELECT id FROM approvals WHERE run_id = $1 AND status = 'open'"
    await until(lambda: stage.pool.fetchval(find, run_id), "the question")


async def test_a_month_is_closed_by_a_run_for_each_entity(
    stage: Stage, providers: StubProviders
) -> None:
    """Entities close in runs of their own, are consolidated exactly, and locked when released."""
    run_id = await begin_close(stage, providers)
    async with stage.worker():
        await asks(stage, run_id)
        assert providers.paths() == ["/ledger/entities/DE/journal"]
        await decide(stage, run_id, "approved")
        row = await stage.ended(run_id)
    assert row["status"] == "completed", row["error"]
    output = stored(row["output"])
    assert (output["locked"], output["result"]) == (True, Decimal("770.10"))  # 1000.10 - 230.00
    assert [entity["code"] for entity in output["entities"]] == ["DE", "US"]
    children = await stage.pool.fetch("SELECT * FROM runs WHERE parent_run_id = $1", run_id)
    assert sorted(child["parent_path"] for child in children) == [
        "entities[0].close",
        "entities[1].close",
    ]
    (lock,) = providers.sent("/ledger/periods/2026-01")
    assert (lock["state"], lock["releasedBy"]) == ("locked", "mem_controller")
    assert providers.keyless == ["/ledger/periods/2026-01"]  # PUT is safe to repeat as it is


async def test_a_close_that_is_not_released_locks_nothing(
    stage: Stage, providers: StubProviders
) -> None:
    """The controller leaves the period open: the run ends well, and nothing is locked."""
    run_id = await begin_close(stage, providers)
    async with stage.worker():
        await asks(stage, run_id)
        await decide(stage, run_id, "rejected")
        row = await stage.ended(run_id)
    assert (row["status"], stored(row["output"])["locked"]) == ("completed", False)
    assert "/ledger/periods/2026-01" not in providers.paths()


async def test_a_difference_with_the_bank_starts_the_follow_up(
    stage: Stage, providers: StubProviders
) -> None:
    """An entity that does not reconcile stops the close, and its follow-up opens a task."""
    run_id = await begin_close(stage, providers, balance="512.25")
    async with stage.worker():
        row = await stage.ended(run_id)
        assert row["status"] == "failed"
        follow_up = await until(
            lambda: stage.pool.fetchrow("SELECT id FROM runs WHERE trigger_type = 'failure'"),
            "the run that follows",
        )
        assert (await stage.ended(follow_up["id"]))["status"] == "completed"
    (task,) = providers.sent("/ledger/tasks")
    assert task["assignee"] == "controller@acme.example"
    assert "DE: the ledger and the bank differ by €12.00" in str(task["text"])
    assert task["run"] == encode_id(Prefix.RUN, run_id)


# Pay a supplier


async def test_a_payment_reaches_an_account_that_nobody_reads(
    stage: Stage, providers: StubProviders
) -> None:
    """The bank gets the account's number; the run, its approval and its ledger show none of it."""
    iban = "DE89370400440532013000"
    value = {
        "approvers": ["controller@acme.example"],
        "supplier": {"id": "S-7", "name": "Hooli"},
        "account": {"holder": "Hooli GmbH", "iban": iban},
        "invoice": {"id": "B-12", "amount": Decimal("1900.00"), "currency": "EUR"},
    }
    run_id = await begin(stage, providers, "pay-supplier", value)
    async with stage.worker():
        await asks(stage, run_id)
        assert providers.paths() == []
        await decide(stage, run_id, "approved")
        row = await stage.ended(run_id)
    assert row["status"] == "completed", row["error"]
    (transfer,) = providers.sent("/bank/transfers")
    assert transfer["to"] == {"name": "Hooli GmbH", "iban": iban}
    for table in ("runs", "steps", "effects", "approvals", "run_logs"):
        rows = await stage.pool.fetch(f"SELECT t::text AS row FROM {table} t")
        assert not any(iban in each["row"] for each in rows), table
