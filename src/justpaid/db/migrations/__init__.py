"""Alembic migrations, written as SQL."""
