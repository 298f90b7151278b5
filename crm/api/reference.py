"""The OpenAPI document as a page shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crm.api.schema import document

TAGS: dict[str, Promise] = {
    "leads": _("Leads"),
    "handoffs": _("Handoffs"),
    "catalogues": _("Catalogues"),
    "funnel": _("Funnel"),
}


@dataclass(frozen=True)
class Part:
    """A parameter or a field."""

    name: str
    kind: str
    is_required: bool
    description: str


@dataclass(frozen=True)
class Call:
    """One operation."""

    id: str
    method: str
    path: str
    summary: str
    scope: str
    parameters: list[Part]
    body: list[Part]
    answer: list[Part]
    statuses: list[tuple[str, str]]

    @property
    def path_parts(self) -> list[str]:
        """The parts between which a long path may break on a phone."""
        return self.path.removesuffix("/").split("/")


@dataclass(frozen=True)
class Group:
    key: str
    title: str | Promise
    calls: list[Call]


def groups(language: str) -> list[Group]:
    """Return every operation by subject, in the order of TAGS."""
    whole = document(language)
    calls: dict[str, list[Call]] = {tag: [] for tag in TAGS}
    for path, operations in whole["paths"].items():
        for method, operation in operations.items():
            tag = operation["tags"][0]
            calls[tag].append(_call(whole, method, path, operation))
    return [Group(tag, title, calls[tag]) for tag, title in TAGS.items()]


def _call(whole: dict[str, Any], method: str, path: str, operation: dict[str, Any]) -> Call:
    answers = operation["responses"]
    good = next(status for status in answers if status.startswith("2"))
    statuses = [(status, each.get("description", "")) for status, each in answers.items()]
    return Call(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation.get("summary", ""),
        scope=operation["x-scope"],
        parameters=_parameters(whole, operation),
        body=_parts(whole, _json_schema(operation.get("requestBody", {}))),
        answer=_parts(whole, _json_schema(answers[good])),
        statuses=statuses,
    )


def _parameters(whole: dict[str, Any], operation: dict[str, Any]) -> list[Part]:
    parts = []
    for parameter in operation.get("parameters", []):
        part = Part(
            parameter["name"],
            _kind(whole, parameter["schema"]),
            parameter.get("required", False),
            parameter.get("description", ""),
        )
        parts.append(part)
    return parts


def _json_schema(body: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a request's or an answer's JSON; empty without one."""
    content = body.get("content", {})
    return content.get("application/json", {}).get("schema", {})


def _resolved(whole: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema itself, where ``schema`` refers to a component."""
    for each in (schema, *schema.get("allOf", ()), *schema.get("oneOf", ())):
        if "$ref" in each:
            name = each["$ref"].rpartition("/")[2]
            return whole["components"]["schemas"][name]
    return schema


def _parts(whole: dict[str, Any], schema: dict[str, Any]) -> list[Part]:
    resolved = _resolved(whole, schema)
    required = resolved.get("required", [])
    parts = []
    for name, each in resolved.get("properties", {}).items():
        part = Part(
            name,
            _kind(whole, each),
            name in required,
            each.get("description", ""),
        )
        parts.append(part)
    return parts


def _kind(whole: dict[str, Any], schema: dict[str, Any]) -> str:
    """Return a type with its format, a list of choices, or the names of an object's fields."""
    resolved = _resolved(whole, schema)
    if resolved.get("type") == "array":
        return f"[ {_kind(whole, resolved['items'])} ]"
    choices = resolved.get("enum")
    if choices:
        return " | ".join(str(choice) for choice in choices if choice is not None)
    names = resolved.get("properties")
    if names:
        return f"{{ {', '.join(names)} }}"
    parts = (str(resolved.get("type", "")), str(resolved.get("format", "")))
    return " ".join(part for part in parts if part)
