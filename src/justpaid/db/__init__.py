"""PostgreSQL: pool, migrations, encryption and the embedded server."""
