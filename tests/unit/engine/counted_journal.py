"""A journal that tells what planning costs, in looks instead of seconds."""

from typing import Any

from typing_extensions import override

from justpaid.engine.model import StepRecord


class Counted(dict[str, StepRecord]):
    """A journal that counts how often it is looked at."""

    looks = 0

    @override
    def get(self, key: str, default: Any = None) -> Any:
        """Look at a step."""
        self.looks += 1
        return super().get(key, default)
