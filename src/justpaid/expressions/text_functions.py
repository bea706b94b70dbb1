"""Functions on strings; lengths and positions count characters (code points)."""

from justpaid.exact_json import JsonValue
from justpaid.expressions import arguments, patterns, values
from justpaid.expressions.arguments import wrong
from justpaid.expressions.budget import Budget
from justpaid.expressions.errors import Fault
from justpaid.expressions.values import MAX_RESULT_BYTES, is_number


def length(_budget: Budget, value: JsonValue) -> JsonValue:
    """Count a string's characters, an array's items or an object's fields."""
    if not isinstance(value, str | list | dict):
        raise wrong(0, "a string, an array or an object", value)
    return len(value)


def upper(budget: Budget, value: JsonValue) -> JsonValue:
    """Write a string in capitals."""
    text = arguments.text(value, 0)
    budget.charge_text(len(text))
    return text.upper()


def lower(budget: Budget, value: JsonValue) -> JsonValue:
    """Write a string in small letters."""
    text = arguments.text(value, 0)
    budget.charge_text(len(text))
    return text.lower()


def trim(budget: Budget, value: JsonValue) -> JsonValue:
    """Drop white space at both ends."""
    text = arguments.text(value, 0)
    budget.charge_text(len(text))
    return text.strip()


def split(budget: Budget, value: JsonValue, separator: JsonValue) -> JsonValue:
    """Cut a string at every separator; an empty separator cuts it into characters."""
    text, mark = arguments.text(value, 0), arguments.text(separator, 1)
    budget.charge_text(len(text))
    budget.charge(text.count(mark) + 1)
    parts: list[JsonValue] = [*(text.split(mark) if mark else text)]
    return parts


def join(budget: Budget, items: JsonValue, separator: JsonValue = ",") -> JsonValue:
    """Join an array's items, each written as a template writes it."""
    array, mark = arguments.array(items, 0), arguments.text(separator, 1)
    budget.charge(len(array))
    budget.charge_text(len(array) * len(mark))
    texts: list[str] = []
    for item in array:
        text = values.to_text(item, budget)
        budget.charge(len(text) // 64)
        texts.append(text)
    return mark.join(texts)


def replace(budget: Budget, value: JsonValue, old: JsonValue, new: JsonValue) -> JsonValue:
    """Replace every occurrence of a string by another."""
    text, searched = arguments.text(value, 0), arguments.text(old, 1)
    replacement = arguments.text(new, 2)
    if not searched:
        raise Fault("argument 2 must not be empty", argument=1)
    budget.charge_text(len(text))
    count = text.count(searched)
    budget.charge_text(max(0, len(text) + count * (len(replacement) - len(searched))))
    return text.replace(searched, replacement)


def contains(budget: Budget, holder: JsonValue, member: JsonValue) -> JsonValue:
    """Tell whether a string holds a string, an array a value, or an object a field."""
    return values.contains(holder, member, budget)


def starts_with(budget: Budget, value: JsonValue, start: JsonValue) -> JsonValue:
    """Tell whether a string begins with another."""
    text, beginning = arguments.text(value, 0), arguments.text(start, 1)
    budget.charge_text(len(beginning))
    return text.startswith(beginning)


def ends_with(budget: Budget, value: JsonValue, end: JsonValue) -> JsonValue:
    """Tell whether a string ends with another."""
    text, ending = arguments.text(value, 0), arguments.text(end, 1)
    budget.charge_text(len(ending))
    return text.endswith(ending)


def matches(budget: Budget, value: JsonValue, pattern: JsonValue) -> JsonValue:
    """Tell whether an RE2 pattern matches anywhere in a string."""
    return patterns.matches(arguments.text(value, 0), arguments.text(pattern, 1), budget)


def pad_start(
    budget: Budget, value: JsonValue, size: JsonValue, fill: JsonValue = " "
) -> JsonValue:
    """Lengthen a string, or a number's digits, from the left to a number of characters."""
    if not isinstance(value, str) and not is_number(value):
        raise wrong(0, "a string or a number", value)
    text = values.to_text(value, budget)
    wanted = arguments.whole(size, 1, 0, MAX_RESULT_BYTES)
    filling = arguments.text(fill, 2)
    missing = wanted - len(text)
    if missing <= 0:
        return text
    if not filling:
        raise Fault("argument 3 must not be empty", argument=2)
    budget.charge_text(wanted + len(filling))
    return (filling * (missing // len(filling) + 1))[:missing] + text


def substring(
    budget: Budget, value: JsonValue, start: JsonValue, end: JsonValue = None
) -> JsonValue:
    """Cut out the characters from `start` up to, not including, `end`."""
    text = arguments.text(value, 0)
    first = arguments.whole(start, 1, 0, MAX_RESULT_BYTES)
    last = len(text) if end is None else arguments.whole(end, 2, 0, MAX_RESULT_BYTES)
    budget.charge_text(max(0, min(last, len(text)) - first))
    return text[first:last]
