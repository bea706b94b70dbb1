"""A definition made ready to run: steps in order, templates and schemas compiled, limits read.

Guarantee: what compiles has an order without circles, and no template in it can read a step that
may not have settled. Compiling is pure; a program is immutable and may be shared and kept.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from justpaid.api_keys.key_format import find_keys_in, redact
from justpaid.errors import InvalidInput, Problem
from justpaid.exact_json import JsonObject, JsonValue
from justpaid.expressions.expression import Expression, Reference
from justpaid.expressions.template import Template, compile_template
from justpaid.workflows.bodies import check_names, inner_lists, read_variables
from justpaid.workflows.config_check import check_written_config
from justpaid.workflows.definition_schema import (
    MAX_STEPS,
    step_validator,
    top_level_validator,
)
from justpaid.workflows.expression_budget import ExpressionBudget
from justpaid.workflows.json_schema import schema_problems
from justpaid.workflows.limits import (
    RetryPolicy,
    Settings,
    Strategy,
    check_limits,
    read_failure_handling,
    read_retry,
    read_settings,
    read_timeout_ms,
)
from justpaid.workflows.order import PATH_NAMES, Ordering, UnorderedStep, order_steps
from justpaid.workflows.references import Scope, check_references
from justpaid.workflows.step_places import find_places, type_of
from justpaid.workflows.step_types import CompiledField, StepType, compile_expression_field
from justpaid.workflows.trigger import check_trigger
from justpaid.workflows.user_schema import UserSchema, compile_user_schema
from justpaid.workflows.write_only import (
    WHY_NOT,
    SecretPlace,
    find_secret_places,
    list_misplaced,
)

MAX_PROBLEMS: Final = 500


@dataclass(frozen=True, slots=True, eq=False)
class StepNode:
    """One step, compiled.

    `place`: its path in the definition (`steps[1].config.steps[0]`). `dependencies`: all that must
    settle before it runs, its condition among them. `owner`: the condition on whose path it stands,
    and which path. `paths`: of a condition, the ids on its own paths. `config` holds the templated
    fields, `literals` those handed on as written, `expressions` those compiled by the type;
    `names`: the loop variables that its templates may read. `bodies`: inner lists by name (a loop's
    `steps`, a parallel step's branches); `variables`: the names that they add, by config field.
    """

    id: str
    type: str
    name: str
    place: str
    step_type: StepType
    raw: JsonObject
    action: str | None
    config: Template
    literals: JsonObject
    expressions: Mapping[str, CompiledField]
    dependencies: tuple[str, ...]
    owner: tuple[str, str] | None
    paths: Mapping[str, tuple[str, ...]]
    when: Expression | None
    strategy: Strategy
    retry: RetryPolicy
    has_fallback: bool
    fallback: JsonValue
    timeout_ms: int | None
    bodies: Mapping[str, "StepList"]
    variables: Mapping[str, str]

    @property
    def raw_config(self) -> JsonObject:
        """The config as written."""
        config = self.raw.get("config")
        return config if isinstance(config, dict) else {}

    def resolve(
        self, names: Mapping[str, JsonValue], encode: Callable[[str], str] | None = None
    ) -> JsonObject:
        """Return the config with its templates filled and literal fields beside them.

        Fields compiled by the type, paths and bodies are not in it. Raises ExpressionError.
        """
        resolved = self.config.evaluate(names, encode)
        return {**self.literals, **resolved} if isinstance(resolved, dict) else self.literals


@dataclass(frozen=True, slots=True, eq=False)
class StepList:
    """The steps of one list, in written order.

    `sequence`: the same steps, dependencies first, and `places` their places in it. `dependents`:
    who waits for a step directly. `free`: the places of those that wait for none; `blocked`: for
    how many each of the others waits.
    """

    nodes: tuple[StepNode, ...]
    by_id: Mapping[str, StepNode]
    sequence: tuple[StepNode, ...]
    places: Mapping[str, int]
    dependents: Mapping[str, tuple[str, ...]]
    free: tuple[int, ...]
    blocked: Mapping[str, int]


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """A whole workflow, compiled.

    `output` is None when the definition gives none: then the last completed step's output counts.
    `nodes`: every step by id, inner ones too. `roots`: the names that anything in it reads.
    `secret_places`: where the input's writeOnly fields stand.
    """

    definition: JsonObject
    trigger: JsonObject
    steps: StepList
    nodes: Mapping[str, StepNode]
    variables: JsonObject
    output: Template | None
    settings: Settings
    input_schema: UserSchema | None
    output_schema: UserSchema | None
    roots: frozenset[str]
    secret_places: tuple[SecretPlace, ...] = ()


def compile_definition(definition: JsonObject, step_types: Mapping[str, StepType]) -> Program:
    """Compile a definition; raises InvalidInput naming everything that is wrong, with its path."""
    compiler = _Compiler(step_types)
    program = compiler.compile(definition)
    if compiler.problems:
        # A key in a field's name would stand in the problem's path.
        problems = [
            Problem(redact(one.field), redact(one.message))
            for one in compiler.problems[:MAX_PROBLEMS]
        ]
        raise InvalidInput("The workflow definition is not valid.", problems)
    return program


class _Compiler:
    """Compiles one definition; goes on after a problem, to find them all.

    `places` has the path of every step id of the workflow before any template is looked at.
    """

    def __init__(self, step_types: Mapping[str, StepType]) -> None:
        self.step_types = step_types
        self.problems: list[Problem] = []
        self.budget = ExpressionBudget(self.problems)
        self.places: dict[str, str] = {}
        self.nodes: dict[str, StepNode] = {}
        self.roots: set[str] = set()
        self.hidden: tuple[SecretPlace, ...] = ()

    def compile(self, definition: JsonObject) -> Program:
        self.problems.extend(schema_problems(top_level_validator, definition, ""))
        for place, _ in find_keys_in(definition):
            self.problems.append(Problem(place, "holds an API key: a workflow must carry none"))
        trigger = definition.get("trigger")
        if isinstance(trigger, dict):
            check_trigger(trigger, "trigger", self.problems)
        raw_steps = definition.get("steps")
        raw_steps = raw_steps if isinstance(raw_steps, list) else []
        places = find_places(raw_steps, self.step_types, self.problems)
        if places is None:
            raw_steps = []
        self.places = places or {}
        self.hidden = find_secret_places(definition.get("inputSchema"))
        scope = Scope(frozenset(), {}, self.places, None, self.hidden)
        steps = self.step_list(raw_steps, "steps", scope)
        return Program(
            definition,
            _object(trigger),
            steps,
            self.nodes,
            _object(definition.get("variables")),
            self._output(definition, steps),
            read_settings(definition),
            self._schema(definition, "inputSchema"),
            self._schema(definition, "outputSchema"),
            frozenset(self.roots),
            self.hidden,
        )

    def _output(self, definition: JsonObject, steps: StepList) -> Template | None:
        if "output" not in definition or not self.budget.allows(definition["output"], "output"):
            return None
        template = compile_template(definition["output"], "output", self.problems)
        scope = Scope(frozenset(steps.by_id), {}, self.places, None, self.hidden)
        self._check(template.references, "output", scope)
        return template

    def _schema(self, definition: JsonObject, name: str) -> UserSchema | None:
        schema = definition.get(name)
        if not isinstance(schema, dict | bool):
            return None  # absent, or reported as no schema at all
        if name == "inputSchema":
            self.problems += [Problem(at, WHY_NOT) for at in list_misplaced(schema, name)]
        return compile_user_schema(schema, name, self.problems)

    def _check(self, references: Sequence[Reference], place: str, scope: Scope) -> None:
        self.roots.update(reference.root for reference in references)
        check_references(references, place, scope, self.problems)

    def step_list(self, raw_steps: Sequence[JsonValue], place: str, outer: Scope) -> StepList:
        """Order and compile one list; steps with a broken or taken id are only looked at."""
        own: list[tuple[UnorderedStep, JsonObject]] = []
        for index, raw in enumerate(raw_steps):
            where = f"{place}[{index}]"
            self.problems.extend(schema_problems(step_validator, raw, where))
            if isinstance(raw, dict):
                unordered = _unordered(raw, where, type_of(raw, self.step_types))
                if self.places.get(unordered.id) == where:
                    own.append((unordered, raw))
        ordering = order_steps([unordered for unordered, _ in own], self.problems)
        nodes = [self._step(unordered, raw, ordering, outer) for unordered, raw in own]
        return _step_list([node for node in nodes if node], ordering)

    def _step(
        self, step: UnorderedStep, raw: JsonObject, ordering: Ordering, outer: Scope
    ) -> StepNode | None:
        step_type = type_of(raw, self.step_types)
        if step_type is None:
            if isinstance(raw.get("type"), str):
                self.problems.append(Problem(f"{step.place}.type", "is not a known step type"))
            return None
        scope = replace(outer, steps=outer.steps | ordering.before[step.id], owner=step.id)
        self._check_form(raw, step_type, step.place)
        config = _object(raw.get("config"))
        of_config = replace(scope, hidden=()) if step_type.is_effectful else scope
        variables = read_variables(step_type, config, step.place, scope.variables, self.problems)
        failure = read_failure_handling(raw)
        name, action = raw.get("name"), raw.get("action")
        node = StepNode(
            id=step.id,
            type=step_type.name,
            name=name if isinstance(name, str) else step.id,
            place=step.place,
            step_type=step_type,
            raw=raw,
            action=action if isinstance(action, str) else None,
            config=self._config(config, step_type, step.place, of_config),
            literals={key: config[key] for key in config if key in step_type.literal_fields},
            expressions=self._expressions(config, step_type, step.place, of_config),
            dependencies=ordering.dependencies[step.id],
            owner=ordering.owners.get(step.id),
            paths=step.paths or {},
            when=self._when(raw, step.place, scope),
            strategy=failure.strategy,
            retry=read_retry(raw),
            has_fallback=failure.has_fallback,
            fallback=failure.fallback,
            timeout_ms=read_timeout_ms(raw, step_type),
            bodies=self._bodies(raw, step_type, step.place, scope, variables),
            variables=variables,
        )
        self.nodes[step.id] = node
        return node

    def _check_form(self, raw: JsonObject, step_type: StepType, place: str) -> None:
        config = raw.get("config", {})
        if isinstance(config, dict):  # else the step's own form has said so
            config_place = f"{place}.config"
            self.problems.extend(
                check_written_config(step_type.config_validator, config, config_place)
            )
        check_limits(raw, step_type, place, self.problems)
        check_names(step_type, raw, place, self.problems)
        if "action" in raw and not step_type.takes_action:
            message = f"a step of type {step_type.name} has no action"
            self.problems.append(Problem(f"{place}.action", message))
        if step_type.takes_action and "action" not in raw:
            self.problems.append(Problem(f"{place}.action", "is required"))
        elif step_type.check is not None:
            self.problems.extend(step_type.check(raw, place))

    def _config(
        self, config: JsonObject, step_type: StepType, place: str, scope: Scope
    ) -> Template:
        apart = {*step_type.expression_fields, *step_type.literal_fields}
        apart.update(body.field for body in step_type.bodies)
        apart.update(PATH_NAMES if step_type.has_paths else ())
        templated = {key: value for key, value in config.items() if key not in apart}
        if not self.budget.allows(templated, f"{place}.config"):
            templated = {}
        template = compile_template(templated, f"{place}.config", self.problems, scope.names)
        self._check(template.references, f"{place}.config", scope)
        return template

    def _expressions(
        self, config: JsonObject, step_type: StepType, place: str, scope: Scope
    ) -> dict[str, CompiledField]:
        compiled: dict[str, CompiledField] = {}
        for name, compile_field in step_type.expression_fields.items():
            if name not in config:
                continue
            where = f"{place}.config.{name}"
            if not self.budget.allows(config[name], where, is_expression=True):
                continue
            expression = compile_field(config[name], where, self.problems, scope.names)
            if expression is not None:
                self._check(expression.references, where, scope)
                compiled[name] = expression
        return compiled

    def _when(self, raw: JsonObject, place: str, scope: Scope) -> Expression | None:
        when = raw.get("when")
        if not isinstance(when, str):
            return None
        if not self.budget.allows(when, f"{place}.when", is_expression=True):
            return None
        expression = compile_expression_field(when, f"{place}.when", self.problems, scope.names)
        if expression is not None:
            self._check(expression.references, f"{place}.when", scope)
        return expression

    def _bodies(
        self,
        raw: JsonObject,
        step_type: StepType,
        place: str,
        scope: Scope,
        variables: Mapping[str, str],
    ) -> dict[str, StepList]:
        added = {name: field for field, name in variables.items()}
        inside = replace(scope, variables={**scope.variables, **added}, owner=None)
        return {
            inner.name: self.step_list(inner.raw_steps, inner.place, inside)
            for inner in inner_lists(step_type, raw, place)
        }


def _unordered(raw: JsonObject, place: str, step_type: StepType | None) -> UnorderedStep:
    step_id, depends_on = raw.get("id"), raw.get("dependsOn")
    paths: dict[str, tuple[str, ...]] | None = None
    if step_type is not None and step_type.has_paths:
        config = _object(raw.get("config"))
        paths = {name: _texts(config[name]) for name in PATH_NAMES if name in config}
    return UnorderedStep(
        step_id if isinstance(step_id, str) else "",
        place,
        _texts(depends_on) if isinstance(depends_on, list) else None,
        paths,
    )


def _step_list(nodes: Sequence[StepNode], ordering: Ordering) -> StepList:
    by_id = {node.id: node for node in nodes}
    dependents: dict[str, list[str]] = {node.id: [] for node in nodes}
    for node in nodes:
        for other in node.dependencies:
            dependents.setdefault(other, []).append(node.id)
    sequence = tuple(by_id[name] for name in ordering.sequence if name in by_id)
    return StepList(
        tuple(nodes),
        by_id,
        sequence,
        {node.id: place for place, node in enumerate(sequence)},
        {name: tuple(waiting) for name, waiting in dependents.items()},
        tuple(place for place, node in enumerate(sequence) if not node.dependencies),
        {node.id: len(node.dependencies) for node in sequence if node.dependencies},
    )


def _object(value: JsonValue) -> JsonObject:
    return value if isinstance(value, dict) else {}


def _texts(value: JsonValue) -> tuple[str, ...]:
    """Return the strings of a list; what else is in it, its schema has reported."""
    if not isinstance(value, list):
        return ()
    return tuple(item for item in value[: MAX_STEPS + 1] if isinstance(item, str))
