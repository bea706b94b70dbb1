"""The step `approval`: people decide which path the run takes; it holds no worker meanwhile.

Who may decide, and when enough of them have, is judged where they do: in the room of approvals.
"""

from datetime import timedelta
from decimal import Decimal
from typing import Final

from justpaid.engine.contract import Asks, Completed, Failed, PureHandler, StepContext
from justpaid.engine.model import Answer, ErrorCode
from justpaid.errors import Problem
from justpaid.exact_json import JsonObject, JsonValue
from justpaid.expressions.errors import ExpressionError
from justpaid.ids import Prefix, decode_id
from justpaid.steps.outcomes import bad_config, bad_template
from justpaid.workflows.config_check import check_resolved_config
from justpaid.workflows.step_types import StepType

MOST_APPROVERS: Final = 50
LONGEST_HOURS: Final = 365 * 24

_HOUR_MS: Final = 3_600_000
_DEFAULT_MS: Final = 24 * _HOUR_MS
_IDS: Final[JsonObject] = {"type": "array", "items": {"type": "string"}, "uniqueItems": True}
_NO_PERSON: Final = "must be an e-mail address or the id of a member"


def check_approval(step: JsonObject, path: str) -> list[Problem]:
    """Report what the schema cannot say of a config as it is written."""
    config = step.get("config")
    if not isinstance(config, dict):
        return []
    problems: list[Problem] = []
    if "timeoutMs" in config and "timeoutHours" in config:
        message = "give either timeoutMs or timeoutHours"
        problems.append(Problem(f"{path}.config.timeoutHours", message))
    approvers = config.get("approvers")
    if isinstance(approvers, list):
        for index, name in enumerate(approvers):
            if isinstance(name, str) and "{{" not in name and not _is_person(name):
                problems.append(Problem(f"{path}.config.approvers[{index}]", _NO_PERSON))
    return problems


def _is_person(name: str) -> bool:
    if decode_id(Prefix.MEMBER, name) is not None:
        return True
    box, _, domain = name.strip().rpartition("@")
    return bool(box and domain) and not any(character.isspace() for character in name.strip())


APPROVAL: Final = StepType(
    name="approval",
    title="Approval",
    description="Asks people, and goes on by what they decide.",
    has_paths=True,
    default_timeout_ms=None,
    allows_retry=False,
    check=check_approval,
    config_schema={
        "type": "object",
        "required": ["approvers"],
        "additionalProperties": False,
        "properties": {
            "approvers": {
                "title": "Approvers",
                "description": "Who may decide: e-mail addresses or ids of members.",
                "type": ["array", "string"],
                "minItems": 1,
                "maxItems": MOST_APPROVERS,
                "items": {"type": "string", "minLength": 1, "maxLength": 320},
            },
            "required": {
                "title": "How many",
                "description": "So many approvers have to approve; one who rejects decides.",
                "type": "integer",
                "minimum": 1,
                "maximum": MOST_APPROVERS,
                "default": 1,
            },
            "title": {
                "title": "Title",
                "description": "What is asked, in a line.",
                "type": "string",
                "maxLength": 255,
            },
            "reason": {
                "title": "Reason",
                "description": "Why it is asked.",
                "type": "string",
                "maxLength": 5000,
            },
            "description": {
                "title": "Description",
                "description": "What an approver should know.",
                "type": "string",
                "maxLength": 5000,
            },
            "timeoutMs": {
                "title": "Time to decide, in milliseconds",
                "description": "24 hours unless said, here or in hours.",
                "type": "integer",
                "minimum": 1,
                "maximum": LONGEST_HOURS * _HOUR_MS,
            },
            "timeoutHours": {
                "title": "Time to decide, in hours",
                "description": "Instead of `timeoutMs`.",
                "type": "number",
                "exclusiveMinimum": 0,
                "maximum": LONGEST_HOURS,
            },
            "onTimeout": {
                "title": "When the time is over",
                "description": "It counts as rejected, or the step fails.",
                "enum": ["reject", "fail"],
                "default": "reject",
            },
            "approveLabel": {
                "title": "Label to approve",
                "description": "What the button says.",
                "type": "string",
                "maxLength": 64,
            },
            "rejectLabel": {
                "title": "Label to reject",
                "description": "What the other button says.",
                "type": "string",
                "maxLength": 64,
            },
            "notify": {
                "title": "Tell the approvers",
                "description": "Whether they are told that they are asked.",
                "type": "boolean",
                "default": True,
            },
            "allowApiKeys": {
                "title": "API keys may decide",
                "description": "A key with `workflows:execute` counts as an approver, unless it or "
                "whoever made it started the run.",
                "type": "boolean",
                "default": False,
            },
            "noSelfApproval": {
                "title": "No self-approval",
                "description": "Whoever started the run, or made the key that did, cannot decide "
                "alone. True unless said where an effect follows.",
                "type": "boolean",
            },
            "then": {"title": "Then", "description": "Steps to run when approved.", **_IDS},
            "else": {"title": "Else", "description": "Steps to run when rejected.", **_IDS},
        },
    },
)


