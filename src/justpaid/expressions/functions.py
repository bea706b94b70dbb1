"""The functions of the language: one table, and nothing outside it can be called."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from justpaid.exact_json import JsonValue
from justpaid.expressions import (
    date_functions,
    list_functions,
    money_functions,
    number_functions,
    object_functions,
    text_functions,
    value_functions,
)


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the language.

    `perform` takes the budget, then the arguments; it charges for what it handles and makes, and
    raises Fault. `lambda_at` is the number (from 0) of the argument that may be `x => …`, and
    `lambda_required` says that it must be. `maximum` None means any number of arguments.
    """

    perform: Callable[..., JsonValue]
    minimum: int
    maximum: int | None
    lambda_at: int | None = None
    lambda_required: bool = False


def _plain(perform: Callable[..., JsonValue], minimum: int, maximum: int | None) -> Function:
    return Function(perform, minimum, maximum)


def _over_items(perform: Callable[..., JsonValue], minimum: int) -> Function:
    return Function(perform, minimum, 2, lambda_at=1, lambda_required=True)


FUNCTIONS: Final[Mapping[str, Function]] = MappingProxyType(
    {
        "length": _plain(text_functions.length, 1, 1),
        "upper": _plain(text_functions.upper, 1, 1),
        "lower": _plain(text_functions.lower, 1, 1),
        "trim": _plain(text_functions.trim, 1, 1),
        "split": _plain(text_functions.split, 2, 2),
        "join": _plain(text_functions.join, 1, 2),
        "replace": _plain(text_functions.replace, 3, 3),
        "contains": _plain(text_functions.contains, 2, 2),
        "startsWith": _plain(text_functions.starts_with, 2, 2),
        "endsWith": _plain(text_functions.ends_with, 2, 2),
        "matches": _plain(text_functions.matches, 2, 2),
        "padStart": _plain(text_functions.pad_start, 2, 3),
        "substring": _plain(text_functions.substring, 2, 3),
        "number": _plain(value_functions.number, 1, 1),
        "string": _plain(value_functions.string, 1, 1),
        "boolean": _plain(value_functions.boolean, 1, 1),
        "json": _plain(value_functions.to_json, 1, 1),
        "parseJson": _plain(value_functions.parse_json, 1, 1),
        "round": _plain(number_functions.round_number, 1, 3),
        "floor": _plain(number_functions.floor, 1, 1),
        "ceil": _plain(number_functions.ceil, 1, 1),
        "abs": _plain(number_functions.absolute, 1, 1),
        "min": _plain(number_functions.minimum, 1, None),
        "max": _plain(number_functions.maximum, 1, None),
        "sum": _over_items(number_functions.total, 1),
        "map": _over_items(list_functions.map_items, 2),
        "filter": _over_items(list_functions.filter_items, 2),
        "find": _over_items(list_functions.find, 2),
        "any": _over_items(list_functions.any_item, 1),
        "all": _over_items(list_functions.all_items, 1),
        "sort": Function(list_functions.sort, 1, 3, lambda_at=1),
        "unique": _over_items(list_functions.unique, 1),
        "flatten": _plain(list_functions.flatten, 1, 1),
        "groupBy": _over_items(list_functions.group_by, 2),
        "keys": _plain(object_functions.keys, 1, 1),
        "values": _plain(object_functions.values, 1, 1),
        "merge": _plain(object_functions.merge, 1, None),
        "pick": _plain(object_functions.pick, 2, None),
        "omit": _plain(object_functions.omit, 2, None),
        "get": _plain(object_functions.get, 2, 3),
        "formatDate": _plain(date_functions.format_date, 2, 3),
        "parseDate": _plain(date_functions.parse_date, 1, 3),
        "addDays": _plain(date_functions.add_days, 2, 2),
        "addMonths": _plain(date_functions.add_months, 2, 2),
        "addBusinessDays": _plain(date_functions.add_business_days, 2, 3),
        "startOfMonth": _plain(date_functions.start_of_month, 1, 1),
        "endOfMonth": _plain(date_functions.end_of_month, 1, 1),
        "daysBetween": _plain(date_functions.days_between, 2, 2),
        "money": _plain(money_functions.money, 2, 2),
        "formatMoney": _plain(money_functions.format_money, 1, 3),
        "base64": _plain(value_functions.base64, 1, 1),
        "sha256": _plain(value_functions.sha256, 1, 1),
        "uuid5": _plain(value_functions.uuid5, 2, 2),
        "default": _plain(value_functions.default, 2, 2),
        "coalesce": _plain(value_functions.coalesce, 1, None),
        "isEmpty": _plain(value_functions.is_empty, 1, 1),
        "exists": _plain(value_functions.exists, 1, 1),
        "type": _plain(value_functions.type_of, 1, 1),
        "raw": _plain(value_functions.raw, 1, 1),
    }
)
