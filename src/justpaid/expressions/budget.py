"""Counted work: an expression ends after a fixed number of units, never after a time.

Guarantee: the same expression on the same values succeeds or fails alike on every machine.
"""

from typing import Final

from justpaid.expressions.errors import Fault

UNITS: Final = 100_000
CHARACTERS_PER_UNIT: Final = 64


class Budget:
    """The units an expression may still spend.

    Every operation costs one unit, every element handled or made one, and every 64 characters of
    text handled or made one.
    """

    __slots__ = ("left", "spender", "units")

    def __init__(self, units: int = UNITS, spender: str = "the expression needs") -> None:
        self.units = units
        self.left = units
        self.spender = spender

    def charge(self, units: int) -> None:
        """Spend `units`; raise Fault when they are not there."""
        self.left -= units
        if self.left < 0:
            self.left = 0
            raise Fault(f"{self.spender} more than {self.units:,} units of work")

    def charge_text(self, characters: int) -> None:
        """Spend what a text of this length costs to handle or make."""
        self.charge(1 + characters // CHARACTERS_PER_UNIT)
