"""Proofs about API keys: limits are exact, and a revoked key is refused from that moment on."""

import asyncio
import random
import time
from collections import Counter
from dataclasses import dataclass
from typing import Final

from justpaid.proofs.instance import Instance
from justpaid.proofs.model import Finding
from justpaid.scopes import DEFAULT_LIMITS, Category

_LIMIT: Final = DEFAULT_LIMITS[Category.READ]
_BURSTS: Final = 12
_BURST: Final = 100
_CALLERS: Final = 20
_WINDOW_SECONDS: Final = 60
_LONGEST_GAP_SECONDS: Final = 1.0
_OK, _UNAUTHORIZED, _TOO_MANY = 200, 401, 429

_REVOCATIONS: Final = 5
_BUSY_SECONDS: Final = 0.2


async def prove_limits(instance: Instance) -> Finding:
    """Send more reads than the limit within a minute, in bursts at random moments."""
    key = await instance.make_key("limited")
    chance = random.Random()  # noqa: S311  moments, not secrets
    told: list[tuple[int, str]] = []
    began = time.monotonic()
    for _ in range(_BURSTS):
        await asyncio.sleep(chance.uniform(0, _LONGEST_GAP_SECONDS))
        told += await _burst(instance, key.secret)
    seconds = time.monotonic() - began
    count = Counter(status for status, _ in told)
    waits = [header for status, header in told if status == _TOO_MANY]
    says_when = all(header.isdecimal() and 1 <= int(header) <= _WINDOW_SECONDS for header in waits)
    sent = _BURSTS * _BURST
    is_exact = count[_OK] == _LIMIT and count[_TOO_MANY] == sent - _LIMIT
    return Finding(
        f"{sent} reads with one key in {_BURSTS} bursts at random moments of {seconds:.1f} s;"
        f" its limit is {_LIMIT} a minute",
        f"{count[_OK]} accepted, {count[_TOO_MANY]} refused with 429"
        f"{' and a Retry-After of 1 to 60 s' if says_when else ', not all with a Retry-After'}",
        is_exact and says_when and seconds < _WINDOW_SECONDS,
    )


async def _burst(instance: Instance, key: str) -> list[tuple[int, str]]:
    """Send a burst by several callers at once; tell each answer's status and Retry-After."""
    told: list[tuple[int, str]] = []

    async def call() -> None:
        for _ in range(_BURST // _CALLERS):
            answer = await instance.ask("GET", "workflows?limit=1", key=key)
            told.append((answer.status, answer.headers.get("Retry-After", "")))

    await asyncio.gather(*(call() for _ in range(_CALLERS)))
    return told


@dataclass(frozen=True, slots=True)
class _Call:
    sent_at: float
    status: int


async def prove_revocation(instance: Instance) -> Finding:
    """Revoke keys while many callers use them; look at what was sent after the answer."""
    tail: list[_Call] = []
    refused = before = 0
    for number in range(_REVOCATIONS):
        key = await instance.make_key(f"revoked {number}", {Category.READ: 1_000_000})
        calls: list[_Call] = []
        callers = [
            asyncio.create_task(_keep_calling(instance, key.secret, calls)) for _ in range(_CALLERS)
        ]
        await asyncio.sleep(_BUSY_SECONDS)
        await instance.revoke_key(key.key.id)
        revoked_at = time.monotonic()
        await asyncio.sleep(_BUSY_SECONDS)
        for caller in callers:
            caller.cancel()
        await asyncio.gather(*callers, return_exceptions=True)
        tail += [call for call in calls if call.sent_at > revoked_at and call.status == _OK]
        refused += sum(call.status == _UNAUTHORIZED for call in calls)
        before += sum(call.status == _OK for call in calls)
    return Finding(
        f"{_REVOCATIONS} keys revoked while {_CALLERS} callers used each without a pause",
        f"{before} requests let in before, {refused} refused; of those sent after the revocation"
        f" was answered {len(tail)} were let in",
        not tail and refused > 0 and before > 0,
    )


async def _keep_calling(instance: Instance, key: str, calls: list[_Call]) -> None:
    while True:
        sent_at = time.monotonic()
        answer = await instance.ask("GET", "workflows?limit=1", key=key)
        calls.append(_Call(sent_at, answer.status))
