"""Schemas that users write: exact numbers, nothing fetched, and no schema that multiplies work."""

from decimal import Decimal
from typing import Any

import pytest

from justpaid.errors import Problem
from justpaid.exact_json import JsonObject, JsonValue
from justpaid.workflows.schema_cost import MAX_SIZE, CostlySchema, unfolded_size
from justpaid.workflows.user_schema import MAX_BYTES, UserSchema, compile_user_schema


def compiled(schema: Any) -> UserSchema:
    """Compile a schema that is fine."""
    problems: list[Problem] = []
    found = compile_user_schema(schema, "inputSchema", problems)
    assert problems == []
    assert found is not None
    return found


def refused(schema: Any) -> dict[str, str]:
    """Return why a schema is refused: path → message."""
    problems: list[Problem] = []
    assert compile_user_schema(schema, "inputSchema", problems) is None
    return {problem.field: problem.message for problem in problems}


EXACT: list[tuple[JsonObject, Any, bool]] = [
    ({"multipleOf": Decimal("0.01")}, Decimal("19.99"), True),
    ({"multipleOf": Decimal("0.01")}, Decimal("1e30"), True),
    ({"multipleOf": Decimal("0.01")}, Decimal("19.999"), False),
    ({"multipleOf": Decimal("0.1")}, Decimal("0.30000000000000000000000001"), False),
    ({"maximum": Decimal("0.1")}, Decimal("0.1"), True),
    ({"maximum": Decimal("0.1")}, Decimal("0.1000000000000000000000001"), False),
    ({"maximum": 10**300}, 10**300 + 1, False),
    ({"maximum": 10**300}, 10**300, True),
    ({"type": "integer"}, Decimal("1.0"), True),
    ({"type": "integer"}, Decimal("1.5"), False),
    ({"type": "integer"}, 10**399, True),
    ({"const": Decimal("2.90")}, Decimal("2.9"), True),
    ({"enum": [10**30]}, Decimal("1e30"), True),
    ({"uniqueItems": True}, [Decimal("2.9"), Decimal("2.90")], False),
]


@pytest.mark.parametrize(("schema", "value", "is_valid"), EXACT)
def test_numbers_are_exact(schema: JsonObject, value: Any, *, is_valid: bool) -> None:
    """No binary float decides whether an amount is a whole number of cents."""
    assert (compiled(schema).problems(value) == []) is is_valid


def test_every_mistake_of_a_value_has_its_path() -> None:
    """Whoever sends a wrong input learns of all that is wrong, and where."""
    schema = compiled(
        {
            "type": "object",
            "required": ["customer"],
            "properties": {
                "amount": {"type": "number"},
                "lines": {"type": "array", "items": {"required": ["sku"]}},
                "mail": {"format": "email"},
            },
            "additionalProperties": False,
        }
    )
    value: Any = {"amount": "5", "lines": [{"sku": 1}, {}], "mail": "nobody", "odd key": 1}
    found = {problem.field: problem.message for problem in schema.problems(value, "input")}
    assert found == {
        "input.customer": "is required",
        "input.amount": "must be a number",
        "input.lines[1].sku": "is required",
        "input.mail": "is not a valid email",
        "input.odd key": "is not a known field",
    }


def test_true_and_false_are_schemas() -> None:
    """JSON Schema's two shortest schemas mean anything and nothing."""
    anything, nothing = (compiled(schema) for schema in (True, False))
    assert anything.problems({"x": 1}) == []
    assert len(nothing.problems({"x": 1})) == 1


REFUSED: list[tuple[Any, dict[str, str]]] = [
    (5, {"inputSchema": "must be a JSON Schema: an object, true or false"}),
    (
        {"properties": {"a": {"type": "text"}, "b": {"minLength": -1}}},
        {
            "inputSchema.properties.a.type": "has none of the allowed forms",
            "inputSchema.properties.b.minLength": "is less than the minimum of 0",
        },
    ),
    ({"pattern": "(?=a)"}, {"inputSchema.pattern": "is not a valid regex"}),
    ({"pattern": "(a{1000}){1000}"}, {"inputSchema.pattern": "is not a valid regex"}),
    (
        {"$schema": "http://json-schema.org/draft-07/schema#"},
        {"inputSchema.$schema": "must be https://json-schema.org/draft/2020-12/schema"},
    ),
    (
        {"$ref": "http://127.0.0.1:9/x"},
        {
            "inputSchema": "the schema may refer only to its own parts (#/…), "
            "not to 'http://127.0.0.1:9/x'"
        },
    ),
    (
        {"properties": {"a": {"$ref": "file:///etc/passwd"}}},
        {
            "inputSchema": "the schema may refer only to its own parts (#/…), "
            "not to 'file:///etc/passwd'"
        },
    ),
    (
        {"$ref": "#/$defs/x"},
        {"inputSchema": "the schema refers to '#/$defs/x', which does not exist"},
    ),
    (
        {"properties": {"a": {"$id": "http://127.0.0.1:9/"}}},
        {"inputSchema": "the schema can have $id only at its top"},
    ),
    (
        {"$dynamicRef": "#meta"},
        {"inputSchema": "the schema cannot use $dynamicRef: refer by #/$defs/<name>"},
    ),
    ({"$ref": "#"}, {"inputSchema": "the schema refers to '#' without going into the value"}),
    (
        {"allOf": [{"pattern": "a"}] * 25, "patternProperties": {str(n): {} for n in range(26)}},
        {"inputSchema": "has more than 50 patterns"},
    ),
    ({"description": "x" * MAX_BYTES}, {"inputSchema": f"is larger than {MAX_BYTES} bytes"}),
]


