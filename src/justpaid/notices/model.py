"""A notice, before it is told and as a person finds it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class News:
    """Something to tell; a second one of the same kind and `distinct_by` is not told again.

    `link` is a path of the dashboard. `member_ids`: whom it is for, None for everybody.
    """

    kind: str
    title: str
    body: str
    distinct_by: str
    link: str | None = None
    member_ids: tuple[UUID, ...] | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice in the inbox of one member."""

    id: UUID
    kind: str
    at: datetime
    title: str
    body: str
    link: str | None
    read_at: datetime | None
