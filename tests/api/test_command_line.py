"""The command line on a real database: what it prints where, what it changes, how it ends."""

import json
from pathlib import Path
from uuid import UUID

import pytest

from justpaid.api_keys.key_format import is_well_formed
from justpaid.db.embedded import start_embedded
from justpaid.db.pool import Pool
from justpaid.db.secrets import SECRETS_FILE
from justpaid.ids import Prefix, encode_id
from tests.api.command_line import CommandLine


@pytest.fixture
def cli(database_url: str, tmp_path: Path) -> CommandLine:
    """Give a command line on the test's own database."""
    return CommandLine(JUSTPAID_DATABASE_URL=database_url, JUSTPAID_DATA_DIR=str(tmp_path))


async def test_a_key_is_printed_once(cli: CommandLine, pool: Pool, company_id: UUID) -> None:
    """A new key stands alone on stdout, in no table, and who made it stands in the audit log."""
    made = cli.run(
        *("keys", "create", "--name", "billing", "--scopes", "workflows:read,runs:read"),
        *("--expires", "90d", "--limit", "execute=100000"),
    )
    assert made.returncode == 0, made.stderr
    key = made.stdout.removesuffix("\n")
    assert is_well_formed(key)
    assert key not in made.stderr
    listed = json.loads(cli.run("keys", "list", "--json").stdout)
    assert [(each["name"], each["status"], each["limits"]) for each in listed] == [
        ("billing", "active", {"execute": 100_000})
    ]
    assert listed[0]["scopes"] == ["workflows:read", "runs:read"]
    assert key not in json.dumps(listed)
    rows = await pool.fetch("SELECT actor, action FROM audit_log WHERE company_id = $1", company_id)
    assert [row["action"] for row in rows] == ["api_key.created"]
    assert rows[0]["actor"].startswith("operator:")


async def test_rotate_then_revoke(cli: CommandLine, company_id: UUID) -> None:
    """Old and new stay valid after a rotation; revoking the old one ends it and leaves the new."""
    first = json.loads(cli.run("keys", "create", "--name", "n", "--scopes", "all", "--json").stdout)
    assert first["companyId"] == encode_id(Prefix.COMPANY, company_id)
    second = json.loads(cli.run("keys", "rotate", first["hint"], "--json").stdout)
    assert is_well_formed(second["key"])
    statuses = {each["id"]: each["status"] for each in _list(cli)}
    assert statuses == {first["id"]: "active", second["id"]: "active"}
    assert cli.run("keys", "revoke", "n").returncode == 1  # two of that name: which one?
    revoked = cli.run("keys", "revoke", first["id"], "--reason", "rotated")
    assert revoked.returncode == 0, revoked.stderr
    statuses = {each["id"]: each["status"] for each in _list(cli)}
    assert statuses == {first["id"]: "revoked", second["id"]: "active"}


@pytest.mark.usefixtures("company_id")
async def test_a_compromised_key_is_replaced_in_one_act(cli: CommandLine) -> None:
    """One verb ends the known key and prints the next one, or none where none is wanted."""
    first = json.loads(cli.run("keys", "create", "--name", "n", "--scopes", "all", "--json").stdout)
    done = cli.run("keys", "compromised", first["id"])
    assert is_well_formed(done.stdout.removesuffix("\n")), done.stderr
    statuses = sorted(each["status"] for each in _list(cli))
    assert statuses == ["active", "revoked"]
    second = next(each for each in _list(cli) if each["status"] == "active")
    assert second["rotatedFrom"] == first["id"]
    ended = cli.run("keys", "compromised", second["id"], "--no-replace")
    assert (ended.returncode, ended.stdout) == (0, ""), ended.stderr
    assert {each["status"] for each in _list(cli)} == {"revoked"}


