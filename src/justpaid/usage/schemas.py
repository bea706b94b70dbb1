"""What the reference says of usage and flags, and how they are written."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from justpaid import clock
from justpaid.exact_json import JsonObject
from justpaid.ids import Prefix, encode_id
from justpaid.usage.model import ADVICE, Flag, FlagKind
from justpaid.usage.report import Report
from justpaid.usage.repository import Bucket
from justpaid.web.answers import Body, View
from justpaid.web.gate_contract import Decision


class BucketView(View):
    """Requests within an hour or a day."""

    at: datetime
    route: str = Field(examples=["GET /api/v1/workflows"])
    status_class: Literal["1xx", "2xx", "3xx", "4xx", "5xx"] = Field(examples=["2xx"])
    requests: int = Field(examples=[120])


class RefusalsView(View):
    """Requests that were refused."""

    unauthorized: int = Field(alias="401")
    forbidden: int = Field(alias="403")
    limited: int = Field(alias="429")


class BudgetView(View):
    """One budget as it stands now."""

    limit: int = Field(examples=[1000])
    remaining: int = Field(examples=[998])


class BudgetsView(View):
    """The three budgets of a key."""

    read: BudgetView
    write: BudgetView
    execute: BudgetView


class UsageView(View):
    """What happened in a period."""

    buckets: list[BucketView]
    refusals: RefusalsView
    addresses: int = Field(description="Distinct addresses that called.", examples=[3])
    budgets: BudgetsView | None = Field(description="Of one key; null for all together.")


class FlagView(View):
    """Something unusual about a key's use."""

    id: str = Field(examples=["flag_01jd9yv1n4c6g8k0m2q4s6v8xa"])
    key_id: str = Field(examples=["key_01jd9yv1n4c6g8k0m2q4s6v8xa"])
    kind: FlagKind
    at: datetime
    evidence: dict[str, Any]
    advice: str
    state: Literal["open", "acknowledged"]
    acknowledged_by: str | None
    comment: str | None


class Acknowledge(Body):
    """What a person says about a flag."""

    comment: Annotated[str | None, Field(max_length=2000)] = None


def show_bucket(bucket: Bucket) -> JsonObject:
    """Write one bucket."""
    return {
        "at": clock.to_wire(bucket.at),
        "route": bucket.route,
        "statusClass": f"{bucket.status_class}xx",
        "requests": bucket.requests,
    }


def show_report(report: Report, budgets: dict[str, Decision] | None) -> JsonObject:
    """Write a report."""
    shown: JsonObject | None = None
    if budgets is not None:
        shown = {
            name: {"limit": said.limit, "remaining": said.remaining}
            for name, said in budgets.items()
        }
    return {
        "buckets": [show_bucket(bucket) for bucket in report.buckets],
        "refusals": {str(status): count for status, count in report.refusals.items()},
        "addresses": report.addresses,
        "budgets": shown,
    }


def show_flag(flag: Flag) -> JsonObject:
    """Write a flag with what to do about it."""
    return {
        "id": encode_id(Prefix.FLAG, flag.id),
        "keyId": encode_id(Prefix.KEY, flag.finding.key_id),
        "kind": flag.finding.kind.value,
        "at": clock.to_wire(flag.at),
        "evidence": flag.finding.evidence,
        "advice": ADVICE[flag.finding.kind],
        "state": "acknowledged" if flag.is_acknowledged else "open",
        "acknowledgedBy": flag.acknowledged_by,
        "comment": flag.comment,
    }
