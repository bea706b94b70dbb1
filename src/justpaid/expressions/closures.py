"""The parts an evaluation is made of: closures over a frame of names, budget and parameters.

Guarantee: a closure reads the names it was given and values made from them, and nothing else.
Members are own keys of objects and numbers of arrays; no attribute of any value is ever read.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from justpaid.exact_json import JsonValue
from justpaid.expressions.budget import Budget
from justpaid.expressions.errors import Fault
from justpaid.expressions.functions import Function
from justpaid.expressions.operators import Operator, at, negate
from justpaid.expressions.syntax import Member
from justpaid.expressions.values import is_truthy


class Frame:
    """One evaluation: the names, what is left of the budget, and the lambdas' parameters."""

    __slots__ = ("budget", "names", "parameters")

    def __init__(
        self, names: Mapping[str, JsonValue], budget: Budget, parameters: list[JsonValue]
    ) -> None:
        self.names = names
        self.budget = budget
        self.parameters = parameters


Closure: TypeAlias = Callable[[Frame], JsonValue]
Keys: TypeAlias = tuple[tuple[str, int], ...]


def walk(value: JsonValue, keys: Keys) -> JsonValue:
    """Read fixed segments from a value; whatever is missing on the way gives null."""
    for key, index in keys:
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list) and 0 <= index < len(value):
            value = value[index]
        else:
            return None
    return value


def computed(base: Closure, segments: Sequence[tuple[Closure, int]]) -> Closure:
    """Read segments of which some are computed."""

    def read(frame: Frame) -> JsonValue:
        value = base(frame)
        for segment, position in segments:
            key = segment(frame)
            try:
                value = at(value, key)
            except Fault as fault:
                raise placed(fault, position) from None
        return value

    return read


def negated(operand: Closure, position: int) -> Closure:
    """Change the sign of a number."""

    def negative(frame: Frame) -> JsonValue:
        value = operand(frame)
        try:
            return negate(value)
        except Fault as fault:
            raise placed(fault, position) from None

    return negative


def parameter(slot: int, keys: Keys) -> Closure:
    """Read a lambda's parameter and fixed segments after it."""
    if not keys:
        return lambda frame: frame.parameters[slot]
    return lambda frame: walk(frame.parameters[slot], keys)


def constant(segment: Member) -> Closure:
    """Give a fixed segment among computed ones."""
    key: JsonValue = segment.key if segment.index < 0 else segment.index
    return lambda _frame: key


def binary(first: Closure, operate: Operator, second: Closure, position: int) -> Closure:
    """Apply one operator."""

    def binary(frame: Frame) -> JsonValue:
        left = first(frame)
        right = second(frame)
        try:
            return operate(left, right, frame.budget)
        except Fault as fault:
            raise placed(fault, position) from None

    return binary


def folded(first: Closure, links: Sequence[tuple[Operator, Closure, int]]) -> Closure:
    """Apply operators of one rank from left to right."""

    def folded(frame: Frame) -> JsonValue:
        value = first(frame)
        for operate, operand, position in links:
            right = operand(frame)
            try:
                value = operate(value, right, frame.budget)
            except Fault as fault:
                raise placed(fault, position) from None
        return value

    return folded


def both(operands: Sequence[Closure]) -> Closure:
    """Return the first operand that is not true, or the last."""

    def both(frame: Frame) -> JsonValue:
        value: JsonValue = None
        for operand in operands:
            value = operand(frame)
            if not is_truthy(value):
                break
        return value

    return both


def either(operands: Sequence[Closure]) -> Closure:
    """Return the first operand that is true, or the last."""

    def either(frame: Frame) -> JsonValue:
        value: JsonValue = None
        for operand in operands:
            value = operand(frame)
            if is_truthy(value):
                break
        return value

    return either


def present(operands: Sequence[Closure]) -> Closure:
    """Return the first operand that is not null, or the last."""

    def present(frame: Frame) -> JsonValue:
        value: JsonValue = None
        for operand in operands:
            value = operand(frame)
            if value is not None:
                break
        return value

    return present


def called(
    name: str,
    function: Function,
    arguments: Sequence[Callable[[Frame], object]],
    places: Sequence[int],
) -> Closure:
    """Call a function; its faults get its name, and the place of the argument at fault.

    `places` are the positions of the arguments, then of the call.
    """
    perform = function.perform

    def result(frame: Frame) -> JsonValue:
        values = [argument(frame) for argument in arguments]
        try:
            return perform(frame.budget, *values)
        except Fault as fault:
            if fault.position is not None:
                raise
            last = len(places) - 1
            place = places[last if fault.argument is None else min(fault.argument, last)]
            raise Fault(f"{name}: {fault.message}", place) from None

    return result


def applied(
    body: Closure, slots: Sequence[int], units: int
) -> Callable[[Frame], Callable[[JsonValue, int], JsonValue]]:
    """Bind a lambda to a frame; each call charges what its body holds."""
    item_slot = slots[0]
    index_slot = slots[1] if len(slots) > 1 else None

    def bound(frame: Frame) -> Callable[[JsonValue, int], JsonValue]:
        parameters, budget = frame.parameters, frame.budget

        def apply(item: JsonValue, index: int) -> JsonValue:
            budget.charge(units)
            parameters[item_slot] = item
            if index_slot is not None:
                parameters[index_slot] = index
            return body(frame)

        return apply

    return bound


def placed(fault: Fault, position: int) -> Fault:
    """Give a fault its position, unless it has one."""
    if fault.position is None:
        fault.position = position
    return fault