async def test_a_changed_audit_log_is_found(cli: CommandLine, pool: Pool, company_id: UUID) -> None:
    """An operator proves the log whole, and hears where it was changed or that its end is cut."""
    for number in range(3):
        cli.run("keys", "create", "--name", f"n{number}", "--scopes", "all")
    assert cli.run("audit", "verify").returncode == 0
    head = cli.run("audit", "head").stdout.strip()
    in_json: dict[str, str] = json.loads(cli.run("audit", "head", "--json").stdout)
    assert in_json["head"].split(",")[:3] == head.split(",")[:3]
    await pool.execute("DELETE FROM audit_log WHERE company_id = $1 AND seq = 3", company_id)
    cut = cli.run("audit", "verify", "--json")
    assert cut.returncode == 1, cut.stderr
    assert json.loads(cut.stdout)["firstBadId"] is None
    await pool.execute(
        "UPDATE audit_heads h SET rows = 2, hash = l.hash FROM audit_log l"
        " WHERE h.company_id = $1 AND l.company_id = $1 AND l.seq = 2",
        company_id,
    )
    assert cli.run("audit", "verify").returncode == 0
    assert cli.run("audit", "verify", "--head", head).returncode == 1
    await pool.execute("UPDATE audit_log SET actor = 'x' WHERE company_id = $1", company_id)
    changed = cli.run("audit", "verify")
    assert (changed.returncode, changed.stdout) == (1, "")
    assert "aud_" in changed.stderr
    assert cli.run("audit", "verify", "--head", "nonsense").returncode == 1


@pytest.mark.usefixtures("company_id")
async def test_errors_say_what_to_do(cli: CommandLine) -> None:
    """Each kind of failure has its exit code, words on stderr, and nothing on stdout."""
    create = ("keys", "create", "--name", "x", "--scopes")
    for arguments, code, words in [
        ((*create, "runs:red"), 1, "runs:read"),
        ((*create, "all", "--expires", "soon"), 1, "90d"),
        ((*create, "all", "--company", "Nobody"), 3, "company list"),
        (("keys", "revoke", "key_01h45ytscbebyvny4gc8cr8ma2"), 3, "keys list"),
        (("keys", "create"), 2, "--name"),
        (("company", "create", ""), 1, "name"),
    ]:
        answer = cli.run(*arguments)
        assert (answer.returncode, answer.stdout) == (code, ""), arguments
        assert words in answer.stderr, arguments


async def test_the_secrets_are_proven_and_not_shown(cli: CommandLine, tmp_path: Path) -> None:
    """`secrets check` names versions and places, and shows no secret."""
    answer = cli.run("secrets", "check", "--json")
    assert [each["version"] for each in json.loads(answer.stdout)] == [1, 1, 1], answer.stderr
    lines = (tmp_path / SECRETS_FILE).read_text().splitlines()
    values = [line.partition("=")[2].removeprefix("1:") for line in lines if line[0] != "#"]
    assert len(values) == 3
    assert not [value for value in values if value in answer.stdout + answer.stderr]


def test_a_misspelt_setting_stops_every_verb(tmp_path: Path) -> None:
    """A verb on settings that cannot be used says so instead of using others."""
    cli = CommandLine(JUSTPAID_DATABASEURL="x", JUSTPAID_DATA_DIR=str(tmp_path))
    answer = cli.run("company", "list")
    assert answer.returncode == 78
    assert "JUSTPAID_DATABASE_URL" in answer.stderr


def test_an_embedded_database_needs_no_service(tmp_path: Path) -> None:
    """Verbs work on a stopped embedded database, which stops again, and join a running one."""
    data_dir = tmp_path / "data"
    cli = CommandLine(DATABASE_URL="", JUSTPAID_DATABASE_URL="")
    where = ("--data-dir", str(data_dir))
    nothing = cli.run("company", "list", *where)
    assert (nothing.returncode, data_dir.exists()) == (78, False)
    made = cli.run("company", "create", "Acme", "--currency", "EUR", "--json", *where)
    assert json.loads(made.stdout)["currency"] == "EUR", made.stderr
    embedded = start_embedded(data_dir)
    try:
        assert embedded.was_adopted is False
        listed = json.loads(cli.run("company", "list", "--json", *where).stdout)
        assert [each["name"] for each in listed] == ["Acme"]
        assert embedded.is_running()
    finally:
        embedded.destroy()


def _list(cli: CommandLine) -> list[dict[str, str]]:
    return json.loads(cli.run("keys", "list", "--json").stdout)
