"""What the reference says of the caller's own key and budgets."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from justpaid.scopes import Scope


class _Body(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class OwnCompany(_Body):
    """The company that the caller acts for."""

    id: str = Field(examples=["cmp_01jd9yv1n4c6g8k0m2q4s6v8xa"])
    name: str = Field(examples=["Acme GmbH"])
    time_zone: str = Field(examples=["Europe/Berlin"])
    currency: str = Field(examples=["EUR"])


class Me(_Body):
    """Who the caller is; the key's own text is never shown."""

    company: OwnCompany
    key_id: str | None = Field(examples=["key_01jd9yv1n4c6g8k0m2q4s6v8xa"])
    name: str = Field(examples=["Billing service"])
    hint: str = Field(examples=["wfk_QaG8…3GVY"])
    scopes: list[Scope] = Field(examples=[["workflows:read", "workflows:execute"]])
    expires_at: datetime | None = Field(examples=[None])


class MeAnswer(_Body):
    """A success."""

    success: Literal[True] = True
    data: Me


class Budget(_Body):
    """One budget as it stands now."""

    limit: int = Field(examples=[1000])
    remaining: int = Field(examples=[998])
    window_seconds: int = Field(examples=[60])
    retry_after_seconds: int = Field(
        description="0 while a request would be accepted now.", examples=[0]
    )
    reset_at: datetime = Field(
        description="When the next request would be accepted.",
        examples=["2026-11-24T09:30:00.000Z"],
    )


class Budgets(_Body):
    """The caller's three budgets."""

    read: Budget
    write: Budget
    execute: Budget


class BudgetsAnswer(_Body):
    """A success."""

    success: Literal[True] = True
    data: Budgets
