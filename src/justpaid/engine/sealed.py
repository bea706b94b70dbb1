"""Seals what of an input its schema calls writeOnly, and the requests that are made with it.

Guarantee: such a value is stored only under the master key, bound to its company and the line of
its run: it opens for the runs of that line and nowhere else.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final
from uuid import UUID

from justpaid import exact_json
from justpaid.db.encryption import Binding, KeyRing
from justpaid.engine.model import NewRun
from justpaid.exact_json import JsonObject, JsonValue
from justpaid.workflows.write_only import Hidden, SecretPlace, conceal, reveal

INPUT_PURPOSE: Final = "run-input"
REQUEST_PURPOSE: Final = "effect-request"


@dataclass(slots=True)
class RunSecrets:
    """What a worker knows of the secrets of the run it holds.

    `input`: the input as it was given. `texts`: what no record may show. `requests`: the recorded
    requests that are sealed, by path and generation; `seal` makes one ready to be stored.
    """

    input: JsonValue
    texts: tuple[str, ...] = field(repr=False)
    seal: Callable[[bytes], bytes]
    requests: dict[tuple[str, int], bytes] = field(
        default_factory=dict[tuple[str, int], bytes], repr=False
    )


def seal_input(
    keys: KeyRing, run: NewRun, places: Sequence[SecretPlace], input_: JsonObject
) -> NewRun:
    """Return a run with its input as it is stored: a mask where something is hidden."""
    shown, hidden = conceal(places, input_)
    text = exact_json.encode_text(shown)
    if not hidden:
        return replace(run, input=text)
    binding = Binding(INPUT_PURPOSE, run.company_id, run.origin_run_id)
    return replace(run, input=text, sealed_input=keys.seal(_written(hidden), binding))


def open_secrets(
    keys: KeyRing,
    company_id: UUID,
    origin_run_id: UUID,
    shown: JsonValue,
    sealed_input: bytes | None,
    sealed_requests: Mapping[tuple[str, int], bytes],
) -> RunSecrets:
    """Open what is stored of a run; raises CannotOpen."""
    of_request = Binding(REQUEST_PURPOSE, company_id, origin_run_id)
    hidden: list[Hidden] = []
    if sealed_input is not None:
        binding = Binding(INPUT_PURPOSE, company_id, origin_run_id)
        hidden = _read(keys.unseal(sealed_input, binding))
    return RunSecrets(
        reveal(shown, hidden),
        _texts_in(hidden),
        lambda value: keys.seal(value, of_request),
        {place: keys.unseal(sealed, of_request) for place, sealed in sealed_requests.items()},
    )


def unstored_secrets(input_: JsonValue, hidden: Sequence[Hidden]) -> RunSecrets:
    """Return what an input hides where nothing of it is stored."""
    return RunSecrets(input_, _texts_in(hidden), lambda _: b"")


def _texts_in(hidden: Sequence[Hidden]) -> tuple[str, ...]:
    return tuple(text for _, value in hidden for text in texts_of(value))


def texts_of(value: JsonValue) -> list[str]:
    """Return the texts and numbers in a value, as texts."""
    if isinstance(value, dict):
        return [text for inner in value.values() for text in texts_of(inner)]
    if isinstance(value, list):
        return [text for inner in value for text in texts_of(inner)]
    if isinstance(value, str):
        return [value]
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return [exact_json.encode_text(value)]
    return []


def list_differing(real: JsonValue, shown: JsonValue) -> list[str]:
    """Return the texts in which a value differs from what is shown of it."""
    if real == shown:
        return []
    if isinstance(real, dict) and isinstance(shown, dict):
        return [text for name in real for text in list_differing(real[name], shown.get(name))]
    if isinstance(real, list) and isinstance(shown, list) and len(real) == len(shown):
        pairs = zip(real, shown, strict=True)
        return [text for one, other in pairs for text in list_differing(one, other)]
    return texts_of(real)


def _written(hidden: Sequence[Hidden]) -> bytes:
    return exact_json.encode([[list[JsonValue](path), value] for path, value in hidden])


def _read(opened: bytes) -> list[Hidden]:
    stored = exact_json.stored(opened)
    pairs = stored if isinstance(stored, list) else []
    return [
        (tuple(name for name in pair[0] if isinstance(name, str | int)), pair[1])
        for pair in pairs
        if isinstance(pair, list) and isinstance(pair[0], list)
    ]
