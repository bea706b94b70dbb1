"""Regular expressions without backtracking (RE2), bounded in size and charged by work."""

from collections.abc import Callable
from functools import lru_cache
from typing import Final, Protocol, cast

import re2  # pyright: ignore[reportMissingTypeStubs]  the package has no types

from justpaid.expressions.budget import Budget
from justpaid.expressions.errors import Fault
from justpaid.expressions.values import shortened

_MAX_CHARACTERS: Final = 1_000
_MEMORY_BYTES: Final = 1 << 19
# Compiling costs by instruction, matching at worst by character and instruction.
_INSTRUCTIONS_PER_UNIT: Final = 8
_COMPARISONS_PER_UNIT: Final = 512
# The package has no types; these are all of it that is used.
_Error: Final = cast("type[Exception]", re2.error)  # pyright: ignore[reportUnknownMemberType]
_compile: Final = cast("Callable[[str, re2.Options], _Pattern]", re2.compile)  # pyright: ignore[reportUnknownMemberType]


class _Pattern(Protocol):
    @property
    def programsize(self) -> int: ...

    def search(self, text: str) -> object | None: ...


def matches(text: str, pattern: str, budget: Budget) -> bool:
    """Tell whether a pattern matches anywhere in a text; raises Fault for a bad pattern."""
    compiled = _compiled(pattern)
    size = compiled.programsize
    budget.charge(1 + size // _INSTRUCTIONS_PER_UNIT + len(text) * size // _COMPARISONS_PER_UNIT)
    return compiled.search(text) is not None


@lru_cache(maxsize=128)
def _compiled(pattern: str) -> _Pattern:
    if len(pattern) > _MAX_CHARACTERS:
        raise Fault(f"the pattern has more than {_MAX_CHARACTERS:,} characters", argument=1)
    options = re2.Options()
    options.max_mem = _MEMORY_BYTES
    options.log_errors = False
    options.never_capture = True
    try:
        return _compile(pattern, options)
    except _Error as error:
        (reason,) = error.args or (b"",)
        reason = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
        message = f"the pattern '{shortened(pattern)}' is not understood: {reason}"
        raise Fault(message, argument=1) from None
