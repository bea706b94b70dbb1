"""What is recorded of a request, so that the very same can be sent again; pure.

Guarantee: where something that the input hides went into a request, its row in the ledger shows a
mask, and what is sent again is taken from what was sealed with it, or it is not sent at all.
"""

from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Final

from justpaid import exact_json
from justpaid.engine.contract import Intent, StepContext
from justpaid.engine.model import EffectRecord, SealedRequest
from justpaid.engine.run_state import RunState
from justpaid.exact_json import JsonObject, JsonValue

_IS_SEALED: Final = "isSealed"


@dataclass(frozen=True, slots=True)
class Recorded:
    """A request as it is recorded; `raw` is sealed, `shown` stands in the ledger."""

    shown: bytes
    raw: bytes | None = field(default=None, repr=False)

    @property
    def fingerprint(self) -> bytes:
        """What tells this request from another; of a sealed one it is not to be stored."""
        return sha256(self.raw or self.shown).digest()

    @property
    def stored_fingerprint(self) -> bytes | None:
        """The fingerprint as it is stored: of a short secret it could be guessed back."""
        return None if self.raw is not None else self.fingerprint


@dataclass(frozen=True, slots=True)
class Again:
    """A recorded request, ready to be sent."""

    request: JsonObject = field(repr=False)
    key_memory_hours: int | None
    replays_errors: bool
    secrets: tuple[str, ...] = field(default=(), repr=False)
    shown_request: JsonObject | None = None


def tell(
    context: StepContext, secrets: tuple[str, ...], shown_request: JsonObject | None
) -> StepContext:
    """Return what a handler may know when it sends a request."""
    if shown_request is None:
        return context
    return replace(context, secrets=secrets, shown_request=shown_request)


def write(intent: Intent) -> Recorded:
    """Write down what an intent would send."""
    rest: JsonObject = {
        "keyMemoryHours": intent.key_memory_hours,
        "replaysErrors": intent.replays_errors,
    }
    if intent.shown_request is None:
        return Recorded(exact_json.encode({"request": intent.request, **rest}))
    shown = {"request": intent.shown_request, **rest, _IS_SEALED: True}
    raw = {"request": intent.request, **rest, "secrets": list[JsonValue](intent.secrets)}
    return Recorded(exact_json.encode(shown), exact_json.encode(raw))


def read(state: RunState, line: EffectRecord) -> Again | None:
    """Read back what was recorded of an effect; None when it is not there."""
    shown = _object(line.request)
    if shown is None:
        return None
    if shown.get(_IS_SEALED) is not True:
        return _again(shown, None)
    raw = sealed_of(state, line)
    opened = None if raw is None else _object(raw)
    return None if opened is None else _again(opened, shown)


def with_fingerprint(state: RunState, line: EffectRecord | None) -> EffectRecord | None:
    """Return an effect with the fingerprint of its request, also where that is not stored."""
    raw = None if line is None else sealed_of(state, line)
    return line if line is None or raw is None else replace(line, fingerprint=sha256(raw).digest())


def keep_sealed(state: RunState, effect: EffectRecord, raw: bytes | None) -> None:
    """Seal what is recorded of a request with the row that shows it."""
    secrets = state.secrets
    if secrets is None or raw is None:
        return
    secrets.requests[_place(effect)] = raw
    sealed = SealedRequest(effect.path, effect.generation, secrets.seal(raw))
    state.entry.sealed.append(sealed)


def sealed_of(state: RunState, line: EffectRecord) -> bytes | None:
    """Return what is sealed of an effect's request."""
    return None if state.secrets is None else state.secrets.requests.get(_place(line))


def _place(line: EffectRecord) -> tuple[str, int]:
    return line.path, line.generation


def _object(raw: bytes | None) -> JsonObject | None:
    stored = None if raw is None else exact_json.stored(raw)
    return stored if isinstance(stored, dict) else None


def _again(stored: JsonObject, shown: JsonObject | None) -> Again | None:
    request, hours = stored.get("request"), stored.get("keyMemoryHours")
    if not isinstance(request, dict):
        return None
    secrets = stored.get("secrets")
    shown_request = None if shown is None else shown.get("request")
    return Again(
        request,
        hours if isinstance(hours, int) else None,
        stored.get("replaysErrors") is True,
        tuple(str(text) for text in secrets) if isinstance(secrets, list) else (),
        shown_request if isinstance(shown_request, dict) else None,
    )
