"""The type of a step as a run's record shows it."""

from justpaid.db.migrations.sql_file import run_sql_file

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Create the type."""
    run_sql_file(__file__)
