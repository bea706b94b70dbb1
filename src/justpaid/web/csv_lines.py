"""Lines of CSV that a spreadsheet opens as data.

Guarantee: no cell is taken for a formula, whatever somebody put into a name or a header; nor is a
part of one, where a spreadsheet divides lines at semicolons, as many in Europe do.
"""

import csv
import io
import re
from collections.abc import Sequence
from typing import Final

_SIGNS: Final = "=+\\-@＝＋－＠"  # noqa: RUF001  spreadsheets read the wide ones too
_FORMULA: Final = re.compile(rf" *[{_SIGNS}\t\r\n]")
_LATER_FORMULA: Final = re.compile(rf"""([;\r\n][ "'\\]*)(?=[{_SIGNS}])""")


def csv_line(cells: Sequence[str | int | None]) -> str:
    """Write one line; a text that a spreadsheet would compute gets an apostrophe there."""
    line = io.StringIO()
    csv.writer(line).writerow([_safe(cell) for cell in cells])
    return line.getvalue()


def _safe(cell: str | int | None) -> str | int:
    if not isinstance(cell, str):
        return "" if cell is None else cell
    cell = _LATER_FORMULA.sub(r"\1'", cell)
    return f"'{cell}" if _FORMULA.match(cell) else cell
