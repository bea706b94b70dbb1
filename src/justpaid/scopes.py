"""The six scopes of an API key, in the words of the published page."""

from enum import StrEnum


class Scope(StrEnum):
    """What a caller may do."""

    WORKFLOWS_READ = "workflows:read"
    WORKFLOWS_WRITE = "workflows:write"
    WORKFLOWS_EXECUTE = "workflows:execute"
    RUNS_READ = "runs:read"
    CONNECTIONS_READ = "connections:read"
    CONNECTIONS_WRITE = "connections:write"


ALLOWS = {
    Scope.WORKFLOWS_READ: "List and get workflows",
    Scope.WORKFLOWS_WRITE: "Create, update, delete workflows",
    Scope.WORKFLOWS_EXECUTE: "Trigger workflow runs",
    Scope.RUNS_READ: "View run status and logs",
    Scope.CONNECTIONS_READ: "List connections",
    Scope.CONNECTIONS_WRITE: "Create and manage connections",
}


class Category(StrEnum):
    """Which of a caller's three budgets a request spends."""

    READ = "read"
    WRITE = "write"
    EXECUTE = "execute"


DEFAULT_LIMITS = {Category.READ: 1000, Category.WRITE: 200, Category.EXECUTE: 500}


def category_of(method: str, scope: Scope | None) -> Category:
    """Name the budget of a route: workflows:execute spends its own, else by method."""
    if scope is Scope.WORKFLOWS_EXECUTE:
        return Category.EXECUTE
    return Category.READ if method in {"GET", "HEAD"} else Category.WRITE
