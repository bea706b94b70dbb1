"""What the reference says of a notice."""

from datetime import datetime

from pydantic import Field

from justpaid.clock import to_wire
from justpaid.exact_json import JsonObject
from justpaid.ids import Prefix, encode_id
from justpaid.notices.model import Notice
from justpaid.web.answers import View


class NoticeView(View):
    """Something that the people of a company were told."""

    id: str = Field(examples=["ntc_01jd9yv1n4c6g8k0m2q4s6v8xa"])
    kind: str = Field(examples=["key_expiry"])
    at: datetime
    title: str = Field(examples=["The key Billing service expires in 7 days"])
    body: str
    link: str | None = Field(description="A path of the dashboard.", examples=["/keys"])
    read_at: datetime | None = Field(description="When you marked it as read.")


def show_notice(notice: Notice) -> JsonObject:
    """Write a notice."""
    return {
        "id": encode_id(Prefix.NOTICE, notice.id),
        "kind": notice.kind,
        "at": to_wire(notice.at),
        "title": notice.title,
        "body": notice.body,
        "link": notice.link,
        "readAt": None if notice.read_at is None else to_wire(notice.read_at),
    }
