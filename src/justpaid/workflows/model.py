"""What the life cycle of a workflow speaks of: its record, its versions, its states."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from justpaid.exact_json import JsonObject, JsonValue


class WorkflowStatus(StrEnum):
    """Draft → active ⇄ paused; any of them → archived, which is final."""

    DRAFT = "draft"
    ACTIVE = "active"
    PAUSED = "paused"
    ARCHIVED = "archived"


class Verb(StrEnum):
    """An act that moves a workflow from one state to another."""

    ACTIVATE = "activate"
    PAUSE = "pause"
    RESUME = "resume"
    ARCHIVE = "archive"


MOVES: Final = {
    Verb.ACTIVATE: ({WorkflowStatus.DRAFT}, WorkflowStatus.ACTIVE),
    Verb.PAUSE: ({WorkflowStatus.ACTIVE}, WorkflowStatus.PAUSED),
    Verb.RESUME: ({WorkflowStatus.PAUSED}, WorkflowStatus.ACTIVE),
    Verb.ARCHIVE: (
        {WorkflowStatus.DRAFT, WorkflowStatus.ACTIVE, WorkflowStatus.PAUSED},
        WorkflowStatus.ARCHIVED,
    ),
}


@dataclass(frozen=True, slots=True)
class WorkflowSummary:
    """A row of the list: what a workflow is, without its steps."""

    id: UUID
    name: str
    description: str | None
    status: WorkflowStatus
    version: int
    revision: int
    trigger: JsonValue
    created_by: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Workflow:
    """A workflow with the definition of its present version."""

    summary: WorkflowSummary
    definition: JsonObject


@dataclass(frozen=True, slots=True)
class VersionSummary:
    """A row of a workflow's history."""

    version: int
    change_summary: str | None
    created_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class WorkflowVersion:
    """One version: immutable once the workflow was active."""

    workflow_id: UUID
    summary: VersionSummary
    definition: JsonObject


@dataclass(frozen=True, slots=True)
class WorkflowChange:
    """What rooms above learn when a workflow is made, saved or moved, in the same transaction."""

    company_id: UUID
    workflow_id: UUID
    status: WorkflowStatus
    version: int
    trigger: JsonValue
