"""What any key may ask about itself: who it is, and what is left of its budgets."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Request

from justpaid import clock
from justpaid.api_keys.schemas import BudgetsAnswer, MeAnswer
from justpaid.companies import service as companies
from justpaid.exact_json import JsonObject
from justpaid.ids import Prefix, encode_id
from justpaid.scopes import DEFAULT_LIMITS, Category, Scope
from justpaid.web.caller import Caller, allows
from justpaid.web.envelope import Answer, success
from justpaid.web.gate_answer import WINDOW_SECONDS
from justpaid.web.gate_contract import IDENTITY_KEY, Decision, Identity, Limiter
from justpaid.web.routing import api_router
from justpaid.web.unit_of_work import Connection

router = api_router("Self")


async def current_limiter(request: Request) -> Limiter:
    """Return the limiter that composition made for this app."""
    limiter: Limiter = request.app.state.limiter
    return limiter


Anyone = Annotated[Caller, allows(None)]
CurrentLimiter = Annotated[Limiter, Depends(current_limiter)]


@router.get("/me", summary="Who am I", responses={200: {"model": MeAnswer}})
async def get_me(caller: Anyone, connection: Connection) -> Answer:
    """Show the caller's company and key: a first call that proves that a key works."""
    company = await companies.get_company(connection, caller.company_id)
    return success(
        {
            "company": {
                "id": encode_id(Prefix.COMPANY, company.id),
                "name": company.name,
                "timeZone": company.time_zone,
                "currency": company.currency,
            },
            "keyId": None if caller.key_id is None else encode_id(Prefix.KEY, caller.key_id),
            "name": caller.name,
            "hint": caller.hint,
            "scopes": [scope.value for scope in Scope if scope in caller.scopes],
            "expiresAt": None if caller.expires_at is None else clock.to_wire(caller.expires_at),
        }
    )


@router.get("/rate-limits", summary="Show budgets", responses={200: {"model": BudgetsAnswer}})
async def show_rate_limits(_: Anyone, request: Request, limiter: CurrentLimiter) -> Answer:
    """Show what is left of the caller's three budgets. Spends none of them."""
    identity: Identity = request.scope[IDENTITY_KEY]
    return success({c.value: await _describe(limiter, identity, c) for c in Category})


async def _describe(limiter: Limiter, identity: Identity, category: Category) -> JsonObject:
    limit = identity.limits.get(category) or DEFAULT_LIMITS[category]
    decision = limiter.peek(identity.subject_id, category, limit)
    if not isinstance(decision, Decision):
        decision = await decision
    return {
        "limit": decision.limit,
        "remaining": decision.remaining,
        "windowSeconds": WINDOW_SECONDS,
        "retryAfterSeconds": decision.retry_after_seconds,
        "resetAt": clock.to_wire(datetime.fromtimestamp(decision.resets_at, UTC)),
    }
