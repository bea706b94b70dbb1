"""Resolutions of effects in doubt; what retention has removed of runs."""

from justpaid.db.migrations.sql_file import run_sql_file

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the columns, the index of what can be removed, and the walks' positions."""
    run_sql_file(__file__)
