"""Runs the SQL file that stands beside a migration of the same name."""

from pathlib import Path

from alembic import op


def run_sql_file(migration_file: str) -> None:
    """Execute the statements of `<migration>.sql`, each of which ends with `;` at a line's end."""
    text = Path(migration_file).with_suffix(".sql").read_text(encoding="utf-8")
    for statement in text.split(";\n"):
        if statement.strip():
            op.get_bind().exec_driver_sql(statement)
