"""What values are to the language: their type's name, truth, text, order, equality and size."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final, TypeGuard

from justpaid import exact_json
from justpaid.exact_json import JsonObject, JsonValue
from justpaid.expressions import decimals
from justpaid.expressions.budget import CHARACTERS_PER_UNIT, Budget
from justpaid.expressions.decimals import Number
from justpaid.expressions.errors import Fault

MAX_RESULT_BYTES: Final = 1024 * 1024
MAX_RESULT_DEPTH: Final = exact_json.MAX_DEPTH
# Values within an evaluation may be somewhat deeper than a result, so that parts can be read.
_MAX_DEPTH: Final = MAX_RESULT_DEPTH + 8
_SHOWN: Final = 40
_LONGEST_ESCAPE: Final = 6
_FEW_FIELDS: Final = 20
_FEW_LEVELS: Final = 3


def is_number(value: object) -> TypeGuard[Number]:
    """Tell whether a value is a number (a boolean is not)."""
    return value.__class__ is int or value.__class__ is Decimal


def type_name(value: JsonValue) -> str:
    """Name a value's type as JSON does."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | Decimal):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"


def described(value: JsonValue) -> str:
    """Describe a value in an error: type and short content, never a large one."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"an array of {len(value)}"
    if isinstance(value, dict):
        return f"an object of {len(value)} field{'' if len(value) == 1 else 's'}"
    if isinstance(value, str):
        return f"the string '{shortened(value)}'"
    return f"the number {shortened(str(value))}"


def shortened(text: str) -> str:
    """Return the beginning of a text, for an error."""
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def is_truthy(value: JsonValue) -> bool:
    """Tell whether a value counts as true: all but null, false, 0 and empty text do."""
    return bool(value) or isinstance(value, list | dict)


def to_text(value: JsonValue, budget: Budget) -> str:
    """Write a value as a template does: null as nothing, arrays and objects as JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | Decimal):
        text = decimals.plain(value)
        budget.charge_text(len(text))
        return text
    return to_json(value, budget)


def to_json(value: JsonValue, budget: Budget) -> str:
    """Write a value as compact JSON."""
    charge_value(value, budget)
    try:
        return exact_json.encode_text(value)
    except ValueError:
        raise Fault("the value cannot be written as JSON") from None


