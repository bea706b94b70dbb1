"""The audit log: append-only, chained per company, written with what it records."""
