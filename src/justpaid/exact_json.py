"""JSON in and out with exact numbers: every fraction is a Decimal that keeps its digits.

Guarantee: no binary float touches a user's number, and no parser failure escapes as anything but
`InvalidInput`. Bounds: 400 digits, adjusted exponent within ±400, nesting of 64, no U+0000 and no
lone surrogate; each breach is named with its path. Of duplicate keys the last wins, `-0` is 0.
"""

import json
from decimal import Decimal, InvalidOperation
from typing import Any, Final, TypeAlias

import msgspec

from justpaid.errors import InvalidInput, Problem

JsonValue: TypeAlias = (
    bool | int | Decimal | str | list["JsonValue"] | dict[str, "JsonValue"] | None
)
JsonObject: TypeAlias = dict[str, JsonValue]

MAX_DIGITS: Final = 400
MAX_EXPONENT: Final = 400
MAX_DEPTH: Final = 64

_MAX_PROBLEMS: Final = 100
_MAX_INTEGER: Final = 10**MAX_DIGITS
_decoder = msgspec.json.Decoder(float_hook=Decimal)
_encoder = msgspec.json.Encoder(decimal_format="number")


def parse(raw: bytes | str) -> JsonValue:
    """Read one JSON text and hold it to the bounds.

    Numbers with a fraction or an exponent become Decimal, others int. Raises InvalidInput naming
    every value out of bounds by its path, or the position of a syntax error.
    """
    try:
        value: JsonValue = _decoder.decode(raw)
    except (msgspec.MsgspecError, UnicodeError, RecursionError, InvalidOperation):
        value = _parse_slowly(raw)
    problems: list[Problem] = []
    value = _bounded(value, "", 0, problems)
    if problems:
        raise InvalidInput("The JSON holds values out of bounds.", problems)
    return value


def encode(value: object) -> bytes:
    """Write a value as compact JSON; Decimals as numbers with the digits they have.

    Raises ValueError for a NaN or an infinity: they never leave.
    """
    raw = _encoder.encode(value)
    if b"NaN" in raw or b"Infinity" in raw:
        _refuse_non_finite(value)
    return raw


def encode_text(value: object) -> str:
    """Write a value as JSON text, for a `json` column."""
    return encode(value).decode()


def encode_pretty(value: object) -> str:
    """Write a value as JSON for a reader's eyes: two spaces an indent."""
    return msgspec.json.format(encode(value), indent=2).decode()


def stored(text: str | bytes) -> JsonValue:
    """Read back JSON that this module wrote: already within bounds, so not checked again."""
    value: JsonValue = _decoder.decode(text)
    return value


def embed(text: str) -> msgspec.Raw:
    """Let stored JSON text stand inside a value to encode, byte for byte: nothing is reparsed."""
    return msgspec.Raw(text)


def join_path(path: str, part: str | int) -> str:
    """Extend a problem's path: `steps` + 2 is `steps[2]`, `config` + `to` is `config.to`."""
    if isinstance(part, int):
        return f"{path}[{part}]"
    return f"{path}.{part}" if path else part


def bounded(value: JsonValue, path: str = "") -> tuple[JsonValue, list[Problem]]:
    """Return a value with `-0` made 0, and what in it breaks the bounds."""
    problems: list[Problem] = []
    return _bounded(value, path, 0, problems), problems


def _bounded(value: JsonValue, path: str, depth: int, problems: list[Problem]) -> JsonValue:
    if isinstance(value, str):
        _check_text(value, path, problems)
    elif isinstance(value, Decimal):
        return _bounded_decimal(value, path, problems)
    elif isinstance(value, list | dict):
        if depth >= MAX_DEPTH:
            _report(problems, path, f"nested more than {MAX_DEPTH} levels deep")
        else:
            _bound_items(value, path, depth + 1, problems)
    elif isinstance(value, int) and not -_MAX_INTEGER < value < _MAX_INTEGER:
        _report(problems, path, f"the number has more than {MAX_DIGITS} digits")
    return value


def _bound_items(
    value: list[JsonValue] | JsonObject, path: str, depth: int, problems: list[Problem]
) -> None:
    if isinstance(value, list):
        for index, item in enumerate(value):
            value[index] = _bounded(item, f"{path}[{index}]", depth, problems)
        return
    for key, item in value.items():
        inner = join_path(path, key)
        _check_text(key, inner, problems)
        value[key] = _bounded(item, inner, depth, problems)


def _bounded_decimal(value: Decimal, path: str, problems: list[Problem]) -> JsonValue:
    if not value:
        return abs(value) if abs(value.adjusted()) <= MAX_EXPONENT else 0
    if len(value.as_tuple().digits) > MAX_DIGITS:
        _report(problems, path, f"the number has more than {MAX_DIGITS} digits")
    elif abs(value.adjusted()) > MAX_EXPONENT:
        _report(problems, path, f"the number's exponent is beyond ±{MAX_EXPONENT}")
    return value


def _check_text(text: str, path: str, problems: list[Problem]) -> None:
    if "\0" in text:
        _report(problems, path, "the text holds U+0000")
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        _report(problems, path, "the text holds half of a surrogate pair")


def _report(problems: list[Problem], path: str, message: str) -> None:
    if len(problems) < _MAX_PROBLEMS:
        printable = path.encode(errors="replace").decode().replace("\0", "\\u0000")
        problems.append(Problem(printable, message))


def _parse_slowly(raw: bytes | str) -> JsonValue:
    """Read what the fast parser refused, to say what is wrong with it and where."""
    try:
        text = raw.decode() if isinstance(raw, bytes) else raw
    except UnicodeDecodeError as error:
        raise _malformed(f"not UTF-8 at byte {error.start}") from None
    try:
        return json.loads(
            text, parse_float=_decimal, parse_int=_integer, parse_constant=_refuse_constant
        )
    except RecursionError:
        raise _malformed(f"nested more than {MAX_DEPTH} levels deep") from None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise _malformed(f"{error.msg} at {place}") from None


def _malformed(message: str) -> InvalidInput:
    return InvalidInput("The body is not valid JSON.", [Problem("", message)])


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal(f"1e{MAX_EXPONENT + 1}")  # out of bounds too, and named with its path


def _integer(text: str) -> int:
    # CPython refuses to read integers past 4,300 digits; ours end at 400.
    return int(text) if len(text) <= MAX_DIGITS + 1 else _MAX_INTEGER


def _refuse_constant(name: str) -> Any:  # noqa: ANN401  json's own hook returns anything
    raise _malformed(f"{name} is not a JSON value")


def _refuse_non_finite(value: object) -> None:
    if isinstance(value, Decimal) and not value.is_finite():
        raise ValueError("a number that is not finite cannot be written as JSON")
    if isinstance(value, dict):
        for item in value.values():  # pyright: ignore[reportUnknownVariableType]
            _refuse_non_finite(item)  # pyright: ignore[reportUnknownArgumentType]
    elif isinstance(value, list | tuple):
        for item in value:  # pyright: ignore[reportUnknownVariableType]
            _refuse_non_finite(item)  # pyright: ignore[reportUnknownArgumentType]
