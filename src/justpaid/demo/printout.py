"""What the demo shows: the run's steps as a table, then lines to try."""

from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from justpaid import exact_json
from justpaid.demo.providers import Providers
from justpaid.exact_json import JsonValue

_OUTPUT_WIDTH: Final = 68
_STYLES: Final = {"completed": "green", "failed": "red", "skipped": "dim"}


def print_run(console: Console, run: dict[str, Any], providers: Providers) -> None:
    """Print a finished run: a row a step, its output, and what the providers were asked."""
    table = Table(title=f"Run {run['id']}: {run['status']} in {run['durationMs']} ms")
    for name in ("Step", "Type", "Status", "Attempt", "ms", "Output"):
        table.add_column(name, justify="right" if name in {"Attempt", "ms"} else "left")
    for step in run["steps"]:
        table.add_row(
            step["name"],
            step["type"],
            Text(_status(step), style=_STYLES.get(step["status"], "yellow")),
            str(step["attempt"] or ""),
            "" if step["durationMs"] is None else str(step["durationMs"]),
            _shorten(_what_counts(step)),
        )
    console.print(table)
    console.print(f"Output: {exact_json.encode_text(run['output'])}", soft_wrap=True)
    calls = ", ".join(f"{method} {path}" for method, path in providers.calls)
    console.print(
        f"The providers were asked {len(providers.calls)} times, {providers.repeats} of them"
        f" repeats: {calls}",
        soft_wrap=True,
    )


def print_setup_link(console: Console, link: str) -> None:
    """Print the link that makes the reader the owner of the demo's company."""
    console.print(f"To see it in the dashboard, make yourself its owner: {link}", soft_wrap=True)


def print_what_to_try(
    console: Console, base_url: str, key: str, workflow_id: str, run_id: str
) -> None:
    """Print the address, the key and ready curl lines."""
    api = f"{base_url}/api/v1"
    lines = [
        "",
        f"Running at {base_url} (documentation: {base_url}/docs). Ctrl-C stops everything.",
        "",
        f"export JUSTPAID_API_KEY={key}",
        f'curl -H "x-api-key: $JUSTPAID_API_KEY" {api}/me',
        f'curl -H "x-api-key: $JUSTPAID_API_KEY" {api}/workflows/{workflow_id}',
        f'curl -H "x-api-key: $JUSTPAID_API_KEY" {api}/runs',
        f'curl -H "x-api-key: $JUSTPAID_API_KEY" {api}/runs/{run_id}/logs',
        f'curl -H "x-api-key: $JUSTPAID_API_KEY" {api}/runs/{run_id}/effects',
    ]
    for line in lines:
        console.print(line, soft_wrap=True, markup=False)


def _status(step: dict[str, Any]) -> str:
    reason = step["skipReason"]
    return step["status"] if reason is None else f"{step['status']} ({reason})"


def _what_counts(step: dict[str, Any]) -> object:
    """Pick what a reader wants to see: the error, or of an HTTP answer its body."""
    output: JsonValue = step["output"]
    if step["error"] is None and isinstance(output, dict) and "headers" in output:
        return output["body"]
    return step["error"] or output


def _shorten(value: object) -> str:
    if value is None:
        return ""
    text = exact_json.encode_text(value)
    return text if len(text) <= _OUTPUT_WIDTH else text[: _OUTPUT_WIDTH - 1] + "…"
