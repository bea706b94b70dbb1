"""Turns the OpenAPI document into what the reference page shows, one entry an endpoint."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from justpaid import exact_json

_MAX_DEPTH: Final = 8
_BY_TYPE: Final = {"string": "…", "integer": 1, "number": 1, "boolean": True}
_METHODS: Final = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An operation as the page shows it."""

    anchor: str
    method: str
    path: str
    summary: str
    description: str
    scope: str | None
    category: str | None
    parameters: tuple[tuple[str, str, str, bool], ...]
    body: str | None
    body_example: str | None
    responses: tuple[tuple[str, str], ...]
    example: str | None


def group_endpoints(document: Mapping[str, Any]) -> dict[str, list[Endpoint]]:
    """Group the document's operations by tag, in the document's order."""
    groups: dict[str, list[Endpoint]] = {}
    for path, method, operation in _operations(document):
        tag = (operation.get("tags") or ["Service"])[0]
        groups.setdefault(tag, []).append(_endpoint(document, path, method, operation))
    return groups


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for path, operations in document["paths"].items():
        for method in _METHODS:
            if method in operations:
                yield path, method, operations[method]


def _endpoint(
    document: Mapping[str, Any], path: str, method: str, operation: Mapping[str, Any]
) -> Endpoint:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    schema = _resolve(document, body.get("schema", {}))
    return Endpoint(
        anchor=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation.get("summary", ""),
        description=operation.get("description", ""),
        scope=operation.get("x-required-scope"),
        category=operation.get("x-rate-limit"),
        parameters=tuple(
            (item["name"], item["in"], item.get("description", ""), item.get("required", False))
            for item in operation.get("parameters", [])
        ),
        body=_pretty(schema) if schema else None,
        body_example=_example(document, body, schema),
        responses=tuple(
            (status, response["description"])
            for status, response in sorted(operation["responses"].items())
        ),
        example=_success_example(document, operation),
    )


def _success_example(document: Mapping[str, Any], operation: Mapping[str, Any]) -> str | None:
    for status, response in sorted(operation["responses"].items()):
        if status.startswith("2"):
            content = response.get("content", {}).get("application/json", {})
            return _example(document, content, content.get("schema", {}))
    return None


def _example(
    document: Mapping[str, Any], content: Mapping[str, Any], schema: Mapping[str, Any]
) -> str | None:
    if "example" in content:
        return _pretty(content["example"])
    for example in content.get("examples", {}).values():
        return _pretty(example.get("value"))
    shown = example_of(document, schema)
    return None if shown is None else _pretty(shown)


def example_of(document: Mapping[str, Any], schema: Mapping[str, Any], depth: int = 0) -> Any:  # noqa: ANN401  any JSON
    """Put an example together from a schema's own examples; None where it says too little."""
    schema = _resolve(document, schema)
    given = [schema[word] for word in ("example", "const", "default") if word in schema]
    given += [schema[word][0] for word in ("examples", "enum") if schema.get(word)]
    if given or depth > _MAX_DEPTH:
        return given[0] if given else None
    choices = [schema[word][0] for word in ("anyOf", "oneOf", "allOf") if schema.get(word)]
    if choices:
        return example_of(document, choices[0], depth + 1)
    if "properties" in schema:
        properties: Mapping[str, Any] = schema["properties"]
        return {name: example_of(document, each, depth + 1) for name, each in properties.items()}
    if "items" in schema:
        return [example_of(document, schema["items"], depth + 1)]
    return _BY_TYPE.get(str(schema.get("type")))


def _resolve(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    reference: str | None = schema.get("$ref")
    if reference is None:
        return schema
    found: Any = document
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return found


def _pretty(value: object) -> str:
    return exact_json.encode_pretty(value)
