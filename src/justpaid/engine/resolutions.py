"""What a person said about an effect in doubt, put into the journal by the run's next owner; pure.

Guarantee: an effect resolved as done settles its step with the output given and is never sent
again; one resolved as not done goes out under the key of the next generation.
"""

from dataclasses import replace
from typing import Final

from justpaid import exact_json
from justpaid.engine.model import EffectOutcome, EffectRecord, StepRecord, StepStatus

# In a step's error: what is in doubt is another request than the step would send now.
_ANOTHER_REQUEST: Final = "isAnotherRequest"


def mark_another_request(record: StepRecord) -> None:
    """Note in a step's error that an earlier run's request differs from what it would send."""
    record.error = {**(record.error or {}), _ANOTHER_REQUEST: True}


def is_of_another_request(record: StepRecord | None) -> bool:
    """Tell whether the request in doubt was an earlier run's, and differs from this one's."""
    error = None if record is None else record.error
    return error is not None and error.get(_ANOTHER_REQUEST) is True


def take_up(record: StepRecord, line: EffectRecord | None) -> StepRecord | None:
    """Return what a step's row becomes by what was said of its effect; None when nothing was."""
    if record.status is not StepStatus.UNKNOWN or line is None or line.resolution is None:
        return None
    said = line.resolution
    if line.outcome is EffectOutcome.DONE:
        return replace(
            record,
            status=StepStatus.COMPLETED,
            output=said.output,
            output_text=exact_json.encode_text(said.output),
            error=None,
            completed_at=said.at,
        )
    return replace(record, status=StepStatus.RETRYING, due_at=said.at, completed_at=said.at)
