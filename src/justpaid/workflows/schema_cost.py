"""How much work a user's JSON Schema may make: what could multiply is found before it is used.

Guarantee: a chain of definitions that each refer twice to the next (it doubles with every link) is
counted with its references written out and held to a bound; a recursive schema that checks the
same inner value twice (it doubles with every level of the value) is refused.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from justpaid.exact_json import JsonObject, JsonValue

MAX_SIZE: Final = 5_000
_MAX_OPEN: Final = 100
_MAX_RETURNS: Final = 200

_IN_PLACE_LISTS: Final = ("allOf", "anyOf", "oneOf")
_IN_PLACE: Final = ("not", "if", "then", "else")
_REFUSED: Final = ("$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$anchor")


class CostlySchema(ValueError):
    """The schema could make more work than it shows, or refers to what cannot be followed."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A step down into a value: one property or item, or all the others.

    One property stands in `names`, one item in `index`; all others are the properties but `names`,
    the items from `index` on.
    """

    is_item: bool
    is_one: bool
    names: frozenset[str] = frozenset()
    index: int = 0

    def overlaps(self, other: "_Part") -> bool:
        """Say whether both may lead to the same inner value."""
        if self.is_item is not other.is_item:
            return False
        if self.is_one and other.is_one:
            return self.names == other.names and self.index == other.index
        if self.is_one or other.is_one:
            one, rest = (self, other) if self.is_one else (other, self)
            return one.index >= rest.index if self.is_item else not one.names <= rest.names
        return True


_Place: TypeAlias = tuple[_Part, ...]
_NAMES: Final = _Part(is_item=False, is_one=True, names=frozenset({"\0"}))  # no value has this name


@dataclass(frozen=True, slots=True)
class _Opened:
    """A schema being walked: its identity, the number of this visit, the place it was met at."""

    identity: int
    visit: int
    place: _Place


@dataclass(frozen=True, slots=True)
class _Return:
    """A reference back into a schema being walked: `around` are the visits open at that moment."""

    place: _Place
    around: tuple[int, ...]
    target: int


def unfolded_size(schema: JsonObject) -> int:
    """Count a schema's parts with every reference written out; a recursion counts once.

    Raises CostlySchema for one that fans out, and for a reference that leads out of the schema.
    """
    unfolding = _Unfolding(schema)
    unfolding.walk(schema, ())
    unfolding.check_returns()
    return unfolding.count


class _Unfolding:
    def __init__(self, root: JsonObject) -> None:
        self.root = root
        self.count = 0
        self.visits = 0
        self.open: list[_Opened] = []
        self.returns: list[_Return] = []

    def walk(self, schema: JsonValue, place: _Place) -> None:
        self.count += 1
        if self.count > MAX_SIZE:
            raise CostlySchema(f"has more than {MAX_SIZE} parts with its references written out")
        if not isinstance(schema, dict):
            return
        if len(self.open) >= _MAX_OPEN:
            raise CostlySchema(f"is nested more than {_MAX_OPEN} levels deep")
        for keyword in _REFUSED:
            if keyword in schema:
                raise CostlySchema(f"cannot use {keyword}: refer by #/$defs/<name>")
        if "$id" in schema and schema is not self.root:
            raise CostlySchema("can have $id only at its top")
        self.visits += 1
        self.open.append(_Opened(id(schema), self.visits, place))
        for inner, part in _inner_schemas(schema):
            self.walk(inner, place if part is None else (*place, part))
        if isinstance(reference := schema.get("$ref"), str):
            self._follow(reference, place)
        self.open.pop()

    def _follow(self, reference: str, place: _Place) -> None:
        target = resolve_local(self.root, reference)
        opened = next((one for one in self.open if one.identity == id(target)), None)
        if opened is None:
            self.walk(target, place)
            return
        if len(place) == len(opened.place):
            raise CostlySchema(f"refers to '{reference[:100]}' without going into the value")
        around = tuple(one.visit for one in self.open)
        self.returns.append(_Return(place, around, opened.visit))

    def check_returns(self) -> None:
        """Refuse a recursion that could meet one inner value on two ways."""
        targets = {one.target for one in self.returns}
        groups: dict[int, list[_Place]] = {}
        for one in self.returns:
            outermost = next(visit for visit in one.around if visit in targets)
            known = groups.setdefault(outermost, [])
            if len(known) >= _MAX_RETURNS or any(_overlap(one.place, place) for place in known):
                raise CostlySchema("refers back to itself more than once for the same inner value")
            known.append(one.place)


def _overlap(place: _Place, other: _Place) -> bool:
    return all(one.overlaps(two) for one, two in zip(place, other, strict=False))


def _inner_schemas(schema: JsonObject) -> Iterator[tuple[JsonValue, _Part | None]]:
    for keyword in _IN_PLACE_LISTS:
        yield from ((inner, None) for inner in _list(schema, keyword))
    yield from ((schema[keyword], None) for keyword in _IN_PLACE if keyword in schema)
    yield from ((inner, None) for inner in _named(schema, "dependentSchemas").values())
    yield from _property_schemas(schema)
    yield from _item_schemas(schema)


def _property_schemas(schema: JsonObject) -> Iterator[tuple[JsonValue, _Part]]:
    own = _named(schema, "properties")
    for name, inner in own.items():
        yield inner, _Part(is_item=False, is_one=True, names=frozenset({name}))
    anything = _Part(is_item=False, is_one=False)
    yield from ((inner, anything) for inner in _named(schema, "patternProperties").values())
    others = _Part(is_item=False, is_one=False, names=frozenset(own))
    for keyword in ("additionalProperties", "unevaluatedProperties"):
        if keyword in schema:
            yield schema[keyword], others
    if "propertyNames" in schema:
        yield schema["propertyNames"], _NAMES


def _item_schemas(schema: JsonObject) -> Iterator[tuple[JsonValue, _Part]]:
    first = _list(schema, "prefixItems")
    for index, inner in enumerate(first):
        yield inner, _Part(is_item=True, is_one=True, index=index)
    for keyword in ("items", "unevaluatedItems"):
        if keyword in schema:
            yield schema[keyword], _Part(is_item=True, is_one=False, index=len(first))
    if "contains" in schema:
        yield schema["contains"], _Part(is_item=True, is_one=False)


def _list(schema: JsonObject, keyword: str) -> list[JsonValue]:
    inner = schema.get(keyword)
    return inner if isinstance(inner, list) else []


def _named(schema: JsonObject, keyword: str) -> JsonObject:
    inner = schema.get(keyword)
    return inner if isinstance(inner, dict) else {}


def resolve_local(root: JsonObject, reference: str) -> JsonValue:
    """Follow `#` or `#/json/pointer` inside a schema; raises CostlySchema when it leads nowhere."""
    if not reference.startswith("#"):
        raise CostlySchema(f"may refer only to its own parts (#/…), not to '{reference[:100]}'")
    value: JsonValue = root
    for part in reference[1:].split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict) and key in value:
            value = value[key]
        elif isinstance(value, list) and key.isascii() and key.isdigit() and int(key) < len(value):
            value = value[int(key)]
        else:
            raise CostlySchema(f"refers to '{reference[:100]}', which does not exist")
    return value
