"""Bodies and views of leak reports."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from justpaid import clock
from justpaid.exact_json import JsonObject
from justpaid.ids import Prefix, encode_id
from justpaid.leaks.model import Leak, LeakAct, Resolution
from justpaid.web.answers import Body, View


class ReportLeak(Body):
    """A key that somebody found."""

    key: str = Field(max_length=1000, description="The key, whole.")
    url: str | None = Field(
        default=None,
        max_length=2000,
        description="Where it was found.",
        examples=["https://code.example.com/acme/billing/blob/main/.env"],
    )


class Thanks(View):
    """The report was taken in; nothing else is said."""

    received: Literal[True] = True


class ResolveLeak(Body):
    """What a person decided."""

    act: Annotated[Resolution, Field(strict=False)]
    comment: str = Field(min_length=1, max_length=2000, examples=["It was a test repository."])


class LeakView(View):
    """A report about a key of the company."""

    id: str = Field(examples=["leak_01jd9yv1n4c6g8k0m2q4s6v8xa"])
    key_id: str = Field(examples=["key_01jd9yv1n4c6g8k0m2q4s6v8xa"])
    at: datetime
    url: str | None
    act: LeakAct = Field(description="What was done by itself when the report came.")
    state: Literal["open", "resolved"]
    resolved_by: str | None
    resolved_at: datetime | None
    resolution: Resolution | None
    comment: str | None


def show_leak(leak: Leak) -> JsonObject:
    """Write a report."""
    return {
        "id": encode_id(Prefix.LEAK, leak.id),
        "keyId": encode_id(Prefix.KEY, leak.key_id),
        "at": clock.to_wire(leak.at),
        "url": leak.url,
        "act": leak.act.value,
        "state": "resolved" if leak.is_resolved else "open",
        "resolvedBy": leak.resolved_by,
        "resolvedAt": None if leak.resolved_at is None else clock.to_wire(leak.resolved_at),
        "resolution": None if leak.resolution is None else leak.resolution.value,
        "comment": leak.comment,
    }
