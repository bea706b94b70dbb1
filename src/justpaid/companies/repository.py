"""Every statement on companies."""

from uuid import UUID

from justpaid.companies.model import Company, LeakPolicy
from justpaid.db.pool import Connection, Row

_COLUMNS = "id, name, time_zone, currency, leak_policy, created_at"
_INSERT = f"""
INSERT INTO companies (id, name, time_zone, currency) VALUES ($1, $2, $3, $4) RETURNING {_COLUMNS}
"""
_FIND = f"SELECT {_COLUMNS} FROM companies WHERE id = $1"
_LIST = f"SELECT {_COLUMNS} FROM companies ORDER BY created_at, id"
_LIST_ENVIRONMENT = "SELECT name, value FROM environment_values WHERE company_id = $1"


async def insert(
    connection: Connection, company_id: UUID, *, name: str, time_zone: str, currency: str
) -> Company:
    """Store a new company."""
    row = await connection.fetchrow(_INSERT, company_id, name, time_zone, currency)
    if row is None:
        raise RuntimeError("an insert returned no row")
    return _company(row)


async def find(connection: Connection, company_id: UUID) -> Company | None:
    """Return a company, or None."""
    row = await connection.fetchrow(_FIND, company_id)
    return None if row is None else _company(row)


async def list_all(connection: Connection) -> list[Company]:
    """List them all, oldest first: any company, for the operator alone."""
    return [_company(row) for row in await connection.fetch(_LIST)]


def _company(row: Row) -> Company:
    return Company(
        id=row["id"],
        name=row["name"],
        time_zone=row["time_zone"],
        currency=row["currency"],
        leak_policy=LeakPolicy(row["leak_policy"]),
        created_at=row["created_at"],
    )


async def list_environment_values(connection: Connection, company_id: UUID) -> dict[str, str]:
    """Return the values that an admin set for a company's workflows."""
    rows = await connection.fetch(_LIST_ENVIRONMENT, company_id)
    return {row["name"]: row["value"] for row in rows}
