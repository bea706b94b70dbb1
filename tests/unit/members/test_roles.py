"""Every role against every scope and permission, as the admin API's contract gives them."""

import pytest

from justpaid.members.roles import PERMISSIONS, SCOPES, Role, permission_words
from justpaid.scopes import Scope
from justpaid.web.permissions import Permission

_READ = {Scope.WORKFLOWS_READ, Scope.RUNS_READ}
_WORKFLOWS = {Scope.WORKFLOWS_READ, Scope.WORKFLOWS_WRITE, Scope.WORKFLOWS_EXECUTE}
_CONNECTIONS = {Scope.CONNECTIONS_READ, Scope.CONNECTIONS_WRITE}
_MANAGE = {Permission.KEYS, Permission.MEMBERS, Permission.AUDIT, Permission.COMPANY}

MATRIX = [
    (Role.OWNER, set(Scope), {*_MANAGE, Permission.OWNERS, Permission.DECIDE}),
    (Role.ADMIN, set(Scope), {*_MANAGE, Permission.DECIDE}),
    (Role.EDITOR, {*_WORKFLOWS, *_CONNECTIONS, Scope.RUNS_READ}, set[Permission]()),
    (Role.APPROVER, _READ, {Permission.DECIDE}),
    (Role.VIEWER, {*_READ, Scope.CONNECTIONS_READ}, set[Permission]()),
]


@pytest.mark.parametrize(("role", "scopes", "permissions"), MATRIX)
def test_matrix(role: Role, scopes: set[Scope], permissions: set[Permission]) -> None:
    """A role may do what the contract says and nothing more."""
    assert SCOPES[role] == scopes
    assert PERMISSIONS[role] == permissions
    assert set(permission_words(role)) == {*scopes, *permissions}


def test_every_role_is_in_the_matrix() -> None:
    """A role that is added later is decided here, not by accident."""
    assert {role for role, _, _ in MATRIX} == set(Role) == set(SCOPES) == set(PERMISSIONS)
