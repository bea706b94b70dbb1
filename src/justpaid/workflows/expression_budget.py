"""How much expression text one definition may hold: compiling it must not hold up other requests.

An expression compiles in about 0.1 ms, a long one in 20 µs a character: a megabyte of them would
take half a minute.
"""

from typing import Final

from justpaid.errors import Problem
from justpaid.exact_json import JsonValue
from justpaid.expressions.template_text import Inner, split

MAX_EXPRESSIONS: Final = 4_000
MAX_CHARACTERS: Final = 60_000
_OPENING: Final = "{{"


class ExpressionBudget:
    """What is left for a definition; once it is spent, that is reported once."""

    def __init__(self, problems: list[Problem]) -> None:
        self._problems = problems
        self._expressions = MAX_EXPRESSIONS
        self._characters = MAX_CHARACTERS
        self._is_reported = False

    def allows(self, value: JsonValue, place: str, *, is_expression: bool = False) -> bool:
        """Count what a value holds before it is compiled; False when that is too much.

        `is_expression`: every text in it may be one, with braces or without.
        """
        waiting: list[JsonValue] = [value]
        while waiting and self._expressions >= 0 and self._characters >= 0:
            inner = waiting.pop()
            if isinstance(inner, dict):
                waiting.extend(inner.values())
            elif isinstance(inner, list):
                waiting.extend(inner)
            elif isinstance(inner, str):
                self._count(inner, is_expression=is_expression)
        if self._expressions >= 0 and self._characters >= 0:
            return True
        if not self._is_reported:
            self._is_reported = True
            message = (
                f"the workflow has more than {MAX_EXPRESSIONS} templates and expressions, "
                f"or more than {MAX_CHARACTERS} characters in them"
            )
            self._problems.append(Problem(place, message))
        return False

    def _count(self, text: str, *, is_expression: bool) -> None:
        if is_expression:
            self._expressions -= 1
            self._characters -= len(text)
        elif _OPENING in text:
            for part in split(text):
                if isinstance(part, Inner):
                    self._expressions -= 1
                    self._characters -= len(part.source)
