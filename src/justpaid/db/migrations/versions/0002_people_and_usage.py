"""People, sessions, links; usage of keys, flags, notices and leaks."""

from justpaid.db.migrations.sql_file import run_sql_file

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the tables of the dashboard and of usage."""
    run_sql_file(__file__)
