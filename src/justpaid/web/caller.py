"""Who makes a request: put into the scope by the gate, read by routes through `allows`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from fastapi import Depends, Request

from justpaid.errors import Forbidden, Problem, Unauthenticated
from justpaid.scopes import Category, Scope, category_of
from justpaid.web.permissions import Permission

CALLER_KEY: Final = "justpaid.caller"
SESSIONS_ONLY: Final = "/api/v1/admin/"  # below it no API key is accepted
SESSION_NEEDED: Final = "This needs a dashboard session; API keys are not accepted here."


class Caller(NamedTuple):
    """An authenticated caller; `actor` is how the audit log names it (`key_…`, `mem_…`).

    A tuple, because one is made for every request: a frozen dataclass takes three times as long.
    """

    company_id: UUID
    actor: str
    scopes: frozenset[Scope]
    key_id: UUID | None = None
    member_id: UUID | None = None
    name: str = ""
    hint: str = ""
    expires_at: datetime | None = None
    permissions: frozenset[str] = frozenset()
    address: str | None = None
    request_id: str | None = None


def missing_scope(scope: Scope) -> Forbidden:
    """Make the refusal of a caller that lacks a scope."""
    message = f"This needs the scope {scope}."
    return Forbidden(message, [Problem("scope", f"the scope {scope} is missing")])


def missing_permission(permission: Permission) -> Forbidden:
    """Make the refusal of a person whose role lacks a permission."""
    message = f"Your role lacks the permission {permission}."
    return Forbidden(message, [Problem("permission", f"{permission} is missing")])


@dataclass(frozen=True, slots=True)
class Allows:
    """What a route declares that it needs, as the dependency that hands over the caller.

    The gate has refused others already; checking again keeps a route safe whatever stands before.
    `sessions_need`: what a session must have instead of the scope.
    """

    scope: Scope | None
    permission: Permission | None = None
    is_for_sessions: bool = False
    sessions_need: Permission | None = None

    async def __call__(self, request: Request) -> Caller:  # sync would go through a thread
        """Return the caller; raises Unauthenticated without one, Forbidden without the right."""
        caller: Caller | None = request.scope.get(CALLER_KEY)
        if caller is None:
            raise Unauthenticated("Send an API key in the header x-api-key.")
        if self.is_for_sessions and caller.member_id is None:
            raise Unauthenticated(SESSION_NEEDED)
        if self.sessions_need is not None and caller.member_id is not None:
            if self.sessions_need not in caller.permissions:
                raise missing_permission(self.sessions_need)
            return caller
        if self.scope is not None and self.scope not in caller.scopes:
            raise missing_scope(self.scope)
        if self.permission is not None and self.permission not in caller.permissions:
            raise missing_permission(self.permission)
        return caller

    def category(self, method: str) -> Category:
        """Name the budget that a request by this method spends."""
        return category_of(method, self.scope)


def allows(scope: Scope | None) -> Any:  # noqa: ANN401  FastAPI's Depends is untyped by design
    """Declare the one scope that a route needs; None lets any authenticated caller in."""
    return Depends(Allows(scope))


def allows_by_role(scope: Scope, permission: Permission) -> Any:  # noqa: ANN401  FastAPI's Depends is untyped by design
    """Declare the scope that a key needs and the permission that a session needs instead."""
    return Depends(Allows(scope, sessions_need=permission))


def permits(permission: Permission | None) -> Any:  # noqa: ANN401  FastAPI's Depends is untyped by design
    """Declare the permission that a route of sessions needs; None lets any session in.

    Such a route stands below `/api/v1/admin/`; a scope there is declared with `allows` as ever.
    """
    return Depends(Allows(None, permission, is_for_sessions=True))
