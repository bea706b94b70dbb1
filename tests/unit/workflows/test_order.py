"""The written rules of order, one by one, with the places and reasons of each refusal."""

from collections.abc import Sequence

import pytest

from justpaid.errors import Problem
from justpaid.workflows.order import UnorderedStep, order_steps


def unordered(*steps: str) -> list[UnorderedStep]:
    """Read steps such as `q then a,b else c <x,y`: id, paths, and what it depends on."""
    found: list[UnorderedStep] = []
    for number, text in enumerate(steps):
        head, _, links = text.partition("<")
        depends_on = tuple(filter(None, links.split(","))) if "<" in text else None
        words = head.split()
        paths = dict(
            zip(words[1::2], (tuple(word.split(",")) for word in words[2::2]), strict=True)
        )
        found.append(UnorderedStep(words[0], f"steps[{number}]", depends_on, paths or None))
    return found


def order(*steps: str) -> dict[str, str]:
    """Order steps that are in order, and return id → dependencies."""
    problems: list[Problem] = []
    ordering = order_steps(unordered(*steps), problems)
    assert problems == []
    return {name: ",".join(needed) for name, needed in ordering.dependencies.items()}


CASES: list[tuple[str, Sequence[str], dict[str, str]]] = [
    ("a list is a chain", ["a", "b", "c"], {"a": "", "b": "a", "c": "b"}),
    ("dependsOn is exact", ["a", "b", "c <a"], {"a": "", "b": "a", "c": "a"}),
    ("an empty dependsOn starts at once", ["a", "b <"], {"a": "", "b": ""}),
    ("a later step may come first", ["a <b", "b <"], {"a": "b", "b": ""}),
    (
        "the next step follows the nearest, whatever that depends on",
        ["a", "b <", "c"],
        {"a": "", "b": "", "c": "b"},
    ),
    (
        "the written example",
        ["q then y else z", "y", "m", "z", "after"],
        {"q": "", "y": "q", "m": "q,y,z", "z": "q", "after": "m"},
    ),
    (
        "a path is a chain in the order it names",
        ["q then c,a,b", "a", "b", "c", "m"],
        {"q": "", "a": "q,c", "b": "q,a", "c": "q", "m": "q,b"},
    ),
    ("a condition without paths is a step", ["q", "m"], {"q": "", "m": "q"}),
    (
        "dependsOn on a path replaces the chain, not the condition",
        ["p", "q then a,b,c", "a", "b <p", "c <", "m"],
        {"p": "", "q": "p", "a": "q", "b": "p,q", "c": "q", "m": "q,a,b,c"},
    ),
    (
        "a step that others lean on is no end",
        ["q then a,b,c", "a", "b <a", "c <a", "m"],
        {"q": "", "a": "q", "b": "q,a", "c": "q,a", "m": "q,b,c"},
    ),
    (
        "ends reach into the paths that an end owns",
        ["q then r", "r then s else t", "s", "t", "m"],
        {"q": "", "r": "q", "s": "r", "t": "r", "m": "q,r,s,t"},
    ),
    (
        "the next on a path waits for the ends of the inner paths",
        ["q then r,u", "r then s", "s", "u", "m"],
        {"q": "", "r": "q", "s": "r", "u": "q,r,s", "m": "q,u"},
    ),
    (
        "two levels down, every end counts",
        ["q then r", "r then s", "s then t else v", "t", "v", "m"],
        {"q": "", "r": "q", "s": "r", "t": "s", "v": "s", "m": "q,r,s,t,v"},
    ),
    (
        "a step beside the paths may lean on one of theirs",
        ["q then y", "y", "z <y"],
        {"q": "", "y": "q", "z": "y"},
    ),
    (
        "an inner path may lean on what settled before its own condition",
        ["q then a,r", "a", "r then s", "s <a,q"],
        {"q": "", "a": "q", "r": "q,a", "s": "q,a,r"},
    ),
    (
        "naming the condition itself adds nothing",
        ["q then a,b", "a", "b <q"],
        {"q": "", "a": "q", "b": "q"},
    ),
]


