"""Dates by the calendar, patterns by LDML, and amounts by their currency."""

import pytest

from justpaid.exact_json import JsonObject, JsonValue
from justpaid.expressions.currencies import PLACES
from justpaid.expressions.errors import ExpressionError
from justpaid.expressions.expression import compile_expression

NAMES: JsonObject = {
    "now": "2024-03-31T00:30:00.000Z",
    "today": "2024-03-31",
    "input": {"z": None},
}
NBSP = "\u00a0"


def _value(source: str) -> JsonValue:
    return compile_expression(source).evaluate(NAMES)


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("addDays('2024-02-28', 1)", "2024-02-29"),
        ("addDays('2023-02-28', 1)", "2023-03-01"),
        ("addDays('2024-01-01', -1)", "2023-12-31"),
        ("addDays('2024-01-01', 0.0)", "2024-01-01"),
        ("addDays(now, 1)", "2024-04-01T00:30:00Z"),
        ("addDays('2024-01-01T10:00:00.123456+05:30', 1)", "2024-01-02T10:00:00.123456+05:30"),
        ("addDays('2024-01-01T10:00:00.120-08:00', 1)", "2024-01-02T10:00:00.120-08:00"),
        ("addDays('2024-01-01 10:00', 1)", "2024-01-02T10:00:00Z"),
        ("addMonths('2024-01-31', 1)", "2024-02-29"),
        ("addMonths('2023-01-31', 1)", "2023-02-28"),
        ("addMonths('2024-02-29', 12)", "2025-02-28"),
        ("addMonths('2024-01-31', -2)", "2023-11-30"),
        ("addMonths('2024-12-15', 1)", "2025-01-15"),
        ("addMonths('2024-01-31T23:59:59+02:00', 1)", "2024-02-29T23:59:59+02:00"),
        ("addBusinessDays('2024-01-05', 1)", "2024-01-08"),
        ("addBusinessDays('2024-01-06', 1)", "2024-01-08"),
        ("addBusinessDays('2024-01-06', 0)", "2024-01-06"),
        ("addBusinessDays('2024-01-08', -1)", "2024-01-05"),
        ("addBusinessDays('2024-01-05', 5)", "2024-01-12"),
        ("addBusinessDays('2024-12-24', 1, ['2024-12-25', '2024-12-26T00:00:00Z'])", "2024-12-27"),
        ("addBusinessDays('2024-01-05T10:00:00Z', 1)", "2024-01-08T10:00:00Z"),
        ("startOfMonth(now)", "2024-03-01"),
        ("endOfMonth('2024-02-29T10:00:00Z')", "2024-02-29"),
        ("endOfMonth('2100-02-01')", "2100-02-28"),
        ("daysBetween('2024-01-31', '2024-03-01')", 30),
        ("daysBetween('2024-03-01', '2024-01-31')", -30),
        ("daysBetween('2024-01-01T12:00:00Z', '2024-01-03T11:00:00Z')", 1),
        ("daysBetween('2024-01-03T11:00:00Z', '2024-01-01T12:00:00Z')", -1),
        ("daysBetween('2024-01-01', '2024-01-02T00:00:00+01:00')", 0),
        ("parseDate('2024-01-31T10:00')", "2024-01-31T10:00:00Z"),
        ("parseDate(' 2024-01-31 ')", "2024-01-31"),
        ("parseDate('2024-01-31t10:00:05,5z')", "2024-01-31T10:00:05.500Z"),
        ("parseDate('2024-01-31T10:00:00-0330')", "2024-01-31T10:00:00-03:30"),
        ("parseDate('01/02/24', 'dd/MM/yy')", "2024-02-01"),
        ("parseDate('1.2.2024', 'd.M.yyyy')", "2024-02-01"),
        ("parseDate('march 2024', 'MMMM yyyy')", "2024-03-01"),
        ("parseDate('Fri, 05 Jan 2024', 'EEE, dd MMM yyyy')", "2024-01-05"),
        ("parseDate('12:05 am 2024-01-05', 'hh:mm a yyyy-MM-dd')", "2024-01-05T00:05:00Z"),
        ("parseDate('12:05 PM 2024-01-05', 'hh:mm a yyyy-MM-dd')", "2024-01-05T12:05:00Z"),
        (
            "parseDate('20240105T101112.250+0200', \"yyyyMMdd'T'HHmmss.SSSXX\")",
            "2024-01-05T10:11:12.250+02:00",
        ),
        (
            "parseDate('2024-07-01 10:00', 'yyyy-MM-dd HH:mm', 'America/New_York')",
            "2024-07-01T10:00:00-04:00",
        ),
        (
            "parseDate('1850-01-01 00:00', 'yyyy-MM-dd HH:mm', 'Europe/Berlin')",
            "1849-12-31T23:06:32Z",
        ),
        ("formatDate(today, 'yyyy-MM-dd')", "2024-03-31"),
        ("formatDate(today, 'd/M/yy')", "31/3/24"),
        ("formatDate(today, 'EEEE, EEE, E')", "Sunday, Sun, Sun"),
        ("formatDate(today, 'MMM MMMM QQQ Q')", "Mar March Q1 1"),
        ("formatDate(today, \"yyyy'Q'Q 'o''clock' ''\")", "2024Q1 o'clock '"),
        ("formatDate(today, 'HH:mm:ss.SSS XXX')", "00:00:00.000 Z"),
        ("formatDate(now, 'h:mm a, hh, H, HH')", "12:30 AM, 12, 0, 00"),
        ("formatDate('2024-01-01T13:05:09.1204Z', 'h a m s S SSSSSS')", "1 PM 5 9 1 120400"),
        ("formatDate(now, 'yyyy-MM-dd HH:mm XXX', 'Europe/Berlin')", "2024-03-31 01:30 +01:00"),
        (
            "formatDate('2024-03-31T01:00:00Z', 'HH:mm xxx XX', 'Europe/Berlin')",
            "03:00 +02:00 +0200",
        ),
        ("formatDate(now, 'd MMMM', 'America/Los_Angeles')", "30 March"),
        ("formatDate(today, 'd MMMM', 'America/Los_Angeles')", "31 March"),
        ("formatDate('2024-01-01T10:00:00+05:30', 'HH:mm')", "10:00"),
        ("formatDate('0001-01-01', 'y yyyy')", "1 0001"),
        ("formatDate(today, '')", ""),
    ],
)
def test_dates(source: str, value: JsonValue) -> None:
    """Dates move by the calendar, moments keep their offset, and zones are applied where named."""
    assert _value(source) == value


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("addDays('2024-02-30', 1)", "argument 1 is not a date"),
        ("addDays('31.01.2024', 1)", "argument 1 must be an ISO 8601 date or moment"),
        ("addDays('2024-01-01T25:00', 1)", "argument 1 is not a date"),
        ("addDays('2024-01-01T10:00+99:00', 1)", "argument 1 is not a date"),
        ("addDays('٢٠٢٤-01-01', 1)", "argument 1 must be an ISO 8601"),
        ("addDays(20240101, 1)", "argument 1 must be an ISO 8601"),
        ("addDays(null, 1)", "argument 1 must be an ISO 8601 date or moment, found null"),
        ("addDays('2024-01-01', 1.5)", "argument 2 must be a whole number"),
        ("addDays('9999-12-31', 1)", "outside the years 1 to 9999"),
        ("addDays('0001-01-01', -1)", "outside the years 1 to 9999"),
        ("addMonths('9999-12-01', 1)", "outside the years 1 to 9999"),
        ("addMonths('2024-01-01', 1e30)", "argument 2 must be a whole number"),
        ("addBusinessDays('9999-12-30', 10)", "outside the years 1 to 9999"),
        ("addBusinessDays('2024-01-01', 1, ['x'])", "argument 3 must be an ISO 8601"),
        ("addBusinessDays('2024-01-01', 1, '2024-01-02')", "argument 3 must be an array"),
        ("formatDate('0001-01-01T00:00:00Z', 'y', 'America/New_York')", "outside the years"),
        ("formatDate(today, 'YYYY-MM-DD')", "`YYYY` means nothing in a date pattern; years are"),
        ("formatDate(today, 'yyyy-MM-DD')", "`DD` means nothing in a date pattern; days are `dd`"),
        ("formatDate(today, 'bb')", "`bb` means nothing in a date pattern"),
        ('formatDate(today, "\'x")', "a quote that is never closed"),
        ("formatDate(today, padStart('', 201, 'y '))", "more than 200 characters"),
        ("formatDate(today, 'y', 'Mars/Olympus')", "argument 3 must be a time zone such as"),
        ("formatDate(today, 'y', '../../etc/passwd')", "argument 3 must be a time zone such as"),
        ("formatDate(today, 'y', '/etc/localtime')", "argument 3 must be a time zone such as"),
        ("parseDate('2024', 'yyyy-MM')", "'2024' does not read as `yyyy-MM`"),
        ("parseDate('30/02/2024', 'dd/MM/yyyy')", "is not a date"),
        ("parseDate('13:00 PM 2024', 'hh:mm a yyyy')", "is not a date"),
        ("parseDate('01', 'MM')", "the pattern says no year"),
        ("parseDate('01 01 2024', 'MM M yyyy')", "the pattern says the month twice"),
        ("parseDate('Q1 2024', 'QQQ yyyy')", "`QQQ` means nothing in a date pattern"),
    ],
)
def test_what_is_no_date_is_an_error(source: str, message: str) -> None:
    """An impossible date, pattern or zone is named; no date is invented."""
    with pytest.raises(ExpressionError) as raised:
        _value(source)
    assert message in raised.value.message


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("money(19.995, 'EUR').amount", "20.00"),
        ("money(-19.995, 'eur').amount", "-20.00"),
        ("money(19.995, 'EUR').minor", "2000"),
        ("money(5, 'USD').amount", "5.00"),
        ("money(5.5, 'JPY').amount", "6"),
        ("money(5.5, 'JPY').minor", "6"),
        ("money(1.2345, 'KWD').minor", "1235"),
        ("money(0, 'CLF').amount", "0.0000"),
        ("formatMoney(0, 'USD')", "$0.00"),
        ("formatMoney(-0.001, 'USD')", "$0.00"),
        ("formatMoney(999.995, 'USD')", "$1,000.00"),
        ("formatMoney(100000, 'JPY')", "¥100,000"),
        ("formatMoney(1234.5, 'CHF')", f"CHF{NBSP}1,234.50"),
        ("formatMoney(1234.5, 'EUR', 'en-GB')", "€1,234.50"),
        ("formatMoney(1234.5, 'EUR', 'de-AT')", f"1.234,50{NBSP}€"),
        ("formatMoney(1234.5, 'EUR', 'fr')", f"1\u202f234,50{NBSP}€"),
        ("formatMoney(-1234.5, 'EUR', 'nl')", f"-€{NBSP}1.234,50"),
        ("formatMoney(1234.5, 'CHF', 'de-CH')", f"CHF{NBSP}1\u2019234.50"),
        ("formatMoney(money(1, 'EUR'), 'de')", f"1,00{NBSP}€"),
        ("formatMoney({amount: 1, currency: 'EUR'})", "€1.00"),
        ("formatMoney(1e30, 'USD')", "$1" + ",000" * 10 + ".00"),
    ],
)
def test_money(source: str, text: str) -> None:
    """Amounts have exactly their currency's places, and read as their language writes them."""
    assert str(_value(source)) == text


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("money('5', 'EUR')", "argument 1 must be a number, found the string '5'"),
        ("money(5, 'EURO')", "argument 2 must be a currency code such as 'EUR'"),
        ("money(5, null)", "argument 2 must be a currency code such as 'EUR', found null"),
        ("formatMoney(5)", "argument 2 must be a currency code"),
        ("formatMoney({amount: 5})", "argument 1 must be a currency code"),
        ("formatMoney({amount: 5, currency: 'EUR'}, 'de', 'de')", "followed by a language only"),
        ("formatMoney(5, 'EUR', 'tlh')", "argument 3 must be a language, one of en,"),
        ("formatMoney(null, 'EUR')", "argument 1 must be a number, found null"),
    ],
)
def test_what_is_no_money_is_an_error(source: str, message: str) -> None:
    """An unknown currency or language, or an amount that is no number, is never guessed."""
    with pytest.raises(ExpressionError) as raised:
        _value(source)
    assert message in raised.value.message


def test_currencies_have_their_places() -> None:
    """The currencies that companies bill in have the decimals that ISO 4217 gives them."""
    assert {code: PLACES[code] for code in ("EUR", "USD", "GBP", "JPY", "KWD", "ISK", "CHF")} == {
        "EUR": 2,
        "USD": 2,
        "GBP": 2,
        "JPY": 0,
        "KWD": 3,
        "ISK": 0,
        "CHF": 2,
    }
    assert all(len(code) == 3 and code.isupper() for code in PLACES)
