"""The documents: links lead somewhere, and nothing speaks of the machine it was written on."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    page
    for folder in (ROOT, ROOT / "docs", ROOT / "docs" / "decisions")
    for page in folder.glob("*.md")
)
_LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """A reader who follows a link of the documentation arrives."""
    broken = [
        link
        for link in _LINK.findall(page.read_text(encoding="utf-8"))
        if "://" not in link and not link.startswith("/") and not (page.parent / link).exists()
    ]
    assert broken == []


def test_the_changelog_has_an_unreleased_part() -> None:
    """What a user would notice is written down before it is released."""
    assert "## Unreleased" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_no_path_of_one_machine_is_named() -> None:
    """The project runs anywhere: nothing in it points into the folder it was written in."""
    answer = subprocess.run(
        ["git", "grep", "-nIE", r"(/work/|/tmp/plan|/root/)", "--", ".", ":!tests/house"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.stdout == ""
