"""The page on authentication: its samples run as printed, its tables say what the code does."""

import asyncio
import os
import re
import shutil
import sys
from asyncio.subprocess import PIPE
from pathlib import Path
from uuid import UUID

import pytest

from justpaid.api_keys.key_changes import zero_tail
from justpaid.api_keys.key_format import is_well_formed
from justpaid.db.pool import Pool
from justpaid.scopes import ALLOWS, DEFAULT_LIMITS, Category
from tests.api.gate_world import EVERYTHING, KEYS, OPERATOR
from tests.faults.processes import api_process

PAGE = (Path(__file__).parents[2] / "docs" / "authentication.md").read_text(encoding="utf-8")
ADDRESS = "http://127.0.0.1:8080"
SAMPLES = re.findall(r"```(sh|javascript|python)\n(.*?)```", PAGE, re.DOTALL)
INSTALLED = Path(sys.executable).parent  # node lies beside the interpreter that runs the tests
RUNNERS = {
    "sh": ["sh", "-euc"],
    "javascript": ["node", "--input-type=module", "--eval"],
    "python": [sys.executable, "-c"],
}
# Sends what curl's command line says, where there is no curl: address, -H, -X and -d.
CURL_STAND_IN = f"""#!{sys.executable}
import argparse, urllib.error, urllib.request
known = argparse.ArgumentParser()
known.add_argument("address")
known.add_argument("-H", action="append", default=[])
known.add_argument("-X")
known.add_argument("-d")
told = known.parse_args()
headers = dict(line.split(": ", 1) for line in told.H)
body = None if told.d is None else told.d.encode()
request = urllib.request.Request(told.address, body, headers, method=told.X)
try:
    answer = urllib.request.urlopen(request)
except urllib.error.HTTPError as refusal:
    answer = refusal
print(answer.read().decode())
"""


@pytest.fixture
def programs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """Return the PATH of a reader's shell; without curl it leads to the stand-in, and says so."""
    if shutil.which("curl") is None:
        stand_in = tmp_path / "curl"
        stand_in.write_text(CURL_STAND_IN)
        stand_in.chmod(0o755)
        with capsys.disabled():
            sys.stdout.write("\nThere is no curl here: its command lines are sent by Python.\n")
    return os.pathsep.join([str(INSTALLED), os.environ["PATH"], str(tmp_path)])


async def run_sample(language: str, code: str, key: str, programs: str) -> tuple[int, str]:
    """Run a sample as a reader would; return its exit status and all that it printed."""
    process = await asyncio.create_subprocess_exec(
        *RUNNERS[language],
        code,
        env=os.environ | {"JUSTPAID_API_KEY": key, "PATH": programs},
        stdout=PIPE,
        stderr=PIPE,
    )
    async with asyncio.timeout(60):
        output, errors = await process.communicate()
    return process.returncode or 0, (output + errors).decode()


async def test_every_sample_runs_as_printed(
    database_url: str, pool: Pool, company_id: UUID, programs: str
) -> None:
    """A reader who pastes a sample gets an answer, and a clear failure with a wrong key."""
    async with pool.acquire() as connection, zero_tail(connection) as changes:
        created = await KEYS.create_key(changes, company_id, EVERYTHING, by=OPERATOR)
    assert {language for language, _ in SAMPLES} == set(RUNNERS)
    async with api_process(database_url, database_url) as (_, address):
        for language, code in SAMPLES:
            assert ADDRESS in code
            sample = code.replace(ADDRESS, address)
            status, output = await run_sample(language, sample, created.secret, programs)
            assert status == 0, output
            assert "Acme GmbH" in output
            status, output = await run_sample(language, sample, "wfk_wrong", programs)
            assert "401" in output or "UNAUTHORIZED" in output
            assert (status != 0) == (language != "sh")


@pytest.mark.parametrize(("scope", "sentence"), list(ALLOWS.items()))
def test_scopes_stand_in_the_contracts_words(scope: str, sentence: str) -> None:
    """The page lists each scope with the published sentence."""
    assert f"| `{scope}` | {sentence} |" in PAGE


def test_the_page_names_the_limits_and_a_real_example_key() -> None:
    """The limits on the page are the ones enforced; its example key passes the checksum."""
    for category, row in (
        (Category.READ, r"read \(`GET`, `HEAD`\)"),
        (Category.WRITE, r"write \(.*\)"),
        (Category.EXECUTE, r"workflow execution \(.*\)"),
    ):
        assert re.search(rf"^\| {row} \| {DEFAULT_LIMITS[category]} \|$", PAGE, re.MULTILINE)
    example = re.search(r"`(wfk_[0-9A-Za-z]{49})`", PAGE)
    assert example is not None
    assert is_well_formed(example[1])
