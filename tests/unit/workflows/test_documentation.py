"""The users' page on workflows: its examples compile, its order tables are true, it is complete."""

import re
from pathlib import Path
from typing import Any, cast

import pytest

from justpaid import exact_json
from justpaid.exact_json import JsonObject, JsonValue
from justpaid.steps.catalogue import STEP_TYPES
from justpaid.workflows.definition_schema import (
    ERROR_HANDLING_SCHEMA,
    RETRY_SCHEMA,
    SETTINGS_SCHEMA,
    STEP_SCHEMA,
    TOP_LEVEL_SCHEMA,
)
from justpaid.workflows.event_filter import OPERATORS
from justpaid.workflows.program import compile_definition
from justpaid.workflows.trigger import TRIGGER_SCHEMAS, WEBHOOK_PROVIDERS

PAGE = (Path(__file__).parents[3] / "docs" / "workflows.md").read_text("utf-8")
BLOCK = re.compile(
    r"```json\n(.*?)```\n(?:\n\| Step \| Depends on \|\n[-| ]+\n((?:\|[^\n]*\n)+))?", re.DOTALL
)


def _examples() -> list[tuple[JsonObject, str]]:
    """Return every example as a definition, with the order table that follows it."""
    found: list[tuple[JsonObject, str]] = []
    for text, table in BLOCK.findall(PAGE):
        value: JsonValue = exact_json.parse(text)
        if isinstance(value, list):
            value = {"name": "Example", "trigger": {"type": "api"}, "steps": value}
        assert isinstance(value, dict)
        found.append((value, table))
    return found


@pytest.mark.parametrize(("definition", "table"), _examples())
def test_an_example_compiles_and_is_ordered_as_the_page_says(
    definition: JsonObject, table: str
) -> None:
    """A reader who copies an example can store it, and its steps run in the order shown."""
    program = compile_definition(definition, STEP_TYPES)
    for row in table.splitlines():
        step_id, needed = (cell.strip() for cell in row.strip("|").split("|"))
        assert ", ".join(program.nodes[step_id].dependencies) == needed


def test_the_page_has_its_examples() -> None:
    """The pattern that finds the examples still finds them all."""
    assert len(_examples()) == PAGE.count("```json")
    assert sum(bool(table) for _, table in _examples()) == PAGE.count("| Step | Depends on |")


FIELDS: list[tuple[str, Any]] = [
    ("the document", TOP_LEVEL_SCHEMA),
    ("settings", SETTINGS_SCHEMA),
    ("a step", STEP_SCHEMA),
    ("retryConfig", RETRY_SCHEMA),
    *((f"the trigger {name}", schema) for name, schema in TRIGGER_SCHEMAS.items()),
]


@pytest.mark.parametrize(("name", "schema"), FIELDS, ids=[name for name, _ in FIELDS])
def test_every_field_has_a_row(name: str, schema: Any) -> None:
    """Whatever can be written is explained."""
    missing = [field for field in schema["properties"] if f"| `{field}` |" not in PAGE]
    assert [field for field in missing if field != "type"] == [], name


def test_every_word_of_the_closed_lists_stands_on_the_page() -> None:
    """Strategies, providers and operators are all named."""
    strategies = cast("Any", ERROR_HANDLING_SCHEMA)["properties"]["strategy"]["enum"]
    assert all(f"`{word}`" in PAGE for word in (*strategies, *OPERATORS))
    assert all(f"**`{name}`**" in PAGE for name in TRIGGER_SCHEMAS)
    assert all(provider in PAGE for provider in WEBHOOK_PROVIDERS)


@pytest.mark.parametrize("name", STEP_TYPES)
def test_every_step_type_has_its_section(name: str) -> None:
    """A step type that can be used is documented, with every field of its config."""
    section = re.search(rf"^### {name}\n(.*?)(?=^##)", PAGE, re.DOTALL | re.MULTILINE)
    assert section is not None
    schema = cast("Any", STEP_TYPES[name].config_schema)
    missing = [field for field in schema["properties"] if f"| `{field}` |" not in section[1]]
    assert missing == []
