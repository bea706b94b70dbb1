"""Functions on money: amounts held to their currency's places, and written for readers."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from justpaid.exact_json import JsonValue
from justpaid.expressions import arguments, decimals
from justpaid.expressions.arguments import wrong
from justpaid.expressions.budget import Budget
from justpaid.expressions.currencies import PLACES, SYMBOLS
from justpaid.expressions.decimals import Number
from justpaid.expressions.errors import Fault

_SPACE: Final = "\N{NO-BREAK SPACE}"
_THIN_SPACE: Final = "\N{NARROW NO-BREAK SPACE}"
_GROUP: Final = 3
_CODE: Final = 3


@dataclass(frozen=True, slots=True)
class _Style:
    """How a language writes amounts: between thousands, before decimals, and the sign's side."""

    group: str
    point: str
    is_sign_first: bool = False
    has_space: bool = True


_COMMA: Final = _Style(".", ",")
_STYLES: Final = MappingProxyType(
    {
        "en": _Style(",", ".", is_sign_first=True, has_space=False),
        "ja": _Style(",", ".", is_sign_first=True, has_space=False),
        "de": _COMMA,
        "de-CH": _Style("’", ".", is_sign_first=True),  # noqa: RUF001  the Swiss separator
        "es": _COMMA,
        "it": _COMMA,
        "da": _COMMA,
        "pt": _Style(".", ",", is_sign_first=True),
        "nl": _Style(".", ",", is_sign_first=True),
        "fr": _Style(_THIN_SPACE, ","),
        "sv": _Style(_SPACE, ","),
        "pl": _Style(_SPACE, ","),
    }
)


def money(_budget: Budget, amount: JsonValue, currency: JsonValue) -> JsonValue:
    """Round an amount to its currency's places; `minor` is the same in the smallest unit."""
    code = _currency(currency, 1)
    places = PLACES[code]
    rounded = decimals.round_to(arguments.some_number(amount, 0), places, "half_up")
    minor = decimals.round_to(decimals.multiply(rounded, 10**places), 0, "half_up")
    return {"amount": rounded, "currency": code, "minor": minor}


def format_money(
    budget: Budget, amount: JsonValue, currency: JsonValue = None, language: JsonValue = None
) -> JsonValue:
    """Write an amount for readers, rounded to its currency's places.

    Takes an amount, a currency and a language (`en` when absent); or what `money` returned, and a
    language.
    """
    if isinstance(amount, dict):
        if language is not None:
            raise Fault("a value with a currency is followed by a language only", argument=2)
        code = _currency(amount.get("currency"), 0)
        number, place = amount.get("amount"), currency
        style = _style(place, 1)
    else:
        code = _currency(currency, 1)
        number, place = amount, language
        style = _style(place, 2)
    text = _written(arguments.some_number(number, 0), code, style)
    budget.charge_text(len(text))
    return text


def _written(number: Number, code: str, style: _Style) -> str:
    rounded = decimals.round_to(number, PLACES[code], "half_up")
    whole, _, fraction = decimals.plain(decimals.absolute(rounded)).partition(".")
    head = len(whole) % _GROUP
    groups = [whole[:head]] if head else []
    groups += [whole[start : start + _GROUP] for start in range(head, len(whole), _GROUP)]
    digits = style.group.join(groups) + (style.point + fraction if fraction else "")
    sign = SYMBOLS.get(code, code)
    space = _SPACE if style.has_space or sign == code else ""
    text = f"{sign}{space}{digits}" if style.is_sign_first else f"{digits}{space}{sign}"
    return f"-{text}" if rounded < 0 else text


def _currency(value: JsonValue, number: int) -> str:
    code = value.upper() if isinstance(value, str) and len(value) == _CODE else ""
    if code not in PLACES:
        raise wrong(number, "a currency code such as 'EUR'", value)
    return code


def _style(value: JsonValue, number: int) -> _Style:
    if value is None:
        return _STYLES["en"]
    if isinstance(value, str):
        found = _STYLES.get(value) or _STYLES.get(value[:12].split("-")[0])
        if found is not None:
            return found
    raise wrong(number, f"a language, one of {', '.join(_STYLES)}", value)
