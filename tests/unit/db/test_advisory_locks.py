"""Advisory locks are numbers that the whole database shares."""

import re
from collections import Counter
from pathlib import Path

SOURCE = Path(__file__).parents[3] / "src" / "justpaid"
NUMBER = re.compile(r"= 0x6A7570_([0-9A-F]{2})\b")


def test_no_two_rooms_take_the_same_lock() -> None:
    """What one room locks holds up nobody else: retention no revocation, no rotation a set-up."""
    taken = [
        number
        for module in sorted(SOURCE.rglob("*.py"))
        for number in NUMBER.findall(module.read_text(encoding="utf-8"))
    ]
    assert len(taken) >= 5
    assert [number for number, times in Counter(taken).items() if times > 1] == []
