"""Bodies of the endpoints for a company's settings and environment values."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from justpaid.clock import to_wire
from justpaid.companies.model import Company, CompanyChange, EnvironmentValue, LeakPolicy
from justpaid.exact_json import JsonObject
from justpaid.ids import Prefix, encode_id
from justpaid.web.answers import Body, View


class UpdateCompany(Body):
    """What is to change; a field left out stays as it is."""

    name: Annotated[str | None, Field(examples=["Acme GmbH"])] = None
    time_zone: Annotated[str | None, Field(examples=["Europe/Berlin"])] = None
    currency: Annotated[str | None, Field(examples=["EUR"])] = None
    leak_policy: Annotated[LeakPolicy | None, Field(strict=False, examples=["revoke"])] = None

    def asked(self) -> CompanyChange:
        """Return what is asked for, in the feature's own words."""
        return CompanyChange(self.name, self.time_zone, self.currency, self.leak_policy)


class SetValue(Body):
    """A value that workflows read; not for secrets."""

    value: Annotated[str, Field(description="At most 4 KiB.", examples=["https://example.com"])]


class CompanyView(View):
    """A company."""

    id: str = Field(examples=["cmp_01jd9yv1n4c6g8k0m2q4s6v8xa"])
    name: str = Field(examples=["Acme GmbH"])
    time_zone: str = Field(examples=["Europe/Berlin"])
    currency: str = Field(examples=["EUR"])
    leak_policy: LeakPolicy = Field(examples=["revoke"])
    created_at: datetime = Field(examples=["2026-11-01T08:00:00.000Z"])


class ValueView(View):
    """An environment value."""

    name: str = Field(examples=["BILLING_URL"])
    value: str = Field(examples=["https://example.com"])
    updated_at: datetime = Field(examples=["2026-11-24T09:30:00.000Z"])
    updated_by: str = Field(examples=["mem_01jd9yv1n4c6g8k0m2q4s6v8xa"])


def show_company(company: Company) -> JsonObject:
    """Write a company as the API answers it."""
    return {
        "id": encode_id(Prefix.COMPANY, company.id),
        "name": company.name,
        "timeZone": company.time_zone,
        "currency": company.currency,
        "leakPolicy": company.leak_policy.value,
        "createdAt": to_wire(company.created_at),
    }


def show_value(value: EnvironmentValue) -> JsonObject:
    """Write an environment value as the API answers it."""
    return {
        "name": value.name,
        "value": value.value,
        "updatedAt": to_wire(value.updated_at),
        "updatedBy": value.updated_by,
    }
