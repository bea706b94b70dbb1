"""Proofs about walls: what workflows cannot reach, and what nobody can change unseen."""

from typing import Any, Final

from justpaid import exact_json
from justpaid.ids import Prefix, encode_id
from justpaid.proofs.instance import Instance
from justpaid.proofs.model import Finding
from justpaid.proofs.repository import change_audit_row

_CREATED: Final = 201
# What a run says when the guard, and not the network, has stopped it.
_WALLS: Final = ("is not on the public internet", "is a number that is not a plain IPv4 address")

# Ways into servers that were open elsewhere; each wants something that is not the run's data.
_ATTACKS: Final = (
    "__import__('os').popen('id').read()",
    "open('/etc/passwd').read()",
    "input.constructor.constructor('return process')().env",
    "this.process.mainModule.require('child_process').execSync('id')",
    "input.__class__.__mro__[1].__subclasses__()",
    "lookup('env', 'HOME')",
    "import('fs')",
    "eval('1')",
    "`${process.env.HOME}`",
    "globalThis.process.env",
    "input.__proto__.polluted",
    "input['__globals__']",
)


async def prove_addresses(instance: Instance) -> Finding:
    """Send runs to internal addresses, written in several ways and behind a redirect."""
    outside = instance.outside
    port = outside.internal_port
    urls = [
        "http://169.254.169.254/latest/meta-data/",
        f"http://127.0.0.1:{port}/",
        f"http://localhost:{port}/",
        f"http://[::1]:{port}/",
        f"http://[::ffff:127.0.0.1]:{port}/",
        f"http://2130706433:{port}/",
        f"http://0x7f000001:{port}/",
        "http://10.0.0.1/",
        f"{outside.address}/redirect",
    ]
    config = {"url": "{{input.url}}"}
    workflow_id = await instance.define(
        [{"id": "reach", "type": "action", "action": "http.request", "config": config}]
    )
    unwalled: list[str] = []
    for url in urls:
        record = (await instance.start(workflow_id, {"url": url}, wait=True)).data
        told = str(record["error"])
        if not any(wall in told for wall in _WALLS):
            unwalled.append(f"{url} ({record['status']}, {told})")
    refused = len(urls) - len(unwalled)
    return Finding(
        f"{len(urls)} runs to the cloud's metadata address, to this machine, to a private network"
        " (by name, in IPv6, in one number) and through a redirect",
        f"{refused} of {len(urls)} refused; the internal service was reached"
        f" {outside.intrusions} times{''.join(f'; not refused: {url}' for url in unwalled)}",
        not unwalled and outside.intrusions == 0,
    )


async def prove_expressions(instance: Instance) -> Finding:
    """Write expressions that reach for the server; none may get further than the run's data."""
    refused = empty = 0
    leaked: list[str] = []
    for attack in _ATTACKS:
        step = {
            "id": "t",
            "type": "transform",
            "config": {"mapping": {"got": f"{{{{ {attack} }}}}"}},
        }
        definition: dict[str, Any] = {"name": "x", "trigger": {"type": "api"}, "steps": [step]}
        made = await instance.ask("POST", "workflows", definition)
        if made.status != _CREATED:
            refused += 1
            continue
        tested = await instance.ask("POST", f"workflows/{made.data['id']}/test", {"input": {}})
        output = tested.data["output"]
        if tested.data["status"] == "failed" or output == {"got": None}:
            empty += 1
        else:
            leaked.append(f"{attack} gave {exact_json.encode_text(output)}")
    return Finding(
        f"{len(_ATTACKS)} expressions that reach for the process, its files or its classes",
        f"{refused} refused when the workflow was stored, {empty} found nothing"
        f"{', '.join(['', *leaked])}",
        refused + empty == len(_ATTACKS),
    )


async def prove_audit(instance: Instance) -> Finding:
    """Change one row of the audit log in the database; the chain has to name that row."""
    whole = await instance.audit.verify(instance.connection, instance.company_id)
    changed = await change_audit_row(instance.connection, instance.company_id)
    broken = await instance.audit.verify(instance.connection, instance.company_id)
    found = broken.first_bad_id
    named = "nothing" if found is None else encode_id(Prefix.AUDIT, found)
    return Finding(
        f"a log of {whole.rows} rows, in which somebody with the database changed who had acted in"
        f" {encode_id(Prefix.AUDIT, changed)}",
        f"before: {'whole' if whole.valid else 'broken'}; after: verify names {named}",
        whole.valid and not broken.valid and found == changed,
    )
