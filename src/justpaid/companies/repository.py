"""Every statement on companies."""

from datetime import datetime
from uuid import UUID

from justpaid.companies.model import Company, EnvironmentValue, LeakPolicy
from justpaid.db.pool import Connection, Row

_COLUMNS = "id, name, time_zone, currency, leak_policy, created_at"
_INSERT = f"""
INSERT INTO companies (id, name, time_zone, currency) VALUES ($1, $2, $3, $4) RETURNING {_COLUMNS}
"""
_FIND = f"SELECT {_COLUMNS} FROM companies WHERE id = $1"
_LIST = f"SELECT {_COLUMNS} FROM companies ORDER BY created_at, id"
_LOCK = f"SELECT {_COLUMNS} FROM companies WHERE id = $1 FOR NO KEY UPDATE"
_UPDATE = f"""
UPDATE companies SET name = $2, time_zone = $3, currency = $4, leak_policy = $5 WHERE id = $1
RETURNING {_COLUMNS}
"""
_LIST_ENVIRONMENT = "SELECT name, value FROM environment_values WHERE company_id = $1"
_VALUE = "name, value, updated_at, updated_by"
_LIST_VALUES = f"SELECT {_VALUE} FROM environment_values WHERE company_id = $1 ORDER BY name"
_COUNT_VALUES = """
SELECT count(*) FROM environment_values WHERE company_id = $1 AND name <> $2
"""
_SET_VALUE = f"""
INSERT INTO environment_values (company_id, name, value, updated_at, updated_by)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (company_id, name) DO UPDATE SET value = excluded.value,
  updated_at = excluded.updated_at, updated_by = excluded.updated_by
RETURNING {_VALUE}
"""
_DELETE_VALUE = """
DELETE FROM environment_values WHERE company_id = $1 AND name = $2 RETURNING name
"""


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


async def lock(connection: Connection, company_id: UUID) -> Company | None:
    """Lock a company against other changes and return it, or None."""
    row = await connection.fetchrow(_LOCK, company_id)
    return None if row is None else _company(row)


async def update(connection: Connection, company_id: UUID, company: Company) -> Company:
    """Store a company's changed fields."""
    row = await connection.fetchrow(
        _UPDATE,
        company_id,
        company.name,
        company.time_zone,
        company.currency,
        company.leak_policy.value,
    )
    if row is None:
        raise RuntimeError("an update returned no row")
    return _company(row)


async def list_all(connection: Connection) -> list[Company]:
    """List them all, oldest first: any company, for the operator alone."""
    return [_company(row) for row in await connection.fetch(_LIST)]


async def list_environment_values(connection: Connection, company_id: UUID) -> dict[str, str]:
    """Return the values that an admin set for a company's workflows."""
    rows = await connection.fetch(_LIST_ENVIRONMENT, company_id)
    return {row["name"]: row["value"] for row in rows}


async def list_values(connection: Connection, company_id: UUID) -> list[EnvironmentValue]:
    """List the environment values with who set them and when, by name."""
    rows = await connection.fetch(_LIST_VALUES, company_id)
    return [EnvironmentValue(**dict(row)) for row in rows]


async def count_other_values(connection: Connection, company_id: UUID, name: str) -> int:
    """Count the environment values of other names."""
    count: int = await connection.fetchval(_COUNT_VALUES, company_id, name)
    return count


async def set_value(
    connection: Connection, company_id: UUID, name: str, value: str, *, at: datetime, by: str
) -> EnvironmentValue:
    """Store an environment value."""
    row = await connection.fetchrow(_SET_VALUE, company_id, name, value, at, by)
    if row is None:
        raise RuntimeError("an insert returned no row")
    return EnvironmentValue(**dict(row))


async def delete_value(connection: Connection, company_id: UUID, name: str) -> bool:
    """Delete an environment value; False when there is none."""
    return await connection.fetchval(_DELETE_VALUE, company_id, name) is not None


def _company(row: Row) -> Company:
    return Company(
        id=row["id"],
        name=row["name"],
        time_zone=row["time_zone"],
        currency=row["currency"],
        leak_policy=LeakPolicy(row["leak_policy"]),
        created_at=row["created_at"],
    )
