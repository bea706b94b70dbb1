"""The errors a caller can meet, as one tree that knows no HTTP.

AppError
├── InvalidInput          the request is wrong; `problems` names every place
├── Unauthenticated       no valid credential
├── Forbidden             a valid credential that may not do this
├── NotFound              no such object for this company
├── Conflict              the object's state, or somebody else's change, forbids it
│   ├── InvalidState
│   └── IdempotencyConflict
├── PayloadTooLarge
├── UnsupportedMediaType
├── RateLimited           a budget is spent; `retry_after_seconds` says when to come back
└── Unavailable           the service cannot answer now

Features subclass these beside their rule. `web/errors.py` maps each kind to a status and a code.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, and where: `field` is a path such as `steps[2].config.to`."""

    field: str
    message: str


class AppError(Exception):
    """Base of everything that reaches a caller as an error answer."""

    def __init__(self, message: str, problems: Sequence[Problem] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.problems = tuple(problems)


class InvalidInput(AppError):
    """The request's content is wrong; every problem is named with its path."""


class Unauthenticated(AppError):
    """The caller did not prove who it is."""


class Forbidden(AppError):
    """The caller is known and may not do this."""


class NotFound(AppError):
    """No such object in this company (a foreign one looks the same)."""


class Conflict(AppError):
    """The request contradicts the present state of the object."""

    retry_after_seconds: int | None = None


class InvalidState(Conflict):
    """The object is in a state from which this act is not possible."""


class IdempotencyConflict(Conflict):
    """The idempotency key was used before with another request, or is in use now."""

    def __init__(self, message: str, *, retry_after_seconds: int | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class PayloadTooLarge(AppError):
    """The body, or one value of it, exceeds its bound."""


class UnsupportedMediaType(AppError):
    """The body is of a type, or an encoding, that this route does not read."""


class RateLimited(AppError):
    """A budget is spent until `retry_after_seconds` from now."""

    def __init__(self, message: str, *, retry_after_seconds: int) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class Unavailable(AppError):
    """The service cannot answer now; the same call may succeed later."""

    retry_after_seconds: int = 1
