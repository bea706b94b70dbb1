"""What the routes of trials work with: made once at composition, kept as `app.state.trials`."""

from collections.abc import Sequence

from justpaid.connections.lookup import ConnectionLookup
from justpaid.connectors.model import ActionDone, ActionFailed, PreparedRequest
from justpaid.db.encryption import KeyRing
from justpaid.db.pool import Pool
from justpaid.outbound.messages import Credential
from justpaid.runs.input_check import KeyReporter
from justpaid.steps.catalogue import STEP_TYPES, make_handlers
from justpaid.trials.service import Trials


def make_trials(pool: Pool, keys: KeyRing, report_keys: KeyReporter | None = None) -> Trials:
    """Wire the room; `report_keys` is told of API keys found in an input."""
    handlers = make_handlers(ConnectionLookup(pool, keys), _send_nothing)
    return Trials(pool, STEP_TYPES, handlers, report_keys)


async def _send_nothing(
    prepared: PreparedRequest,
    *,
    credential: Credential | None,
    key: str,
    timeout_seconds: float,
    secrets: Sequence[str] = (),
) -> ActionDone | ActionFailed:
    """Refuse: should a trial ever come as far as sending, nothing leaves."""
    del credential, key, timeout_seconds, secrets
    raise RuntimeError(f"a trial would have sent {prepared.method}")
