"""Approvals, and the step that a child run belongs to."""

from justpaid.db.migrations.sql_file import run_sql_file

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Create the tables of approvals, and the column of child runs."""
    run_sql_file(__file__)
