"""Tries versions of workflows for callers: finds and checks what is tried, and bounds how many."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final
from uuid import UUID

from justpaid import exact_json
from justpaid.api_keys.key_format import find_keys_in, hint_of
from justpaid.companies import repository as companies
from justpaid.db.pool import Pool
from justpaid.engine.contract import ContainerHandler, StepHandler
from justpaid.engine.model import StepRecord
from justpaid.engine.resolve import CompanyFacts
from justpaid.engine.sealed import unstored_secrets
from justpaid.errors import InvalidInput, NotFound, Problem, Unavailable
from justpaid.exact_json import JsonObject, JsonValue
from justpaid.runs.input_check import KeyReporter, check_input
from justpaid.runs.step_list import list_steps, outline_steps
from justpaid.trials.trial import Trial, TrialOrder, run_trial
from justpaid.workflows import repository as workflows
from justpaid.workflows.program import Program, compile_definition
from justpaid.workflows.step_types import StepType
from justpaid.workflows.write_only import conceal

# One computes at a time, so that trials cost the other callers of the process little.
_MOST_WAITING: Final = 3
_SHOWN: Final = (
    "id", "path", "name", "type", "status", "skipReason", "input", "output", "error",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class TrialCall:
    """What a caller asks for; None for the workflow's present version."""

    input: JsonObject
    mocks: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    version: int | None = None


class Trials:
    """Made once at composition with what performs each step type."""

    def __init__(
        self,
        pool: Pool,
        step_types: Mapping[str, StepType],
        handlers: Mapping[str, StepHandler],
        report_keys: KeyReporter | None = None,
    ) -> None:
        self._pool = pool
        self._step_types = step_types
        self._handlers = handlers
        self._report_keys = report_keys
        self._turn = asyncio.Lock()
        self._waiting = 0

    async def run(self, company_id: UUID, workflow_id: UUID, call: TrialCall) -> dict[str, Any]:
        """Try a version, and return what each step came to and what would have left.

        Raises NotFound, InvalidInput naming every problem, Unavailable when too many try at once.
        """
        if self._waiting > _MOST_WAITING:
            raise Unavailable("Too many tests are under way now. Try again shortly.")
        self._waiting += 1
        try:
            async with self._turn:
                order = await self._prepare(company_id, workflow_id, call)
                trial = await run_trial(self._handlers, order)
        finally:
            self._waiting -= 1
        return _result(order, trial)

    async def _prepare(self, company_id: UUID, workflow_id: UUID, call: TrialCall) -> TrialOrder:
        async with self._pool.acquire() as connection:
            workflow = await workflows.get_workflow(connection, company_id, workflow_id)
            version = call.version or workflow.summary.version
            try:
                stored = await workflows.get_version(connection, company_id, workflow_id, version)
            except NotFound:
                problem = Problem("version", "the workflow has no such version")
                raise InvalidInput("The request is not valid.", [problem]) from None
            company = await companies.find(connection, company_id)
            environment = await companies.list_environment_values(connection, company_id)
        program = compile_definition(stored.definition, self._step_types)
        text = exact_json.encode_text(call.input)
        problems = await check_input(
            company_id, call.input, text, program.input_schema, self._report_keys
        )
        problems += self._check_mocks(call.mocks, program)
        if problems:
            raise InvalidInput("The request is not valid.", problems)
        facts = CompanyFacts(environment, "UTC" if company is None else company.time_zone)
        order = TrialOrder(company_id, workflow_id, version, program, facts, call.input, call.mocks)
        shown, hidden = conceal(program.secret_places, call.input)
        if not hidden or not isinstance(shown, dict):
            return order
        return replace(order, input=shown, secrets=unstored_secrets(call.input, hidden))

    def _check_mocks(self, mocks: Mapping[str, JsonValue], program: Program) -> list[Problem]:
        problems: list[Problem] = []
        for step_id in mocks:
            node = program.nodes.get(step_id)
            if node is None:
                problems.append(Problem(f"mocks.{step_id}", "is no step of this version"))
            elif isinstance(self._handlers.get(node.type), ContainerHandler):
                message = "is made by the steps inside it: give outputs for those"
                problems.append(Problem(f"mocks.{step_id}", message))
        for path, key in find_keys_in(dict(mocks), "mocks"):
            problems.append(Problem(path, f"holds an API key ({hint_of(key)})"))
        return problems


def _result(order: TrialOrder, trial: Trial) -> dict[str, Any]:
    rows = [_row(record) for record in trial.steps.values()]
    outline = outline_steps(order.program.definition)
    items = list_steps(outline, rows, trial.status)
    steps: list[dict[str, Any]] = [
        {
            **{name: item[name] for name in _SHOWN},
            "isMocked": item["id"] in order.mocks,
            "wouldSend": trial.notes.would_do.get(str(item["path"])),
        }
        for item in items
    ]
    return {
        "workflowVersion": order.version,
        "status": trial.status,
        "output": None if trial.output is None else exact_json.embed(trial.output),
        "error": None if trial.error is None else exact_json.embed(trial.error),
        "cutShort": trial.notes.cut_short,
        "steps": steps,
    }


def _row(record: StepRecord) -> dict[str, Any]:
    return {
        "path": record.path,
        "attempt": record.attempt,
        "type": record.type,
        "status": record.status,
        "skip_reason": record.skip_reason,
        "input": record.input,
        "output": record.output_text,
        "error": record.error_text,
        "due_at": record.due_at,
        "started_at": record.started_at,
        "completed_at": record.completed_at,
        "is_reused": False,
        "effect_id": None,
        "resolved_at": None,
    }
