"""What can go wrong with an expression, always with the text and the place.

ExpressionFailure
├── ExpressionSyntaxError    the text is not an expression: found when a definition is stored
└── ExpressionError          the values do not fit, or a bound was passed: found during a run

`Fault` is the room's own: raised where the text is not known, and completed on the way out.
Positions count characters from 0.
"""

from typing import Final

_SHOWN: Final = 160


class ExpressionFailure(Exception):
    """Base of both: the reason, the expression, the position, and the place of its string."""

    def __init__(self, message: str, expression: str, position: int, where: str = "") -> None:
        super().__init__(message, expression, position, where)
        self.message = message
        self.expression = expression
        self.position = position
        self.where = where

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        return f"{place}{self.message} (position {self.position} of `{self._excerpt()}`)"

    def _excerpt(self) -> str:
        if len(self.expression) <= _SHOWN:
            return self.expression
        start = max(0, min(self.position - _SHOWN // 2, len(self.expression) - _SHOWN))
        end = start + _SHOWN
        before = "…" if start else ""
        after = "…" if end < len(self.expression) else ""
        return f"{before}{self.expression[start:end]}{after}"


class ExpressionSyntaxError(ExpressionFailure):
    """The text is not an expression of the language."""


class ExpressionError(ExpressionFailure):
    """The expression met values it cannot work with, or passed a bound."""


class Fault(Exception):
    """A failure on its way to the place that knows the expression.

    `argument` is the number (from 0) of the function argument at fault, when one is.
    """

    def __init__(
        self, message: str, position: int | None = None, *, argument: int | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.position = position
        self.argument = argument
