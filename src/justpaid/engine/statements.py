"""The engine's statements, read once from `journal.sql` by their names."""

from importlib import resources
from typing import Final


def _read_parts() -> dict[str, str]:
    text = resources.files("justpaid.engine").joinpath("journal.sql").read_text(encoding="utf-8")
    parts = (part.partition("\n") for part in text.split("-- name: ")[1:])
    return {name.strip(): body.strip() for name, _, body in parts}


PARTS: Final = _read_parts()
