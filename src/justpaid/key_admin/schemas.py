"""Bodies and views of the routes on API keys; a key's own text goes out once, and never in."""

from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, Field

from justpaid import clock
from justpaid.api_keys.key_view import show_key
from justpaid.api_keys.model import CreatedKey, KeyRequest, KeyStatus
from justpaid.exact_json import JsonObject
from justpaid.key_admin.pairs import Pair, Verdict
from justpaid.scopes import Category, Scope
from justpaid.web.answers import Body, View

AnyScope = Annotated[Scope, Field(strict=False)]
Scopes = Annotated[list[AnyScope], Field(examples=[["workflows:read", "workflows:execute"]])]
Moment = Annotated[AwareDatetime, Field(strict=False, examples=["2027-03-31T00:00:00Z"])]
Reason = Annotated[str | None, Field(max_length=2000, examples=["left in a public repository"])]


class Limits(Body):
    """Limits a minute of the key's own; what is left out is the usual limit."""

    read: int | None = Field(default=None, examples=[2000])
    write: int | None = None
    execute: int | None = None

    def by_category(self) -> dict[Category, int]:
        """Return those that were given."""
        given = {category: getattr(self, category.value) for category in Category}
        return {category: limit for category, limit in given.items() if limit is not None}


class CreateKey(Body):
    """What a new key may do."""

    name: str = Field(examples=["Billing service"])
    scopes: Scopes
    expires_at: Moment | None = None
    allowed_ips: list[str] = Field(default_factory=list[str], examples=[["192.0.2.0/24"]])
    limits: Limits = Field(default_factory=Limits)
    note: str = ""

    def asked(self) -> KeyRequest:
        """Return it as the room asks for keys."""
        return KeyRequest(
            name=self.name,
            scopes=frozenset(self.scopes),
            expires_at=self.expires_at,
            allowed_ips=tuple(self.allowed_ips),
            limits=self.limits.by_category(),
            note=self.note,
        )


class UpdateKey(Body):
    """What is to change; what is left out stays."""

    name: str = Field(default="", examples=["Billing service"])
    scopes: Scopes = Field(default_factory=list[Scope])
    expires_at: Moment | None = Field(default=None, description="null: never.")
    allowed_ips: list[str] = Field(default_factory=list[str], examples=[["192.0.2.0/24"]])
    limits: Limits = Field(default_factory=Limits)
    owner: str = Field(default="", examples=["mem_01jd9yv1n4c6g8k0m2q4s6v8xa"])
    note: str = ""


class RotateKey(Body):
    """When the successor ends; revoking the old key by itself is not offered."""

    expires_at: Moment | None = None
    auto_revoke_after_quiet_hours: None = None


class RevokeKey(Body):
    """Why, and the key's name where it was used in the last hour."""

    reason: Reason = None
    confirm: str | None = Field(default=None, description="The key's name.")


class CompromisedKey(Body):
    """Why, and whether another key is to take its place."""

    reason: Reason = None
    replace: bool = Field(description="Make another key on the same terms.")


class SwitchKey(Body):
    """Why."""

    reason: Reason = None


class TrimKey(Body):
    """The scopes to take away."""

    scopes: Scopes


class KeyView(View):
    """A key, without its text."""

    id: str = Field(examples=["key_01jd9yv1n4c6g8k0m2q4s6v8xa"])
    name: str = Field(examples=["Billing service"])
    hint: str = Field(examples=["wfk_QaG8…3GVY"])
    scopes: list[Scope]
    status: KeyStatus
    created_by: str = Field(examples=["mem_01jd9yv1n4c6g8k0m2q4s6v8xa"])
    owner: str = Field(examples=["mem_01jd9yv1n4c6g8k0m2q4s6v8xa"])
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None = Field(description="Fresh to a minute.")
    last_used_ip: str | None
    rotated_from: str | None
    rotated_to: str | None
    allowed_ips: list[str]
    limits: dict[Category, int] = Field(description="Where they differ from the usual ones.")
    note: str
    age_days: int
    rotate_due: bool = Field(description="Whether it is 90 days old.")


class ListedKeyView(KeyView):
    """A key in the list."""

    requests30d: list[int] = Field(
        alias="requests30d", description="Requests of the last 30 days (UTC), today the last."
    )


class KeyWithSecretView(KeyView):
    """A key and, this once, its text."""

    key: str | None = Field(description="The key, shown this once; null in a repeated answer.")
    secret_already_shown: bool | None = Field(default=None)


class RotatedView(View):
    """The two keys of a rotation; both are valid."""

    successor: KeyWithSecretView
    predecessor: KeyView


class CompromisedView(View):
    """The key that ended, and the one that takes its place."""

    revoked: KeyView
    replacement: KeyWithSecretView | None = None


class TrafficView(View):
    """Requests that still come with the old key."""

    ip: str | None
    agent: str | None
    route: str = Field(examples=["GET /api/v1/workflows"])
    requests24h: int = Field(alias="requests24h")
    last_at: datetime


class PairView(View):
    """How far a rotation has come."""

    predecessor: KeyView
    successor: KeyView
    successor_first_used_at: datetime | None
    old_traffic: list[TrafficView]
    quiet_since: datetime | None = Field(description="The old key's last use; null: never used.")
    verdict: Verdict


class AdviceView(View):
    """Scopes that the key does not seem to need."""

    unused_scopes: list[Scope]
    since: datetime


def show_created(created: CreatedKey) -> tuple[JsonObject, JsonObject]:
    """Write a new key with its text, and as a repeat of the answer shows it."""
    shown = show_key(created.key)
    return (
        {**shown, "key": created.secret},
        {**shown, "key": None, "secretAlreadyShown": True},
    )


def show_pair(pair: Pair) -> JsonObject:
    """Write a pair."""
    first_used, quiet = pair.successor_first_used_at, pair.predecessor.last_used_at
    return {
        "predecessor": show_key(pair.predecessor),
        "successor": show_key(pair.successor),
        "successorFirstUsedAt": None if first_used is None else clock.to_wire(first_used),
        "oldTraffic": [
            {
                "ip": source.address or None,
                "agent": source.agent or None,
                "route": source.route,
                "requests24h": source.requests,
                "lastAt": clock.to_wire(source.last_at),
            }
            for source in pair.old_traffic
        ],
        "quietSince": None if quiet is None else clock.to_wire(quiet),
        "verdict": pair.verdict.value,
    }
