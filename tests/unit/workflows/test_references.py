"""What a template may read, by where it stands: only what is certain to have settled."""

from typing import Any

import pytest

from tests.unit.workflows.definitions import condition, loop, parallel, problems, reading, step

UNCERTAIN = "is not certain to have settled"


def test_earlier_steps_of_the_list_can_be_read() -> None:
    """Direct and further dependencies, and all a step has: output, error and status."""
    assert (
        problems(
            step("get-account"),
            step("b"),
            reading(
                "c",
                "steps.get-account.output.Id",
                "steps.b.error.code",
                "steps.b.status",
                "steps.b",
                'steps["b"].output',
            ),
        )
        == {}
    )


READABLE: list[tuple[str, list[Any]]] = [
    (
        "a path's steps after both paths",
        [
            condition("q", then=["y"], orelse=["z"]),
            step("y"),
            step("z"),
            reading("m", "steps.q.output.result", "steps.y.output", "steps.z.output"),
        ],
    ),
    (
        "a condition and what is before it, on its path",
        [
            step("a"),
            condition("q", then=["y", "x"]),
            step("y"),
            reading("x", "steps.a.output", "steps.q.output", "steps.y.output"),
        ],
    ),
    (
        "an earlier step in a condition's own expression",
        [
            step("a"),
            condition("q", conditions="steps.a.output.x > 1"),
        ],
    ),
    ("an earlier step in when", [step("a"), step("b", when="steps.a.output.x")]),
    (
        "a step that stands below, when it comes first",
        [
            reading("late", "steps.first.output", dependsOn=["first"]),
            step("first", dependsOn=[]),
        ],
    ),
    (
        "outer steps and loop variables in a body",
        [
            step("a"),
            loop(
                "l",
                reading("in", "steps.a.output", "item.x", "index"),
                reading("on", "steps.in.output"),
            ),
            reading("after", "steps.l.output.results"),
        ],
    ),
    ("a renamed variable", [loop("l", reading("in", "deal.id"), itemVariable="deal")]),
    (
        "all that is outside, two levels down",
        [
            step("a"),
            loop(
                "outer",
                step("first"),
                loop(
                    "inner",
                    reading("in", "steps.a.output", "steps.first.output", "deal", "item", "index"),
                    collection="{{ deal.lines }}",
                ),
                itemVariable="deal",
            ),
        ],
    ),
    (
        "what is before a parallel step, in its branches",
        [
            step("a"),
            parallel("p", left=[reading("l", "steps.a.output")], right=[step("r")]),
            reading("after", "steps.p.output.left"),
        ],
    ),
]


@pytest.mark.parametrize(("name", "steps"), READABLE, ids=[case[0] for case in READABLE])
def test_what_has_settled_can_be_read(name: str, steps: list[Any]) -> None:
    """Whatever is certain to have settled is readable, without ceremony."""
    assert problems(*steps) == {}, name


UNREADABLE: list[tuple[str, list[Any], dict[str, str]]] = [
    (
        "an id that does not exist",
        [reading("a", "steps.b.output")],
        {
            "steps[0].config.mapping.v0": "no step has the id 'b'",
        },
    ),
    (
        "itself",
        [reading("a", "steps.a.output")],
        {
            "steps[0].config.mapping.v0": "the step 'a' cannot read itself",
        },
    ),
    (
        "a later step",
        [reading("a", "steps.b.output"), step("b")],
        {
            "steps[0].config.mapping.v0": UNCERTAIN,
        },
    ),
    (
        "a step that runs beside it",
        [step("a"), reading("b", "steps.a.output", dependsOn=[])],
        {
            "steps[1].config.mapping.v0": UNCERTAIN,
        },
    ),
    (
        "the other path",
        [
            condition("q", then=["y"], orelse=["z"]),
            step("y"),
            reading("z", "steps.y.output"),
        ],
        {"steps[2].config.mapping.v0": UNCERTAIN},
    ),
    (
        "a concurrent step of its own path",
        [
            condition("q", then=["y", "z"]),
            step("y"),
            reading("z", "steps.y.output", dependsOn=[]),
        ],
        {"steps[2].config.mapping.v0": UNCERTAIN},
    ),
    (
        "an inner step from outside",
        [loop("l", step("in")), reading("a", "steps.in.output")],
        {
            "steps[1].config.mapping.v0": UNCERTAIN,
        },
    ),
    (
        "another branch",
        [
            parallel("p", left=[step("l")], right=[reading("r", "steps.l.output")]),
        ],
        {"steps[0].config.branches[1].steps[0].config.mapping.v0": UNCERTAIN},
    ),
    (
        "its own container",
        [loop("l", reading("in", "steps.l.output"))],
        {
            "steps[0].config.steps[0].config.mapping.v0": UNCERTAIN,
        },
    ),
    (
        "what comes after its container",
        [loop("l", reading("in", "steps.z.output")), step("z")],
        {
            "steps[0].config.steps[0].config.mapping.v0": UNCERTAIN,
        },
    ),
    (
        "a loop's variable outside of it",
        [loop("l", step("in")), reading("a", "item")],
        {
            "steps[1].config.mapping.v0": "there is no `item`",
        },
    ),
    (
        "a loop's variable in its own collection",
        [loop("l", step("in"), collection="{{ item }}")],
        {
            "steps[0].config.collection": "there is no `item`",
        },
    ),
    (
        "no step at all",
        [step("a"), reading("b", "steps", "steps[input.x].output")],
        {
            "steps[1].config.mapping.v0": "a step is read by its id",
            "steps[1].config.mapping.v1": "a step is read by its id",
        },
    ),
    (
        "what a step does not have",
        [step("a"), reading("b", "steps.a.result")],
        {
            "steps[1].config.mapping.v0": "read steps.a.output, not steps.a.result",
        },
    ),
    ("in when", [step("a", when="steps.b.output"), step("b")], {"steps[0].when": UNCERTAIN}),
    (
        "in a condition",
        [condition("q", conditions="steps.b.output"), step("b")],
        {
            "steps[0].config.conditions": UNCERTAIN,
        },
    ),
    (
        "in a comparison",
        [
            condition("q", conditions={"left": "{{ steps.b.output }}", "operator": "exists"}),
            step("b"),
        ],
        {"steps[0].config.conditions": UNCERTAIN},
    ),
]


