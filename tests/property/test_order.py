"""The order of steps against a naive reading of its rules, on random lists with paths and links."""

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from justpaid.errors import Problem
from justpaid.workflows.order import Ordering, UnorderedStep, order_steps

MAX_STEPS = 9
Graph = dict[str, set[str]]


@st.composite
def lists_of_steps(draw: st.DrawFn) -> list[UnorderedStep]:
    """Draw a list whose conditions mostly name later steps, and whose links may be anything."""
    count = draw(st.integers(1, MAX_STEPS))
    ids = [f"s{number}" for number in range(count)]
    free = draw(st.permutations(ids))
    steps: list[UnorderedStep] = []
    for number, step_id in enumerate(ids):
        paths = None
        if draw(st.booleans()):
            later = [other for other in free if int(other[1:]) > number]
            chosen = (
                draw(st.lists(st.sampled_from(later), unique=True, max_size=4)) if later else []
            )
            odd = draw(st.lists(st.sampled_from([*ids, "gone"]), max_size=1))
            names = chosen + (odd if draw(st.integers(0, 9)) == 0 else [])
            cut = draw(st.integers(0, len(names)))
            paths = {"then": tuple(names[:cut]), "else": tuple(names[cut:])}
            if draw(st.integers(0, 9)):
                free = [other for other in free if other not in names]
        linked = draw(st.none() | st.lists(st.sampled_from(ids), max_size=2))
        if draw(st.integers(0, 2)):
            linked = [other for other in linked or () if int(other[1:]) < number] or linked
        depends_on = None if linked is None or draw(st.booleans()) else tuple(linked)
        steps.append(UnorderedStep(step_id, f"steps[{number}]", depends_on, paths))
    return steps


class Naive:
    """The rules of order as they are written, with sets and recursion, for small lists."""

    def __init__(self, steps: Sequence[UnorderedStep]) -> None:
        self.steps = steps
        self.ids = [step.id for step in steps]
        self.refused: set[str] = set()
        self.path_of: dict[str, tuple[str, str]] = {}
        self.paths: dict[tuple[str, str], list[str]] = {}
        self._read_paths()
        self.links = {step.id: self._read_links(step) for step in steps}
        self.graph: Graph = {step.id: self._dependencies(step) for step in steps}
        self.reach = self._reachable()
        self.is_cyclic = any(one in self.reach[one] for one in self.ids)

    def _read_paths(self) -> None:
        for step in self.steps:
            for name, members in (step.paths or {}).items():
                taken = self.paths.setdefault((step.id, name), [])
                for index, member in enumerate(members):
                    is_later = member in self.ids and (
                        self.ids.index(member) > self.ids.index(step.id)
                    )
                    if is_later and member not in self.path_of:
                        self.path_of[member] = (step.id, name)
                        taken.append(member)
                    else:
                        self.refused.add(f"{step.place}.config.{name}[{index}]")

    def _read_links(self, step: UnorderedStep) -> set[str]:
        for index, other in enumerate(step.depends_on or ()):
            if other == step.id or other not in self.ids:
                self.refused.add(f"{step.place}.dependsOn[{index}]")
        return {other for other in step.depends_on or () if other in self.ids} - {step.id}

    def _chain_link(self, member: str) -> set[str]:
        path = self.paths[self.path_of[member]]
        place = path.index(member)
        return set() if place == 0 else {path[place - 1]}

    def _leans_on(self, member: str) -> set[str]:
        """Return which steps of its own path a step depends on."""
        path = self.paths[self.path_of[member]]
        if self._step(member).depends_on is not None:
            return self.links[member] & set(path)
        return self._chain_link(member)

    def _ends(self, path: tuple[str, str]) -> set[str]:
        members = self.paths.get(path, [])
        own = {one for one in members if all(one not in self._leans_on(two) for two in members)}
        return own.union(*(self._ends_of(one) for one in own))

    def _ends_of(self, step_id: str) -> set[str]:
        return self._ends((step_id, "then")) | self._ends((step_id, "else"))

    def _dependencies(self, step: UnorderedStep) -> set[str]:
        if step.id in self.path_of:
            condition = {self.path_of[step.id][0]}
            if step.depends_on is not None:
                return condition | self.links[step.id]
            link = self._chain_link(step.id)
            return condition.union(link, *(self._ends_of(one) for one in link))
        if step.depends_on is not None:
            return self.links[step.id]
        before = [one for one in self.ids[: self.ids.index(step.id)] if one not in self.path_of]
        return {before[-1]} | self._ends_of(before[-1]) if before else set()

    def _reachable(self) -> Graph:
        reach = {one: set(two) for one, two in self.graph.items()}
        for middle in self.ids:
            for one in self.ids:
                if middle in reach[one]:
                    reach[one] |= reach[middle]
        return reach

    def forbidden_links(self) -> set[str]:
        """Return the links that a step on a path may not have."""
        found: set[str] = set()
        for step in self.steps:
            if step.id not in self.path_of:
                continue
            condition, name = self.path_of[step.id]
            allowed = {condition, *self.reach[condition], *self.paths[condition, name]}
            for index, other in enumerate(step.depends_on or ()):
                if other in self.ids and other != step.id and other not in allowed:
                    found.add(f"{step.place}.dependsOn[{index}]")
        return found

    def _step(self, step_id: str) -> UnorderedStep:
        return self.steps[self.ids.index(step_id)]


def compute(steps: Sequence[UnorderedStep]) -> tuple[Ordering, list[Problem]]:
    """Order a list, with what was refused."""
    problems: list[Problem] = []
    return order_steps(steps, problems), problems


@settings(max_examples=300, deadline=None)
@given(lists_of_steps())
def test_order_is_what_the_rules_say(steps: list[UnorderedStep]) -> None:
    """Dependencies, owners and what is certain to have settled follow the written rules exactly."""
    ordering, problems = compute(steps)
    naive = Naive(steps)
    if naive.is_cyclic:
        assert any("circle" in problem.message for problem in problems)
        return
    expected = naive.refused | naive.forbidden_links()
    assert {problem.field for problem in problems} == expected
    assert {one: set(two) for one, two in ordering.dependencies.items()} == naive.graph
    assert dict(ordering.owners) == naive.path_of
    assert {one: set(two) for one, two in ordering.before.items()} == naive.reach


@settings(max_examples=300, deadline=None)
@given(lists_of_steps())
def test_whatever_comes_in_the_result_has_no_circle(steps: list[UnorderedStep]) -> None:
    """Even a refused list leaves an order in which each step follows all it depends on."""
    ordering, _ = compute(steps)
    assert sorted(ordering.sequence) == sorted(step.id for step in steps)
    for place, step_id in enumerate(ordering.sequence):
        assert set(ordering.dependencies[step_id]) <= set(ordering.sequence[:place])


@settings(max_examples=300, deadline=None)
@given(lists_of_steps())
def test_a_circle_is_blamed_on_a_link_that_closes_one(steps: list[UnorderedStep]) -> None:
    """The refusal of a circle stands at a dependsOn that is really part of one."""
    _, problems = compute(steps)
    naive = Naive(steps)
    by_place = {
        f"{step.place}.dependsOn[{index}]": (step.id, other)
        for step in steps
        for index, other in enumerate(step.depends_on or ())
    }
    circles = [problem for problem in problems if "circle" in problem.message]
    assert bool(circles) == naive.is_cyclic
    for problem in circles:
        step, other = by_place[problem.field]
        assert step in naive.reach[other]
