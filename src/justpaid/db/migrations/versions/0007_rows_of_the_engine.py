"""The types of the rows that the engine writes."""

from justpaid.db.migrations.sql_file import run_sql_file

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Create a type for each kind of row."""
    run_sql_file(__file__)