@pytest.mark.parametrize(
    ("name", "steps", "expected"), UNREADABLE, ids=[case[0] for case in UNREADABLE]
)
def test_what_may_not_have_settled_is_refused(
    name: str, steps: list[Any], expected: dict[str, str]
) -> None:
    """A read that could find nothing is refused when the workflow is stored, by its path."""
    found = problems(*steps)
    for place, message in expected.items():
        matching = [text for field, text in found.items() if field.startswith(place)]
        assert len(matching) == 1, (name, found)
        assert message in matching[0]
    assert len(found) == len(expected)


NAMES: list[tuple[str, list[Any], dict[str, str]]] = [
    (
        "an inner item equal to an outer one",
        [loop("l", loop("m", step("in")))],
        {
            "steps[0].config.steps[0].config.itemVariable": "is the itemVariable of a loop around",
        },
    ),
    (
        "an item equal to the outer index",
        [
            loop("l", loop("m", step("in"), itemVariable="index", indexVariable="i")),
        ],
        {"steps[0].config.steps[0].config.itemVariable": "is the indexVariable of a loop around"},
    ),
    (
        "an index equal to the outer item",
        [
            loop("l", loop("m", step("in"), itemVariable="x", indexVariable="item")),
        ],
        {"steps[0].config.steps[0].config.indexVariable": "is the itemVariable of a loop around"},
    ),
    (
        "one name for both",
        [loop("l", step("in"), itemVariable="x", indexVariable="x")],
        {
            "steps[0].config.indexVariable": "is given twice",
        },
    ),
    (
        "a name with a meaning",
        [loop("l", step("in"), itemVariable="input")],
        {
            "steps[0].config.itemVariable": "has a meaning already",
        },
    ),
    (
        "no name",
        [loop("l", step("in"), itemVariable="a-b")],
        {
            "steps[0].config.itemVariable": "must be a name",
        },
    ),
    (
        "a template as a name",
        [loop("l", step("in"), itemVariable="{{ input.x }}")],
        {
            "steps[0].config.itemVariable": "must be a name",
        },
    ),
]


@pytest.mark.parametrize(("name", "steps", "expected"), NAMES, ids=[case[0] for case in NAMES])
def test_loop_variables_have_names_of_their_own(
    name: str, steps: list[Any], expected: dict[str, str]
) -> None:
    """Nobody reads an inner item and means the outer one."""
    found = problems(*steps)
    assert found.keys() == expected.keys(), name
    assert all(message in found[place] for place, message in expected.items())


def test_an_inner_index_may_keep_its_usual_name() -> None:
    """Nested loops need new names for their items, not for indexes that nobody reads."""
    assert problems(loop("l", loop("m", step("in"), itemVariable="line"))) == {}


def test_loops_beside_each_other_share_names() -> None:
    """Two loops that are not nested may both call their item `item`."""
    assert problems(loop("l", reading("a", "item")), loop("m", reading("b", "item"))) == {}


def test_output_reads_every_step_of_the_top_list_only() -> None:
    """At the end all of the top list has settled; inner steps stay inner."""
    steps = [step("a"), step("b", dependsOn=[]), loop("l", step("in"))]
    output = {"a": "{{ steps.a.output }}", "b": "{{ steps.b.output }}"}
    assert problems(*steps, output=output) == {}
    assert list(problems(*steps, output={"x": "{{ steps.in.output }}"})) == ["output.x"]


def test_paths_and_literal_fields_are_no_templates() -> None:
    """Braces in code mean what the code means by them."""
    code = {"id": "c", "type": "code", "config": {"code": "return {{ nothing.at.all }}"}}
    assert problems(code) == {}
