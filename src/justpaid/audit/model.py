"""What the audit log speaks of: who acted, on what, and whether the chain still holds."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from justpaid.exact_json import JsonValue


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a member or key by its id, `operator:<system user>`, or `system`.

    People stand here by id only, so that erasing a person does not break the chain.
    """

    name: str
    address: str | None = None
    request_id: str | None = None


SYSTEM = Actor("system")


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One row as people read it."""

    id: UUID
    seq: int
    at: datetime
    actor: str
    address: str | None
    request_id: str | None
    action: str
    object_type: str
    object_id: str
    before: JsonValue
    after: JsonValue
    hash: bytes


@dataclass(frozen=True, slots=True)
class AuditChoice:
    """Which rows are wanted; None means any. An action's first word stands for all its actions."""

    actor: str | None = None
    action: str | None = None
    object_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


EVERYTHING = AuditChoice()


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a company's chain: how many rows, and the last one's hash."""

    rows: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class SignedHead:
    """A head as this installation vouched for it at a moment: kept elsewhere, it shows a cut."""

    company_id: UUID
    rows: int
    hash: bytes
    at: datetime
    key_version: int
    signature: bytes


@dataclass(frozen=True, slots=True)
class Verification:
    """What recomputing a chain found; `first_bad_id` is None if `valid`, or if the end lacks."""

    valid: bool
    rows: int
    head: bytes
    first_bad_id: UUID | None
