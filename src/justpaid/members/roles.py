"""What each role may do: the scopes and permissions of a session."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from justpaid.scopes import Scope
from justpaid.web.caller import Caller, missing_permission
from justpaid.web.permissions import Permission


class Role(StrEnum):
    """A membership's role, the mightiest first."""

    OWNER = "owner"
    ADMIN = "admin"
    EDITOR = "editor"
    APPROVER = "approver"
    VIEWER = "viewer"


SCOPES: Final[Mapping[Role, frozenset[Scope]]] = MappingProxyType(
    {
        Role.OWNER: frozenset(Scope),
        Role.ADMIN: frozenset(Scope),
        Role.EDITOR: frozenset(Scope),  # workflows:*, connections:* and runs:read are all there is
        Role.APPROVER: frozenset({Scope.WORKFLOWS_READ, Scope.RUNS_READ}),
        Role.VIEWER: frozenset({Scope.WORKFLOWS_READ, Scope.RUNS_READ, Scope.CONNECTIONS_READ}),
    }
)

PERMISSIONS: Final[Mapping[Role, frozenset[Permission]]] = MappingProxyType(
    {
        Role.OWNER: frozenset(Permission),
        Role.ADMIN: frozenset(Permission) - {Permission.OWNERS},
        Role.EDITOR: frozenset[Permission](),
        Role.APPROVER: frozenset({Permission.DECIDE}),
        Role.VIEWER: frozenset[Permission](),
    }
)


def permission_words(role: Role) -> list[str]:
    """List a role's permissions and scopes as a session shows them, in a fixed order."""
    permissions = [each.value for each in Permission if each in PERMISSIONS[role]]
    return permissions + [each.value for each in Scope if each in SCOPES[role]]


def require_right(caller: Caller, *roles: Role) -> None:
    """Raise Forbidden where one of these is the owner's, whose affairs are for owners alone."""
    if Role.OWNER in roles and Permission.OWNERS not in caller.permissions:
        raise missing_permission(Permission.OWNERS)
