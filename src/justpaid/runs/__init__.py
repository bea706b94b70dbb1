"""Runs as people see them: start, list, inspect, cancel, retry, logs, the ledger of effects."""
