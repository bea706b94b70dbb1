"""What is wrong with an input before a run is made with it."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias
from uuid import UUID

from justpaid.api_keys.key_format import PREFIX, find_keys_in, hint_of
from justpaid.errors import Problem
from justpaid.exact_json import JsonObject
from justpaid.workflows.user_schema import UserSchema

# Told which API keys a refused input held; must not need the refused request's transaction.
KeyReporter: TypeAlias = Callable[[UUID, Sequence[str]], Awaitable[None]]


async def check_input(
    company_id: UUID,
    input_: JsonObject,
    text: str,
    schema: UserSchema | None,
    report_keys: KeyReporter | None,
) -> list[Problem]:
    """Return every problem with its path; `text` is the input as it would be stored.

    API keys in it are refused and reported.
    """
    problems: list[Problem] = []
    if PREFIX in text:
        found = find_keys_in(input_, "input")
        if found and report_keys is not None:
            await report_keys(company_id, [key for _, key in found])
        problems += [
            Problem(path, f"holds an API key ({hint_of(key)}): an input must carry none")
            for path, key in found
        ]
    if schema is not None:
        problems += schema.problems(input_, "input")
    return problems
