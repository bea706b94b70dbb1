"""A company: the tenant that keys, workflows and runs belong to; what can be changed of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from justpaid.exact_json import JsonObject


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


@dataclass(frozen=True, slots=True)
class CompanyFields:
    """What a company is made from."""

    name: str
    time_zone: str = "UTC"
    currency: str = "USD"

    def describe(self) -> JsonObject:
        """Write the fields as the audit log keeps them."""
        return {"name": self.name, "timeZone": self.time_zone, "currency": self.currency}


@dataclass(frozen=True, slots=True)
class CompanyChange:
    """What is to change; None stays as it is."""

    name: str | None = None
    time_zone: str | None = None
    currency: str | None = None
    leak_policy: LeakPolicy | None = None


@dataclass(frozen=True, slots=True)
class EnvironmentValue:
    """A value that a company's workflows read as `env.NAME`; no place for a secret."""

    name: str
    value: str
    updated_at: datetime
    updated_by: str
