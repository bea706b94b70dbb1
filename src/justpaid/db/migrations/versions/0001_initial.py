"""The first schema: companies, keys, workflows, runs, connections, audit."""

from justpaid.db.migrations.sql_file import run_sql_file

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create every table of the first release."""
    run_sql_file(__file__)
