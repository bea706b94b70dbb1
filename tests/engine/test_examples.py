"""The example workflows, run whole against stand-ins for what they call."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from justpaid import exact_json
from justpaid.exact_json import JsonObject
from justpaid.steps.catalogue import STEP_TYPES
from justpaid.workflows.program import compile_definition
from tests.engine.example_stage import EXAMPLES, begin, play, read_example
from tests.engine.stage import Stage, stored
from tests.stub_providers import StubProviders


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.json")), ids=lambda path: path.stem)
def test_an_example_is_valid_and_says_what_it_is_for(path: Path) -> None:
    """Every example compiles as it stands, and is described."""
    definition = read_example(path.stem)
    compile_definition(definition, STEP_TYPES)
    assert definition["description"]
    assert all(isinstance(step, dict) and step.get("name") for step in _steps(definition))


def test_the_examples_show_everything_there_is() -> None:
    """Each step type, and each thing a definition may ask of a run, stands in an example."""
    programs = [
        compile_definition(read_example(path.stem), STEP_TYPES) for path in EXAMPLES.glob("*.json")
    ]
    shown = {node.type for program in programs for node in program.nodes.values()}
    assert shown == set(STEP_TYPES)
    assert any(program.secret_places for program in programs)
    assert any(program.output_schema for program in programs)
    assert any(program.settings.on_failure_workflow_id for program in programs)
    assert any(program.settings.max_concurrent_runs for program in programs)


def _steps(definition: JsonObject) -> list[Any]:
    steps = definition["steps"]
    assert isinstance(steps, list)
    return steps


# Invoice on deal closed

DEAL: Any = {
    "id": "D-8841",
    "name": "Annual plan",
    "customer": {"name": "Globex GmbH", "email": "ap@globex.example"},
    "currency": "EUR",
    "discountPercent": Decimal("2.5"),
    "lines": [
        {"description": "Seats", "quantity": 3, "unitPrice": Decimal("19.99")},
        {"description": "Usage", "quantity": 100, "unitPrice": Decimal("0.029")},
    ],
}


async def test_a_closed_deal_becomes_one_invoice(stage: Stage, providers: StubProviders) -> None:
    """The invoice is made once with exact totals, sent, and told to the team."""
    row = await play(stage, providers, "invoice-on-deal-closed", {"deal": DEAL})
    assert row["status"] == "completed", row["error"]
    assert providers.paths() == [
        "/billing/v1/customers",
        "/billing/v1/invoices",
        "/billing/v1/invoices/in_1002/send",
        "/chat/chat.postMessage",
    ]
    (invoice,) = providers.sent("/billing/v1/invoices")
    assert invoice["customer"] == "cu_1001"
    assert '"amountDue":61.30' in exact_json.encode_text(invoice)  # (59.97 + 2.90) less 2.5 %
    assert '"unitPrice":19.99,"amount":59.97' in exact_json.encode_text(invoice)
    (message,) = providers.sent("/chat/chat.postMessage")
    assert "in_1002 over €61.30 went to Globex GmbH" in str(message["text"])
    assert row["output"] == '{"invoiceId":"in_1002","total":61.30,"currency":"EUR"}'
    assert providers.keyless == []


async def test_a_lost_answer_makes_no_second_invoice(
    stage: Stage, providers: StubProviders
) -> None:
    """When billing acts and its answer is lost, the repeat carries the same key: one invoice."""
    providers.lost["/billing/v1/invoices"] = 1
    row = await play(stage, providers, "invoice-on-deal-closed", {"deal": DEAL})
    assert row["status"] == "completed", row["error"]
    assert len(providers.sent("/billing/v1/invoices")) == 1
    assert providers.repeats["/billing/v1/invoices"] == 1


async def test_a_chat_that_is_away_stops_no_invoice(stage: Stage, providers: StubProviders) -> None:
    """Telling the team may fail; the invoice stands."""
    providers.failing["/chat/chat.postMessage"] = 99
    row = await play(stage, providers, "invoice-on-deal-closed", {"deal": DEAL})
    assert row["status"] == "completed", row["error"]
    assert (await stage.statuses(row["id"]))["announce"] == "failed"


# Payment matched to invoice


def a_payment(amount: str, currency: str = "EUR") -> dict[str, Any]:
    """Make a payment for the invoice that billing knows."""
    payment = {"id": "P-1", "invoiceId": "in_7", "currency": currency}
    return {"payment": {**payment, "amount": Decimal(amount)}}


@pytest.mark.parametrize("amount", ["100.10", "100.1"])
async def test_an_exact_payment_settles_its_invoice(
    stage: Stage, providers: StubProviders, amount: str
) -> None:
    """A payment equal to what is due settles the invoice and opens no discrepancy."""
    due: JsonObject = {"id": "in_7", "amountDue": Decimal("100.10"), "currency": "EUR"}
    providers.records["/billing/v1/invoices/in_7"] = due
    row = await play(stage, providers, "payment-matched-to-invoice", a_payment(amount))
    assert stored(row["output"]) == {"matched": True, "difference": 0}
    assert providers.paths() == ["/billing/v1/invoices/in_7/pay"]
    assert (await stage.statuses(row["id"]))["discrepancy"] == "path"


@pytest.mark.parametrize(
    ("amount", "currency", "kind", "difference"),
    [
        ("87.60", "EUR", "short", Decimal("-12.5")),
        ("100.11", "EUR", "over", Decimal("0.01")),
        ("100.10", "USD", "other_currency", 0),
    ],
)
async def test_a_payment_that_differs_opens_a_discrepancy(
    stage: Stage,
    providers: StubProviders,
    amount: str,
    currency: str,
    kind: str,
    difference: Decimal,
) -> None:
    """A payment that is short, over, or in another currency is flagged exactly and told."""
    due: JsonObject = {"id": "in_7", "amountDue": Decimal("100.10"), "currency": "EUR"}
    providers.records["/billing/v1/invoices/in_7"] = due
    row = await play(stage, providers, "payment-matched-to-invoice", a_payment(amount, currency))
    assert stored(row["output"]) == {"matched": False, "difference": difference}
    (found,) = providers.sent("/billing/v1/discrepancies")
    assert (found["kind"], found["difference"]) == (kind, difference)
    (message,) = providers.sent("/chat/chat.postMessage")
    assert f"{amount} {currency} came, 100.10 EUR is due" in str(message["text"])
    assert "/billing/v1/invoices/in_7/pay" not in providers.paths()


# Overdue reminder


@pytest.mark.parametrize(
    ("as_of", "sent", "paths"),
    [
        ("2026-01-10", "nothing", []),
        ("2026-01-15", "nothing", []),
        ("2026-01-20", "reminder", ["/mail/messages"]),
        ("2026-02-14", "reminder", ["/mail/messages"]),
        ("2026-02-15", "final-notice", ["/mail/messages", "/chat/chat.postMessage"]),
    ],
)
async def test_a_reminder_fits_the_age(
    stage: Stage, providers: StubProviders, as_of: str, sent: str, paths: list[str]
) -> None:
    """Nothing before the due date, a friendly note after it, a final notice past 30 days."""
    customer = {"name": "Initech", "email": "pay@initech.example"}
    invoice = {"id": "in_9", "dueDate": "2026-01-15", "customer": customer}
    owed = {"amountDue": Decimal("1250.50"), "currency": "USD"}
    value = {"asOf": as_of, "invoice": {**invoice, **owed}}
    row = await play(stage, providers, "overdue-reminder", value)
    assert row["status"] == "completed", row["error"]
    assert stored(row["output"])["sent"] == sent
    assert providers.paths() == paths
    for mail in providers.sent("/mail/messages"):
        assert mail["to"] == "pay@initech.example"
        assert "$1,250.50" in str(mail["text"])


# High-value invoice review


@pytest.mark.parametrize(
    ("amount", "route", "channel"),
    [
        ("4999.99", "sent", None),
        ("5000", "controller", "#controlling"),
        ("49999.99", "controller", "#controlling"),
        ("50000.00", "cfo", "#cfo"),
    ],
)
async def test_an_invoice_goes_where_its_amount_says(
    stage: Stage, providers: StubProviders, amount: str, route: str, channel: str | None
) -> None:
    """Below the bounds it goes out at once; at or above one the right person is asked, alone."""
    invoice = {"id": "in_3", "amount": Decimal(amount), "currency": "USD", "customer": "Initech"}
    row = await play(stage, providers, "high-value-invoice-review", {"invoice": invoice})
    assert stored(row["output"]) == {"invoiceId": "in_3", "route": route}
    asked = [message["channel"] for message in providers.sent("/chat/chat.postMessage")]
    assert asked == ([] if channel is None else [channel])
    verb = "send" if channel is None else "hold"
    assert providers.paths()[0] == f"/billing/v1/invoices/in_3/{verb}"


# Contract signed, then charge


async def end_the_wait(stage: Stage) -> None:
    """Let the days pass at once."""
    await stage.pool.execute("UPDATE steps SET due_at = now() WHERE due_at > now()")
    await stage.pool.execute("UPDATE runs SET due_at = now() WHERE status = 'suspended'")


@pytest.mark.parametrize(
    ("status", "paths"),
    [("signed", ["/billing/v1/charges"]), ("withdrawn", ["/chat/chat.postMessage"])],
)
async def test_a_contract_is_charged_only_if_it_still_stands(
    stage: Stage, providers: StubProviders, status: str, paths: list[str]
) -> None:
    """Two weeks pass without a worker; then the contract is looked up, and charged or not."""
    contract = {"id": "C-5", "customerId": "cu_1", "currency": "EUR", "coolingOffDays": 14}
    value = {"contract": {**contract, "amount": Decimal("2.90")}}
    run_id = await begin(stage, providers, "contract-signed-then-charge", value)
    async with stage.worker():
        await stage.reaches(run_id, "suspended")
    assert providers.paths() == []
    providers.records["/contracts/contracts/C-5"] = {"id": "C-5", "status": status}
    await end_the_wait(stage)
    async with stage.worker():
        row = await stage.ended(run_id)
    assert row["status"] == "completed", row["error"]
    assert providers.paths() == paths
    for charge in providers.sent("/billing/v1/charges"):
        assert '"amount":2.90' in exact_json.encode_text(charge)
    assert stored(row["output"])["charged"] is (status == "signed")
