"""CSV for spreadsheets: whatever stands in a cell, none computes it."""

import csv
import io

import pytest

from justpaid.web.csv_lines import csv_line


def _cells(line: str, delimiter: str) -> list[str]:
    (cells,) = csv.reader(io.StringIO(line), delimiter=delimiter)
    return cells


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        " =1+1",
        "x;=1+1",
        "x; =1+1;y",
        'x;"=1+1"',
        '{"note":"a;+cmd|\' /C calc\'!A0;b"}',
        "x;y;@SUM(A1)",
        "\uff1d1+1",
        "a;\uff1d1",
    ],
)
def test_no_part_of_a_cell_is_a_formula(text: str) -> None:
    """A spreadsheet that divides lines at commas, or at semicolons, finds text alone."""
    line = csv_line(["at", text, 3])
    for delimiter in ",;":
        for cell in _cells(line, delimiter):
            assert cell.lstrip(' "').lstrip()[:1] not in set("=+-@\uff1d")


@pytest.mark.parametrize("text", ["plain", "a;b", "a-b=c+d@e", "GET /a,b", 'say "x"'])
def test_plain_text_stays_as_it_is(text: str) -> None:
    """What computes nothing comes out as it went in."""
    assert _cells(csv_line([text, None, 7]), ",") == [text, "", "7"]
