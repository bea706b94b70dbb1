"""Plans of the statements behind starts and records: by key, also when made on empty tables.

A connection that is held keeps its plan: one that walks all of a company's runs would be found out
only once there are many.
"""
# ruff: noqa: SLF001  the statements are no one else's business

import re

import pytest

from justpaid.db.pool import connect
from justpaid.engine.lanes import SESSION_SETTINGS
from justpaid.engine.statements import PARTS
from justpaid.runs import repository, start_facts, stream_rows

ID, IDS = "gen_random_uuid()", "ARRAY[gen_random_uuid()]"
KEYS = {"runs_pkey", "steps_pkey", "workflows_pkey", "connections_pkey", "effects_generation"}
STATEMENTS = {
    "accept": (PARTS["accept"], ["ARRAY[]::new_run_row[]"], {"runs_waiting"}),
    "facts": (start_facts._FACTS, [IDS, IDS, "ARRAY['k']", IDS], {"runs_idempotency"}),
    "runs": (repository._WHOLE_RUNS, [IDS, IDS], set[str]()),
    "ended": (repository._ENDED, [IDS], set[str]()),
    "run": (repository._RUN, [ID, ID], set[str]()),
    "effects": (repository._EFFECTS, [ID, ID], {"effects_of_run"}),
    "newest": (repository._NEWEST_OF_LINE, [ID, ID], {"runs_of_line"}),
    "events": (repository._STEP_EVENTS, [ID, ID, "1"], set[str]()),
    "streams": (
        stream_rows._SINCE,
        [IDS, IDS, "ARRAY[1::bigint]", "ARRAY['running']", "ARRAY[1]"],
        {"run_logs_pkey"},
    ),
    "notes": (repository._LOGS, [ID, ID, "1", "10"], {"run_logs_pkey"}),
}


@pytest.mark.parametrize("name", STATEMENTS)
async def test_a_plan_made_on_empty_tables_goes_by_key(database_url: str, name: str) -> None:
    """A generic plan made before there is any row searches by key, and scans nothing."""
    statement, arguments, further = STATEMENTS[name]
    connection = await connect(database_url, dict(SESSION_SETTINGS))
    try:
        await connection.execute(f"PREPARE asked AS {statement}")
        rows = await connection.fetch(f"EXPLAIN EXECUTE asked({', '.join(arguments)})")
    finally:
        await connection.close()
    plan = "\n".join(row[0] for row in rows)
    used = set(re.findall(r"(?:using|Index Scan on) (\w+)", plan))
    assert used, plan
    assert used <= KEYS | further, plan
    assert "Seq Scan" not in plan
