"""The functions of the language: one table, and nothing outside it can be called."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeAlias

from justpaid.exact_json import JsonValue

Lambda: TypeAlias = Callable[[JsonValue, int], JsonValue]


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the language.

    `perform` takes the budget, then the arguments; it charges for what it handles and makes, and
    raises Fault. `lambda_at` is the number (from 0) of the argument that may be `x => …`, and
    `lambda_required` says that it must be. `maximum` None means any number of arguments.
    """

    name: str
    perform: Callable[..., JsonValue]
    minimum: int
    maximum: int | None
    lambda_at: int | None = None
    lambda_required: bool = False


def _table(functions: Iterable[Function]) -> Mapping[str, Function]:
    return MappingProxyType({function.name: function for function in functions})


FUNCTIONS: Final = _table(())
