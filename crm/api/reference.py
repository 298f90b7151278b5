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
    "follow_up": _("Follow-up"),
    "leaves": _("Leaves"),
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
            call = _call(whole, method, path, operation)
            calls[tag].append(call)
    return [Group(tag, title, calls[tag]) for tag, title in TAGS.items()]


def _call(whole: dict[str, Any], method: str, path: str, operation: dict[str, Any]) -> Call:
    answers = operation["responses"]
    good = next(status for status in answers if status.startswith("2"))
    statuses = []
    for status, answer in answers.items():
        statuses.append((status, answer.get("description", "")))
    body_schema = _json_schema(operation.get("requestBody", {}))
    answer_schema = _json_schema(answers[good])
    return Call(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation.get("summary", ""),
        scope=operation["x-scope"],
        parameters=_parameters(whole, operation),
        body=_parts(whole, body_schema),
        answer=_parts(whole, answer_schema),
        statuses=statuses,
    )


def _parameters(whole: dict[str, Any], operation: dict[str, Any]) -> list[Part]:
    parts = []
    for parameter in operation.get("parameters", []):
        kind = _kind(whole, parameter["schema"])
        part = Part(
            name=parameter["name"],
            kind=kind,
            is_required=parameter.get("required", False),
            description=parameter.get("description", ""),
        )
        parts.append(part)
    return parts


def _json_schema(body: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a request's or an answer's JSON; empty without one."""
    content = body.get("content", {})
    as_json = content.get("application/json", {})
    return as_json.get("schema", {})


def _resolved(whole: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema itself, where ``schema`` refers to a component."""
    # drf-spectacular wraps a reference that has a description or may be null in "allOf" or
    # "oneOf", because OpenAPI 3.0 ignores everything beside "$ref".
    candidates = [schema, *schema.get("allOf", ()), *schema.get("oneOf", ())]
    components = whole["components"]["schemas"]
    for candidate in candidates:
        if "$ref" in candidate:
            name = candidate["$ref"].rpartition("/")[2]
            return components[name]
    return schema


def _parts(whole: dict[str, Any], schema: dict[str, Any]) -> list[Part]:
    resolved = _resolved(whole, schema)
    required = resolved.get("required", [])
    parts = []
    for name, field in resolved.get("properties", {}).items():
        part = Part(
            name=name,
            kind=_kind(whole, field),
            is_required=name in required,
            description=field.get("description", ""),
        )
        parts.append(part)
    return parts


def _kind(whole: dict[str, Any], schema: dict[str, Any]) -> str:
    """Return a type with its format, a list of choices, or the names of an object's fields."""
    resolved = _resolved(whole, schema)
    if resolved.get("type") == "array":
        item = _kind(whole, resolved["items"])
        return f"[ {item} ]"
    choices = resolved.get("enum")
    if choices:
        # None among the choices only says that the field may be null.
        return " | ".join(str(choice) for choice in choices if choice is not None)
    names = resolved.get("properties")
    if names:
        listed = ", ".join(names)
        return f"{{ {listed} }}"
    parts = [resolved.get("type"), resolved.get("format")]
    return " ".join(str(part) for part in parts if part)