@pytest.mark.parametrize(("schema", "expected"), REFUSED)
def test_unusable_schemas_are_refused(schema: Any, expected: dict[str, str]) -> None:
    """What cannot be checked safely is refused when it is stored, not when a run needs it."""
    assert refused(schema) == expected


def doubling(links: int) -> Any:
    """Make a chain of definitions that each refer twice to the next."""
    chain: Any = {
        f"d{number}": {"allOf": [{"$ref": f"#/$defs/d{number + 1}"}] * 2} for number in range(links)
    }
    return {"$defs": {**chain, f"d{links}": {"type": "integer"}}, "$ref": "#/$defs/d0"}


def tree(node: JsonObject) -> JsonObject:
    """Make a schema that is one recursive definition."""
    return {"$defs": {"node": node}, "$ref": "#/$defs/node"}


NODE: JsonObject = {"$ref": "#/$defs/node"}

MULTIPLYING: list[tuple[str, Any]] = [
    ("a doubling chain", doubling(40)),
    ("a recursion twice into the items", tree({"allOf": [{"items": NODE}, {"items": NODE}]})),
    (
        "a recursion twice into one property",
        tree(
            {
                "anyOf": [
                    {"required": ["x"], "properties": {"o": NODE}},
                    {"required": ["y"], "properties": {"o": NODE}},
                ]
            }
        ),
    ),
    (
        "a property and a pattern that covers it",
        tree({"properties": {"a": NODE}, "patternProperties": {"^a": NODE}}),
    ),
    ("an item and contains", tree({"items": NODE, "contains": NODE})),
    (
        "two definitions that lead to each other",
        {
            "$defs": {
                "a": {"items": {"$ref": "#/$defs/b"}},
                "b": {
                    "allOf": [{"items": {"$ref": "#/$defs/a"}}, {"items": {"$ref": "#/$defs/b"}}]
                },
            },
            "$ref": "#/$defs/a",
        },
    ),
    (
        "a very long chain",
        {
            "$defs": {f"d{n}": {"$ref": f"#/$defs/d{n + 1}"} for n in range(200)} | {"d200": {}},
            "$ref": "#/$defs/d0",
        },
    ),
]


@pytest.mark.parametrize(("name", "schema"), MULTIPLYING, ids=[case[0] for case in MULTIPLYING])
def test_a_schema_that_multiplies_work_is_refused(name: str, schema: JsonObject) -> None:
    """A few hundred bytes of schema cannot hold a process for minutes."""
    with pytest.raises(CostlySchema):
        unfolded_size(schema)
    assert list(refused(schema)) == ["inputSchema"], name


USEFUL: list[tuple[str, JsonObject, Any]] = [
    ("a tree", tree({"properties": {"children": {"items": NODE}}}), {"children": [{}, {}]}),
    (
        "any JSON",
        tree({"anyOf": [{"items": NODE}, {"additionalProperties": NODE}]}),
        [{"a": [1]}, "x"],
    ),
    (
        "a binary tree with a rest",
        tree({"properties": {"left": NODE, "right": NODE}, "additionalProperties": NODE}),
        {"left": {"right": {}}, "other": {}},
    ),
    (
        "a linked list with a fixed head",
        tree({"prefixItems": [{"type": "integer"}, NODE], "items": {"type": "null"}}),
        [1, [2, [3]]],
    ),
    (
        "one definition on two sides",
        {
            "$defs": {"node": {"properties": {"next": NODE}}},
            "oneOf": [
                {"required": ["a"], "properties": {"p": NODE}},
                {"required": ["b"], "properties": {"p": NODE}},
            ],
        },
        {"a": 1, "p": {"next": {}}},
    ),
    ("an escaped name", {"$defs": {"a/b~c": {"type": "object"}}, "$ref": "#/$defs/a~1b~0c"}, {}),
]


@pytest.mark.parametrize(("name", "schema", "value"), USEFUL, ids=[case[0] for case in USEFUL])
def test_useful_recursion_is_allowed(name: str, schema: JsonObject, value: Any) -> None:
    """Trees and lists of anything can be described."""
    assert compiled(schema).problems(value) == [], name


def test_the_bound_counts_with_references_written_out() -> None:
    """The bound is on what a check really visits."""
    assert unfolded_size({"properties": {"a": {}, "b": {"items": {}}}}) == 4
    flat: JsonObject = {"allOf": [{} for _ in range(MAX_SIZE)]}
    with pytest.raises(CostlySchema):
        unfolded_size(flat)


def test_a_huge_wrong_value_gets_a_short_answer() -> None:
    """A megabyte of wrong items is refused without listing half a million mistakes."""
    schema = compiled({"items": {"anyOf": [{"type": "string"}, {"type": "object"}]}})
    items: list[JsonValue] = [1]
    found = schema.problems(items * 200_000, "input")
    assert [problem.field for problem in found] == ["input"]
    few = schema.problems(items * 150, "input")
    assert len(few) == 100
    assert few[0].field == "input[0]"


def test_a_value_too_large_for_its_schema_is_refused_unchecked() -> None:
    """The work of one check is bounded whatever the two sizes are."""
    schema = compiled({"items": {"allOf": [{"type": "integer"}] * 2000}})
    items: list[JsonValue] = [1]
    found = schema.problems(items * 100_000)
    assert [problem.message for problem in found] == [
        "is too large to be checked against its schema"
    ]
