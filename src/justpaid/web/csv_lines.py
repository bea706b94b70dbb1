"""Lines of CSV that a spreadsheet opens as data.

Guarantee: no cell is taken for a formula, whatever somebody put into a name or a header.
"""

import csv
import io
from collections.abc import Sequence
from typing import Final

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_line(cells: Sequence[str | int | None]) -> str:
    """Write one line; a text that a spreadsheet would compute gets an apostrophe in front."""
    line = io.StringIO()
    csv.writer(line).writerow([_safe(cell) for cell in cells])
    return line.getvalue()


def _safe(cell: str | int | None) -> str | int:
    if isinstance(cell, str) and cell.lstrip(" ").startswith(_FORMULA):
        return f"'{cell}"
    return "" if cell is None else cell
