"""A short soak in every test run; `make faults` plays a long one."""

import secrets

from tests.faults.soak.play import Plan, play

_KILLS = 50


async def test_nothing_is_lost_or_doubled_whatever_is_killed(database_url: str) -> None:
    """Fifty random SIGKILLs over API and workers lose no run and repeat no effect."""
    plan = Plan(
        _KILLS, secrets.randbelow(10**9), gap_seconds=0.2, customers=24, patience_seconds=60.0
    )
    outcome = await play(plan, lambda _: None, database_url)
    assert sum(outcome.reaper.kills.values()) == _KILLS
    assert len(outcome.journal.runs) > _KILLS
    assert outcome.verdict.holds, f"seed {plan.seed}: {outcome.verdict.broken}"
