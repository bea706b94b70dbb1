"""Sealed parts of inputs and requests, and mail that is still to be sent."""

from justpaid.db.migrations.sql_file import run_sql_file

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Create the tables of sealed values and of mails, and what says whom a notice is for."""
    run_sql_file(__file__)
