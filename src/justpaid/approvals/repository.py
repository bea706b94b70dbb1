"""Every statement of the room: approvals, their votes, and who stands behind a name.

The engine opens approvals with their steps and closes them; here they are read and decided.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from justpaid import exact_json
from justpaid.approvals.model import Approval, ApprovalStatus, Background, Terms, Vote
from justpaid.db.pool import Connection, Row
from justpaid.errors import NotFound
from justpaid.exact_json import JsonObject, JsonValue
from justpaid.ids import Prefix, decode_id, encode_id
from justpaid.web.cursors import Position

_COLUMNS: Final = """id, run_id, workflow_id, path, status, terms, created_at, due_at, decided_at,
  decided_by, comment"""
_GET: Final = f"SELECT {_COLUMNS} FROM approvals WHERE id = $2 AND company_id = $1"
_LOCK: Final = f"{_GET} FOR UPDATE"
_LIST: Final = f"""
SELECT {_COLUMNS} FROM approvals
WHERE company_id = $1 AND ($2::text IS NULL OR status = $2) AND (created_at, id) < ($3, $4)
ORDER BY created_at DESC, id DESC LIMIT $5
"""
_VOTES: Final = """
SELECT approval_id, voter, approved, comment, at FROM approval_votes
WHERE company_id = $1 AND approval_id = ANY($2::uuid[]) ORDER BY at, voter
"""
_TAKE_UNTOLD: Final = f"""
UPDATE approvals SET told_at = $1 WHERE id = ANY(ARRAY(
  SELECT id FROM approvals WHERE told_at IS NULL AND status = 'open'
  ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED))
RETURNING company_id, {_COLUMNS}
"""
_NAMED_MEMBERS: Final = """
SELECT m.id FROM memberships m JOIN people p ON p.id = m.person_id
WHERE m.company_id = $1 AND m.role = ANY($2::text[])
  AND (p.email = ANY($3::text[]) OR m.id = ANY($4::uuid[]))