@pytest.mark.parametrize(("name", "steps", "expected"), CASES, ids=[case[0] for case in CASES])
def test_dependencies(name: str, steps: Sequence[str], expected: dict[str, str]) -> None:
    """A run performs steps in exactly the order that the reference promises."""
    assert order(*steps) == expected, name


REFUSALS: list[tuple[str, Sequence[str], dict[str, str]]] = [
    ("an unknown id", ["a <x"], {"steps[0].dependsOn[0]": "no step of this list has the id 'x'"}),
    ("itself", ["a <a"], {"steps[0].dependsOn[0]": "a step cannot depend on itself"}),
    (
        "a circle of links",
        ["a <b", "b <c", "c <a"],
        {"steps[0].dependsOn[0]": "the steps wait in a circle: a → b → c → a"},
    ),
    (
        "a circle with the unwritten order",
        ["a <b", "b"],
        {"steps[0].dependsOn[0]": "the steps wait in a circle: a → b → a"},
    ),
    (
        "a condition that waits for its own path",
        ["q then y <y", "y"],
        {"steps[0].dependsOn[0]": "the steps wait in a circle: q → y → q"},
    ),
    (
        "an unknown step on a path",
        ["q then x", "a"],
        {"steps[0].config.then[0]": "no step of this list has the id 'x'"},
    ),
    (
        "a step before its condition",
        ["a", "q then a"],
        {"steps[1].config.then[0]": "the step 'a' must stand after 'q'"},
    ),
    (
        "a condition on its own path",
        ["q else q"],
        {"steps[0].config.else[0]": "the step 'q' must stand after 'q'"},
    ),
    (
        "a step on both paths",
        ["q then a else a", "a"],
        {"steps[0].config.else[0]": "the step 'a' is already on the path 'then' of 'q'"},
    ),
    (
        "a step on the paths of two conditions",
        ["q then a", "r then a", "a"],
        {"steps[1].config.then[0]": "the step 'a' is already on the path 'then' of 'q'"},
    ),
    (
        "a link across the paths",
        ["q then a else b", "a", "b <a"],
        {
            "steps[2].dependsOn[0]": "'b' is on a path of 'q': it may depend only on steps of that "
            "path, or on steps that settle before 'q'"
        },
    ),
    (
        "a link to a step beside the condition",
        ["p <", "q then a <", "a <p"],
        {
            "steps[2].dependsOn[0]": "'a' is on a path of 'q': it may depend only on steps of that "
            "path, or on steps that settle before 'q'"
        },
    ),
    (
        "a link into an inner path",
        ["q then r,u", "r then s", "s", "u <s"],
        {
            "steps[3].dependsOn[0]": "'u' is on a path of 'q': it may depend only on steps of that "
            "path, or on steps that settle before 'q'"
        },
    ),
]


@pytest.mark.parametrize(("name", "steps", "expected"), REFUSALS, ids=[one[0] for one in REFUSALS])
def test_refusals(name: str, steps: Sequence[str], expected: dict[str, str]) -> None:
    """What cannot be ordered is refused at its place, in words that say why."""
    problems: list[Problem] = []
    order_steps(unordered(*steps), problems)
    assert {problem.field: problem.message for problem in problems} == expected, name


def test_every_circle_is_told() -> None:
    """Two circles are two problems: nobody mends one to meet the next."""
    problems: list[Problem] = []
    order_steps(unordered("a <b", "b <a", "c <d", "d <c"), problems)
    assert [problem.field for problem in problems] == [
        "steps[0].dependsOn[0]",
        "steps[2].dependsOn[0]",
    ]


def test_before_is_all_that_has_settled() -> None:
    """A step knows its dependencies and theirs, and never what merely stands above it."""
    problems: list[Problem] = []
    ordering = order_steps(unordered("a", "b <", "q then y", "y", "m"), problems)
    assert ordering.before["m"] == {"b", "q", "y"}
    assert ordering.before["y"] == {"b", "q"}
    assert ordering.owners == {"y": ("q", "then")}


def test_a_long_list_needs_no_deep_recursion() -> None:
    """The largest workflow that is allowed is ordered like any other."""
    steps = [UnorderedStep(f"s{number}", f"steps[{number}]") for number in range(2000)]
    ordering = order_steps(steps, [])
    assert len(ordering.before["s1999"]) == 1999
