"""The command line's own reading and writing, without a database."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from justpaid import __version__
from justpaid.api_keys.key_format import generate_key, hint_of
from justpaid.cli import app
from justpaid.cli_frame import print_table, say
from justpaid.cli_key_terms import find_form_problem, parse_expiry, parse_limits, parse_scopes
from justpaid.errors import InvalidInput
from justpaid.scopes import Category, Scope

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
VERBS = [
    [],
    ["serve"],
    ["demo"],
    ["prove"],
    ["api"],
    ["worker"],
    ["migrate"],
    ["setup-link"],
    ["members", "reset-link"],
    ["company", "create"],
    ["company", "list"],
    ["secrets", "check"],
    ["audit", "verify"],
    ["audit", "head"],
    *(
        ["keys", verb]
        for verb in ["create", "list", "rotate", "revoke", "disable", "enable", "check"]
    ),
]

LIST = ["company", "list"]


def test_scopes() -> None:
    """Scopes are read by their published names, `all` means all six, an unknown one is named."""
    assert parse_scopes("runs:read, workflows:read") == {Scope.RUNS_READ, Scope.WORKFLOWS_READ}
    assert parse_scopes("all") == set(Scope)
    with pytest.raises(InvalidInput) as caught:
        parse_scopes("runs:red")
    assert "'runs:red'" in caught.value.problems[0].message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12h", NOW + timedelta(hours=12)),
        ("90d", NOW + timedelta(days=90)),
        ("26w", NOW + timedelta(weeks=26)),
        ("2027-01-31", datetime(2027, 1, 31, tzinfo=UTC)),
        ("2027-01-31T10:00:00+02:00", datetime(2027, 1, 31, 8, tzinfo=UTC)),
    ],
)
def test_expiry(text: str, expected: datetime) -> None:
    """An expiry is a span from now or a moment, in UTC unless it says otherwise."""
    assert parse_expiry(text, NOW) == expected


@pytest.mark.parametrize("text", ["90", "soon", "90days", "-1d", "999999d", ""])
def test_an_expiry_that_is_none(text: str) -> None:
    """What is no expiry is refused with the option's name, never guessed."""
    with pytest.raises(InvalidInput) as caught:
        parse_expiry(text, NOW)
    assert caught.value.problems[0].field == "--expires"


def test_limits() -> None:
    """Limits are read by the names of the three budgets; anything else is refused."""
    found = parse_limits(["execute=100000", "read=5"])
    assert found == {Category.EXECUTE: 100_000, Category.READ: 5}
    for text in ("execute", "run=5", "read=-1", "read=many"):
        with pytest.raises(InvalidInput):
            parse_limits([text])


def test_every_verb_teaches_with_an_example() -> None:
    """Each verb's help shows at least one command to copy."""
    for verb in VERBS:
        answer = CliRunner().invoke(app, [*verb, "--help"])
        assert answer.exit_code == 0, verb
        assert " ".join(["justpaid", *verb]) in answer.stdout, verb


@pytest.mark.parametrize("port", ["-1", "65536", "99999"])
@pytest.mark.parametrize("verb", ["serve", "demo", "api", "setup-link"])
def test_a_port_that_is_none(verb: str, port: str) -> None:
    """A port that no computer has is wrong usage, and nothing is started."""
    answer = CliRunner().invoke(app, [verb, "--port", port])
    assert answer.exit_code == 2
    assert "Invalid value for '--port'" in answer.stderr


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://me:hush@127.0.0.1:1/none",
        "postgresql://me:hush@127.0.0.1:99999/none",
        "postgresql://me:hush@127.0.0.1:port/none",
        "postgresql://me:hush@127.0.0.1:1/none?sslmode=bogus",
        "nonsense",
    ],
)
@pytest.mark.parametrize(
    "verb", [["api", "--port", "0"], ["worker"], ["migrate"], ["serve", "--port", "0"], LIST]
)
def test_a_database_that_cannot_be_reached(verb: list[str], address: str, tmp_path: Path) -> None:
    """Every verb says in one line that DATABASE_URL leads nowhere, and ends with status 78."""
    environment = {"JUSTPAID_DATABASE_URL": address, "JUSTPAID_DATA_DIR": str(tmp_path)}
    answer = CliRunner().invoke(app, verb, env=environment)
    assert answer.exit_code == 78, answer.exception
    (line,) = answer.stderr.splitlines()
    assert "Check DATABASE_URL" in line
    assert "hush" not in line


@pytest.mark.parametrize("verb", ["serve", "api", "worker"])
def test_an_allowance_that_cannot_be_read(verb: str, tmp_path: Path) -> None:
    """A malformed JUSTPAID_OUTBOUND_ALLOW stops the start, instead of every start that follows."""
    environment = {"JUSTPAID_OUTBOUND_ALLOW": "10.0.0.0/8,s3cret host!"}
    answer = CliRunner().invoke(
        app, [verb, "--data-dir", str(tmp_path)], env=environment | {"JUSTPAID_PORT": "0"}
    )
    assert answer.exit_code == 78, answer.exception
    assert "JUSTPAID_OUTBOUND_ALLOW: must be" in answer.stderr
    assert "s3cret" not in answer.stderr
    assert not list(tmp_path.iterdir())


def test_an_address_of_another_machine(tmp_path: Path) -> None:
    """A host that is not ours is said as that at once, and no other port is recommended for it."""
    answer = CliRunner().invoke(
        app, ["serve", "--host", "203.0.113.7", "--port", "65535", "--data-dir", str(tmp_path)]
    )
    assert answer.exit_code == 78, answer.exception
    assert "an address of this machine with --host" in answer.stderr
    assert "65536" not in answer.stderr


def test_version() -> None:
    """`--version` prints the version and nothing else."""
    assert CliRunner().invoke(app, ["--version"]).stdout == f"{__version__}\n"


def test_a_well_formed_key() -> None:
    """A right key passes the offline check, which shows its hint and never the key."""
    key = generate_key()
    answer = CliRunner().invoke(app, ["keys", "check"], input=f"{key}\n")
    assert answer.exit_code == 0
    assert hint_of(key) in answer.stdout
    assert key not in answer.output


@pytest.mark.parametrize(
    ("spoil", "word"),
    [
        (lambda _: "", "nothing"),
        (lambda key: key[1:], "wfk_"),
        (lambda key: key[:-1], "52"),
        (lambda key: key[:-1] + "-", "letters"),
        (lambda key: key[:10] + ("a" if key[10] != "a" else "b") + key[11:], "checksum"),
    ],
)
def test_a_spoilt_key(spoil: Callable[[str], str], word: str) -> None:
    """A wrong key fails with the reason, and no part of it is repeated."""
    text = spoil(generate_key())
    answer = CliRunner().invoke(app, ["keys", "check"], input=text)
    assert answer.exit_code == 1
    assert word in answer.stderr
    assert find_form_problem(text) == answer.stderr.strip()
    assert not text or text[4:14] not in answer.output


def test_a_name_commands_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """Control characters in a name stand spelled out, in their own row; letters stay."""
    print_table(["NAME"], [["a\x1b[31m\nkey_x\u202e"], ["Größe 支払"]])
    say("first\n\x1b[2Jsecond")
    told = capsys.readouterr()
    assert told.out == "NAME\na\\x1b[31m\\nkey_x\\u202e\nGröße 支払\n"
    assert told.err == "first\n\\x1b[2Jsecond\n"
