"""A report that somebody found a key where it does not belong."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class LeakAct(StrEnum):
    """What was done by itself when the report came."""

    REVOKED = "revoked"
    CUT_TO_READ = "cut_to_read"
    NONE = "none"


class Resolution(StrEnum):
    """What a person decided."""

    REVOKE = "revoke"
    CLEAR = "clear"


@dataclass(frozen=True, slots=True)
class Leak:
    """A report about a key of the company."""

    id: UUID
    company_id: UUID
    key_id: UUID
    at: datetime
    url: str | None
    act: LeakAct
    is_resolved: bool
    resolved_by: str | None
    resolved_at: datetime | None
    resolution: Resolution | None
    comment: str | None