class Approve(PureHandler):
    """Asks, and takes what was decided as the output."""

    waits_for = "approval"

    def evaluate(self, context: StepContext) -> Asks | Failed:
        """Say who is asked what, and until when."""
        try:
            config = context.node.resolve(context.names)
        except ExpressionError as error:
            return bad_template(error)
        problems = check_resolved_config(APPROVAL, config)
        approvers = _approvers(config, problems)
        required = 1 if problems else _whole(config, "required", 1)
        if required > len(approvers) and not problems:
            problems.append(Problem("config.required", "is more than there are approvers"))
        if problems:
            return bad_config(problems)
        terms: JsonObject = {
            "title": config.get("title") or context.node.name,
            **{name: config.get(name) for name in _TEXTS},
            "approvers": list[JsonValue](approvers),
            "required": required,
            "allowApiKeys": config.get("allowApiKeys") is True,
            "notify": config.get("notify") is not False,
            "onTimeout": config.get("onTimeout", "reject"),
        }
        no_self_approval = config.get("noSelfApproval")
        return Asks(
            terms,
            context.now + _time_to_decide(config),
            config,
            no_self_approval if isinstance(no_self_approval, bool) else None,
        )

    def hear(self, context: StepContext, answer: Answer) -> Completed | Failed:
        """Give `{approved, approvedBy, approvedAt, comment}`."""
        said = answer.value
        if answer.status == "expired" and said.get("onTimeout") == "fail":
            return Failed(ErrorCode.TIMEOUT, f"{context.node.name}: nobody decided in time.")
        return Completed(
            {
                "approved": answer.status == "approved",
                "approvedBy": said.get("approvedBy"),
                "approvedAt": said.get("approvedAt"),
                "comment": said.get("comment"),
            }
        )


_TEXTS: Final = ("reason", "description", "approveLabel", "rejectLabel")


def _approvers(config: JsonObject, problems: list[Problem]) -> list[str]:
    """Return the approvers, each once, e-mail addresses in small letters."""
    written = config.get("approvers")
    if not isinstance(written, list):
        problems.append(Problem("config.approvers", "must be a list"))
        return []
    found: dict[str, None] = {}
    for index, name in enumerate(written):
        text = str(name).strip()
        if not _is_person(text):
            problems.append(Problem(f"config.approvers[{index}]", _NO_PERSON))
        found[text.lower()] = None
    return list(found)


def _time_to_decide(config: JsonObject) -> timedelta:
    hours = config.get("timeoutHours")
    if hours is not None:
        return timedelta(milliseconds=int(Decimal(str(hours)) * _HOUR_MS))
    return timedelta(milliseconds=_whole(config, "timeoutMs", _DEFAULT_MS))


def _whole(config: JsonObject, name: str, default: int) -> int:
    """Return a whole number, which JSON may write as `2.0` or `2e0`."""
    return int(Decimal(str(config.get(name, default))))
