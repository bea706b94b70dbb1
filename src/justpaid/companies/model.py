"""A company: the tenant that keys, workflows and runs belong to."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class LeakPolicy(StrEnum):
    """What a confirmed leak report does to the reported key."""

    REVOKE = "revoke"
    READ_ONLY = "read_only"


@dataclass(frozen=True, slots=True)
class Company:
    """One tenant; its time zone and currency are what its workflows default to."""

    id: UUID
    name: str
    time_zone: str
    currency: str
    leak_policy: LeakPolicy
    created_at: datetime