def equals(left: JsonValue, right: JsonValue, budget: Budget) -> bool:
    """Compare by type and value: numbers by value, arrays and objects by content."""
    if isinstance(left, list | dict):
        if left.__class__ is not right.__class__:
            return False
        return _equals_deeply(left, right, budget, 0)
    if is_number(left):
        return is_number(right) and left == right
    if left.__class__ is not right.__class__:
        return False
    if isinstance(left, str):
        budget.charge(len(left) // CHARACTERS_PER_UNIT)
    return left == right


def compare(left: JsonValue, right: JsonValue, budget: Budget) -> int:
    """Order two values: below 0, 0 or above 0.

    Numbers by value, strings by code point, a number and a numeric string by value; raises Fault
    for any other pair.
    """
    if isinstance(left, str) and isinstance(right, str):
        budget.charge(min(len(left), len(right)) // CHARACTERS_PER_UNIT)
        return (left > right) - (left < right)
    first, second = _as_number(left, budget), _as_number(right, budget)
    if first is None or second is None:
        raise Fault(f"cannot compare {described(left)} with {described(right)}")
    return (first > second) - (first < second)


def contains(holder: JsonValue, member: JsonValue, budget: Budget) -> bool:
    """Tell whether an array holds a value, an object a key, or a string a string."""
    if isinstance(holder, list):
        budget.charge(len(holder))
        return any(equals(item, member, budget) for item in holder)
    if not isinstance(holder, str | dict):
        raise Fault(f"cannot look into {described(holder)}")
    if not isinstance(member, str):
        kind = type_name(holder)
        raise Fault(f"cannot look for {described(member)} in {_with_article(kind)}")
    if isinstance(holder, str):
        budget.charge_text(len(holder))
    return member in holder


def charge_value(value: JsonValue, budget: Budget) -> None:
    """Charge for every part of a value, level by level; raises Fault past the depth bound."""
    level: list[JsonValue] = [value]
    depth = 0
    while level:
        depth += 1
        if depth > _MAX_DEPTH:
            raise Fault(f"the value is nested more than {_MAX_DEPTH} levels deep")
        deeper: list[JsonValue] = []
        for item in level:
            if isinstance(item, str):
                budget.charge_text(len(item))
            elif isinstance(item, list):
                budget.charge(1 + len(item))
                deeper.extend(item)
            elif isinstance(item, dict):
                budget.charge(1 + len(item) + sum(map(len, item)) // CHARACTERS_PER_UNIT)
                deeper.extend(item.values())
        level = deeper


def check_result(value: JsonValue) -> int:
    """Hold a result to its bounds, 1 MiB as JSON and nesting of 64; raises Fault.

    Returns about how many bytes it has. The walk ends as soon as the bound is passed, however
    often one value is referred to.
    """
    if isinstance(value, str):
        if len(value) * _LONGEST_ESCAPE < MAX_RESULT_BYTES:
            return len(value)
    elif not isinstance(value, list | dict):
        return 1 + _text_size((value,))[1]  # a number has far fewer digits than the bound
    small = _size_of_small(value, 1) if isinstance(value, dict) else None
    if small is None or small * _LONGEST_ESCAPE > MAX_RESULT_BYTES // 2:
        return _size_by_levels(value)
    return 1 + small


def _size_by_levels(value: JsonValue) -> int:
    least = most = 0
    level: list[JsonValue] = [value]
    depth = 0
    while level:
        containers = [item for item in level if isinstance(item, list | dict)]
        depth += bool(containers)
        if depth > MAX_RESULT_DEPTH:
            raise Fault(f"the result is nested more than {MAX_RESULT_DEPTH} levels deep")
        texts, numbers = _text_size(level)
        least += texts + numbers + len(level)
        most += _LONGEST_ESCAPE * texts + numbers + 8 * len(level)
        level = []
        for container in containers:
            if isinstance(container, dict):
                keys = sum(map(len, container))
                least += keys
                most += _LONGEST_ESCAPE * keys + 4 * len(container)
                level.extend(container.values())
            else:
                level.extend(container)
            if least + len(level) > MAX_RESULT_BYTES + 1:
                raise _too_large()
    if most > MAX_RESULT_BYTES and len(exact_json.encode(value)) > MAX_RESULT_BYTES:
        raise _too_large()
    return least


def _size_of_small(fields: JsonObject, depth: int) -> int | None:
    """Count what is in a small object, in few levels of few fields; None for any other."""
    if len(fields) > _FEW_FIELDS or depth > _FEW_LEVELS:
        return None
    size = len(fields)
    for key, item in fields.items():
        size += len(key)
        if isinstance(item, str):
            size += len(item)
        elif is_number(item):
            size += len(str(item))
        elif isinstance(item, dict):
            inner = _size_of_small(item, depth + 1)
            if inner is None:
                return None
            size += inner
        elif isinstance(item, list):
            return None
    return size


def _text_size(items: Iterable[JsonValue]) -> tuple[int, int]:
    texts = numbers = 0
    for item in items:
        if isinstance(item, str):
            texts += len(item)
        elif is_number(item):
            numbers += len(str(item))
    return texts, numbers


def _too_large() -> Fault:
    return Fault(f"the result is larger than {MAX_RESULT_BYTES:,} bytes")


def _as_number(value: JsonValue, budget: Budget) -> Number | None:
    if isinstance(value, str):
        budget.charge(len(value) // CHARACTERS_PER_UNIT)
        return decimals.numeric(value)
    return value if is_number(value) else None


def _equals_deeply(left: JsonValue, right: JsonValue, budget: Budget, depth: int) -> bool:
    if depth > _MAX_DEPTH:
        raise Fault(f"the value is nested more than {_MAX_DEPTH} levels deep")
    if isinstance(left, list) and isinstance(right, list):
        if len(left) != len(right):
            return False
        budget.charge(1 + len(left))
        return all(
            _equals_deeply(one, other, budget, depth + 1)
            for one, other in zip(left, right, strict=True)
        )
    if isinstance(left, dict) and isinstance(right, dict):
        if left.keys() != right.keys():
            return False
        budget.charge(1 + len(left))
        return all(
            _equals_deeply(item, right[key], budget, depth + 1) for key, item in left.items()
        )
    if isinstance(left, list | dict):
        return False
    return equals(left, right, budget)


def _with_article(kind: str) -> str:
    return f"an {kind}" if kind[0] in "ao" else f"a {kind}"
