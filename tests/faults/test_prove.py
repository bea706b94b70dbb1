"""`justpaid prove`, as a buyer meets it: it says what holds, and also what does not."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from justpaid.cli import app
from justpaid.proofs import of_runs, play
from justpaid.proofs.outside import Outside
from justpaid.settings import Settings

COMMAND = [sys.executable, "-m", "justpaid.cli", "prove"]
SECONDS = 300


def test_every_guarantee_holds(tmp_path: Path) -> None:
    """The command tries all of them for real, whatever is installed here, and leaves nothing."""
    environment = os.environ | {
        "TMPDIR": str(tmp_path),
        "REDIS_URL": "redis://127.0.0.1:1",
        "JUSTPAID_LEASE_SECONDS": "300",
    }
    answer = subprocess.run(
        [*COMMAND, "--json"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert answer.stdout, answer.stderr
    report = json.loads(answer.stdout)
    broken = [proof for proof in report["proofs"] if not proof["holds"]]
    assert broken == []
    assert [proof["name"] for proof in report["proofs"]] == [proof.name for proof in play.PROOFS]
    assert report["holds"]
    assert answer.returncode == 0
    assert list(tmp_path.iterdir()) == []


def test_what_does_not_hold_is_said(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """With a hole in the guard and a float for an amount both are broken, and the exit is 1."""
    settings = play._settings  # noqa: SLF001

    def without_a_guard(folder: Path, outside: Outside) -> Settings:
        return replace(settings(folder, outside), outbound_allow="127.0.0.1")

    monkeypatch.setattr(play, "_settings", without_a_guard)
    monkeypatch.setattr(of_runs, "_TWENTY_DIGITS", 12345678901234567890.0)
    with pytest.raises(SystemExit) as ended:
        app(["prove", "numbers", "addresses", "expressions"])
    page = capfd.readouterr().out
    assert ended.value.code == 1, page
    assert "1 of 3 held" in page
    assert page.count("BROKEN") == 2
    assert "not refused" in page


def test_an_unknown_guarantee_is_named() -> None:
    """A misspelt name starts nothing and is told what there is."""
    result = CliRunner().invoke(app, ["prove", "numbres"])
    assert result.exit_code == 2
    assert "limits, revocation, kill" in result.output
