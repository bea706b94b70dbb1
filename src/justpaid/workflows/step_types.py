"""What a step type tells the rest of the product about itself: its form, its bodies, its effects.

Adding a type means making one `StepType`; compiling, ordering and running know no type by name.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from jsonschema_rs import Validator

from justpaid.errors import Problem
from justpaid.exact_json import JsonObject, JsonValue
from justpaid.expressions.expression import (
    Expression,
    ExpressionSyntaxError,
    Reference,
    compile_expression,
)
from justpaid.workflows.json_schema import safe_validator

DEFAULT_TIMEOUT_MS = 30_000


class CompiledField(Protocol):
    """A config field compiled by its type's own compiler; its references are checked for it."""

    @property
    def references(self) -> Sequence[Reference]:
        """Everything it reads."""
        ...


# Gets the value, its path, the problems so far, and the names that the loops around it add.
FieldCompiler: TypeAlias = Callable[
    [JsonValue, str, list[Problem], frozenset[str]], CompiledField | None
]
StepCheck: TypeAlias = Callable[[JsonObject, str], list[Problem]]


@dataclass(frozen=True, slots=True)
class BodyVariable:
    """A name that a body adds for its steps; the config field `field` may rename it.

    `may_hide_its_like`: an inner body may reuse the name that an outer one gave by the same field
    (a loop's index); otherwise the same name twice is refused (a loop's item).
    """

    field: str
    default: str
    may_hide_its_like: bool = False


@dataclass(frozen=True, slots=True)
class Body:
    """Where in a config inner steps stand.

    With `steps_field` None, `config.<field>` is a list of steps: one body, named by `field`.
    Otherwise `config.<field>` is a list of objects, each holding its steps in `steps_field` and
    the body's name in `name_field`.
    """

    field: str
    steps_field: str | None = None
    name_field: str = "name"
    variables: tuple[BodyVariable, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StepType:
    """Everything that compiling and running need to know of one step type.

    `config_schema`: JSON Schema 2020-12 of the config as written. A template may stand in place of
    any value in it; what it yields is checked again when it is resolved.
    `has_paths`: `config.then` and `config.else` name the steps of two paths.
    `is_effectful`: an intent is written before it is performed.
    `default_timeout_ms`: per attempt; None = the type sets its own limits, and a step's
    `timeoutMs` is refused.
    `allows_retry`: `retryConfig` and the strategy `retry` are accepted.
    `takes_action`: the step has the field `action`, which is required.
    `expression_fields`: config fields that are expressions rather than templates, each with its
    compiler (`compile_expression_field` for a plain one).
    `literal_fields`: config fields handed on as written: braces in them mean nothing.
    `bodies`: where inner steps stand.
    `check`: what a schema cannot say; gets the whole step and its path (`steps[2]`).
    """

    name: str
    title: str
    config_schema: JsonObject
    description: str = ""
    has_paths: bool = False
    is_effectful: bool = False
    default_timeout_ms: int | None = DEFAULT_TIMEOUT_MS
    allows_retry: bool = True
    takes_action: bool = False
    expression_fields: Mapping[str, FieldCompiler] = field(default_factory=dict[str, FieldCompiler])
    literal_fields: frozenset[str] = frozenset()
    bodies: tuple[Body, ...] = ()
    check: StepCheck | None = None
    config_validator: Validator = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "config_validator", safe_validator(self.config_schema))


def compile_expression_field(
    value: JsonValue,
    path: str,
    problems: list[Problem],
    extra_names: frozenset[str] = frozenset(),
) -> Expression | None:
    """Compile a field that is one expression; a mistake is reported with its position."""
    if not isinstance(value, str):
        problems.append(Problem(path, "must be an expression, written as a string"))
        return None
    try:
        return compile_expression(value, extra_names)
    except ExpressionSyntaxError as error:
        problems.append(Problem(path, f"{error.message} (position {error.position})"))
        return None