"""
_MEMBERS_OF: Final = "SELECT id FROM memberships WHERE company_id = $1 AND role = ANY($2::text[])"
_LOCK_RUN: Final = """
SELECT started_by FROM runs WHERE id = $2 AND CASE WHEN company_id = $1 THEN true END
FOR NO KEY UPDATE
"""
_VOTE: Final = """
INSERT INTO approval_votes (approval_id, company_id, voter, approved, comment, at)
VALUES ($2, $1, $3, $4, $5, $6) ON CONFLICT DO NOTHING
"""
_DECIDE: Final = """
UPDATE approvals SET status = $3, decided_at = $4, decided_by = $5, comment = $6
WHERE id = $2 AND company_id = $1 AND status = 'open'
"""
_MEMBER_EMAIL: Final = """
SELECT p.email FROM memberships m JOIN people p ON p.id = m.person_id
WHERE m.id = $2 AND m.company_id = $1
"""
_KEY_PEOPLE: Final = """
SELECT id, created_by, owner FROM api_keys WHERE company_id = $1 AND id = ANY($2::uuid[])
"""
_BACKGROUNDS: Final = """
SELECT a.id, w.name AS workflow_name, r.started_by FROM approvals a
LEFT JOIN workflows w ON w.id = a.workflow_id AND w.company_id = a.company_id
LEFT JOIN runs r ON r.id = a.run_id AND r.company_id = a.company_id
WHERE a.company_id = $1 AND a.id = ANY($2::uuid[])
"""
_KEY_NAMES: Final = "SELECT id, name FROM api_keys WHERE company_id = $1 AND id = ANY($2::uuid[])"
_FIRST: Final = Position(datetime(9999, 12, 30, tzinfo=UTC), UUID(int=0))


async def list_page(
    connection: Connection,
    company_id: UUID,
    *,
    status: ApprovalStatus | None,
    after: Position | None,
    limit: int,
) -> list[Approval]:
    """List the newest approvals older than `after`, one more than `limit`."""
    position = after or _FIRST
    rows = await connection.fetch(
        _LIST, company_id, status, position.created_at, position.id, limit + 1
    )
    return await _with_votes(connection, company_id, rows)


async def get(connection: Connection, company_id: UUID, approval_id: UUID) -> Approval:
    """Return an approval; raises NotFound."""
    return await _one(connection, company_id, approval_id, _GET)


async def lock(connection: Connection, company_id: UUID, approval_id: UUID) -> Approval:
    """Return an approval that nobody else can decide until the transaction ends."""
    return await _one(connection, company_id, approval_id, _LOCK)


async def _one(
    connection: Connection, company_id: UUID, approval_id: UUID, statement: str
) -> Approval:
    row = await connection.fetchrow(statement, company_id, approval_id)
    if row is None:
        raise NotFound("There is no such approval.")
    (approval,) = await _with_votes(connection, company_id, [row])
    return approval


async def _with_votes(
    connection: Connection, company_id: UUID, rows: Sequence[Row]
) -> list[Approval]:
    votes: dict[UUID, list[Vote]] = {row["id"]: [] for row in rows}
    if votes:
        for row in await connection.fetch(_VOTES, company_id, list(votes)):
            vote = Vote(row["voter"], row["approved"], row["comment"], row["at"])
            votes[row["approval_id"]].append(vote)
    return [_approval(row, votes[row["id"]]) for row in rows]


def _approval(row: Row, votes: Sequence[Vote]) -> Approval:
    return Approval(
        id=row["id"],
        run_id=row["run_id"],
        workflow_id=row["workflow_id"],
        path=row["path"],
        status=ApprovalStatus(row["status"]),
        terms=_terms(exact_json.stored(row["terms"])),
        votes=tuple(votes),
        created_at=row["created_at"],
        due_at=row["due_at"],
        decided_at=row["decided_at"],
        decided_by=row["decided_by"],
        comment=row["comment"],
    )


def _terms(stored: JsonValue) -> Terms:
    terms: JsonObject = stored if isinstance(stored, dict) else {}
    approvers = terms.get("approvers")
    return Terms(
        title=_text(terms, "title") or "Approval",
        reason=_text(terms, "reason"),
        description=_text(terms, "description"),
        approvers=tuple(map(str, approvers)) if isinstance(approvers, list) else (),
        required=int(str(terms.get("required", 1))),
        allow_api_keys=terms.get("allowApiKeys") is True,
        no_self_approval=terms.get("noSelfApproval") is not False,
        on_timeout=_text(terms, "onTimeout") or "reject",
        approve_label=_text(terms, "approveLabel"),
        reject_label=_text(terms, "rejectLabel"),
        notify=terms.get("notify") is not False,
    )


def _text(terms: JsonObject, name: str) -> str | None:
    value = terms.get(name)
    return value if isinstance(value, str) else None


async def list_backgrounds(
    connection: Connection, company_id: UUID, approval_ids: Sequence[UUID]
) -> dict[UUID, Background]:
    """Return for each approval the name of its workflow and who started its run."""
    if not approval_ids:
        return {}
    rows = await connection.fetch(_BACKGROUNDS, company_id, approval_ids)
    keys = {decode_id(Prefix.KEY, row["started_by"] or "") for row in rows} - {None}
    named = await connection.fetch(_KEY_NAMES, company_id, list(keys)) if keys else []
    names = {encode_id(Prefix.KEY, row["id"]): row["name"] for row in named}
    return {
        row["id"]: Background(row["workflow_name"], row["started_by"], names.get(row["started_by"]))
        for row in rows
    }


async def lock_run(connection: Connection, company_id: UUID, run_id: UUID) -> str | None:
    """Lock the run before its approval, as the engine does; return who started it."""
    started_by: str | None = await connection.fetchval(_LOCK_RUN, company_id, run_id)
    return started_by


async def add_vote(connection: Connection, company_id: UUID, approval_id: UUID, vote: Vote) -> None:
    """Store what an approver said; who has said something already changes nothing."""
    await connection.execute(
        _VOTE, company_id, approval_id, vote.voter, vote.is_approved, vote.comment, vote.at
    )


async def decide(
    connection: Connection,
    company_id: UUID,
    approval_id: UUID,
    status: ApprovalStatus,
    vote: Vote,
) -> None:
    """Close an open approval with the vote that decided it."""
    await connection.execute(
        _DECIDE, company_id, approval_id, status, vote.at, vote.voter, vote.comment
    )


async def take_untold(
    connection: Connection, now: datetime, most: int
) -> list[tuple[UUID, Approval]]:
    """Return open approvals of any company that nobody was told of, noted as told from now on."""
    rows = await connection.fetch(_TAKE_UNTOLD, now, most)
    return [(row["company_id"], _approval(row, ())) for row in rows]


async def list_named_members(
    connection: Connection, company_id: UUID, names: Iterable[str], roles: Iterable[str]
) -> list[UUID]:
    """Return the members of these roles whom an approval names, by e-mail address or id."""
    named = list(names)
    ids = [found for name in named if (found := decode_id(Prefix.MEMBER, name)) is not None]
    rows = await connection.fetch(_NAMED_MEMBERS, company_id, list(roles), named, ids)
    return [row["id"] for row in rows]


async def list_members_of(
    connection: Connection, company_id: UUID, roles: Iterable[str]
) -> list[UUID]:
    """Return the members of these roles."""
    rows = await connection.fetch(_MEMBERS_OF, company_id, list(roles))
    return [row["id"] for row in rows]


async def find_member_email(
    connection: Connection, company_id: UUID, member_id: UUID
) -> str | None:
    """Return the e-mail address of a member, or None."""
    email: str | None = await connection.fetchval(_MEMBER_EMAIL, company_id, member_id)
    return email


async def list_people_behind(
    connection: Connection, company_id: UUID, names: Iterable[str | None]
) -> dict[str, frozenset[str]]:
    """Return for each name of an actor those behind it: itself, and who made and owns a key."""
    people = {name: {name} for name in names if name is not None}
    keys = {decode_id(Prefix.KEY, name) for name in people} - {None}
    if keys:
        for row in await connection.fetch(_KEY_PEOPLE, company_id, list(keys)):
            people[encode_id(Prefix.KEY, row["id"])] |= {row["created_by"], row["owner"]}
    return {name: frozenset(behind) for name, behind in people.items()}
