"""The house: names, sizes and signatures that keep the code guessable."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "justpaid"
MODULES = sorted(SOURCE.rglob("*.py"))

FORBIDDEN_NAMES = {"utils", "util", "common", "helpers", "helper", "core", "misc", "scripts"}
MAX_MODULE_LINES = 400
MAX_FUNCTION_LINES = 50
# The engine's own SQL is keyed by run and fence; its company stands in every row it joins.
NO_COMPANY_FIRST = {"engine", "db", "web"}
REGISTRIES = re.compile(r"(pypi|pythonhosted|npmjs|debian|registry\.npm)\.(org|com)")


def _functions(module: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_no_room_is_named_for_nothing() -> None:
    """A folder or module says what is in it, never merely where it is."""
    names = {
        part for module in MODULES for part in module.relative_to(SOURCE).with_suffix("").parts
    }
    assert not names & FORBIDDEN_NAMES


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_module_stays_readable(module: Path) -> None:
    """A module opens with what it is for, and neither it nor a function of it outgrows a reader."""
    text = module.read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(text)), "the module has no docstring"
    assert len(text.splitlines()) <= MAX_MODULE_LINES
    long = [
        f"{function.name}: {length} lines"
        for function in _functions(module)
        if (length := (function.end_lineno or 0) - function.lineno + 1) > MAX_FUNCTION_LINES
    ]
    assert not long


@pytest.mark.parametrize(
    "module",
    [path for path in MODULES if path.name == "repository.py"],
    ids=lambda path: path.parent.name,
)
def test_company_comes_first(module: Path) -> None:
    """Company data is read and written for one company, named right after the connection."""
    wrong = [
        function.name
        for function in _functions(module)
        if not function.name.startswith("_")
        and function.args.args
        and function.args.args[0].arg == "connection"
        and (len(function.args.args) < 2 or function.args.args[1].arg != "company_id")
        and "any company" not in (ast.get_docstring(function) or "")
    ]
    assert not wrong, "say in the docstring why these serve any company, or take company_id"


def test_imports_stand_at_the_top() -> None:
    """An import inside a function, or for types only, hides a circle between rooms."""
    hidden = [
        f"{module.relative_to(SOURCE)}:{node.lineno}"
        for module in MODULES
        for function in _functions(module)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    hidden += [str(m) for m in MODULES if "TYPE_CHECKING" in m.read_text(encoding="utf-8")]
    assert not hidden


def test_nothing_is_parked() -> None:
    """What stands on main is finished: no stub, no skipped test, no note to self."""
    pattern = r"NotImplementedError|\bTODO\b|\bFIXME\b|mark\.xfail|mark\.skip\b|type: ignore"
    found = _grep(pattern, "src", "tests", "bench", "dashboard/src")
    assert [line for line in found if "tests/house/" not in line] == []


def test_no_registry_is_named() -> None:
    """Pins carry hashes and no address, so that any mirror serves them."""
    found = [line for line in _grep(REGISTRIES.pattern, ".") if "tests/house/" not in line]
    assert found == []


def _grep(pattern: str, *paths: str) -> list[str]:
    present = [path for path in paths if (ROOT / path).exists()]
    command = ["git", "grep", "-nIE", pattern, "--", *present]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert answer.returncode in {0, 1}, answer.stderr
    return answer.stdout.splitlines()
