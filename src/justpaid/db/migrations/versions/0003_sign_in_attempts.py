"""Sign-in attempts counted by e-mail, known or not."""

from justpaid.db.migrations.sql_file import run_sql_file

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the table of attempts."""
    run_sql_file(__file__)
