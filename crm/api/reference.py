"""The OpenAPI document as a page shows it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
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
    words: str


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
        """Where a long path may break on a phone."""
        return self.path.removesuffix("/").split("/")


@dataclass(frozen=True)
class Group:
    key: str
    title: str | Promise
    calls: list[Call]


@lru_cache(maxsize=8)
def groups(language: str) -> list[Group]:
    """Return every operation by subject, in the order of TAGS."""
    whole = document(language)
    calls = [
        (operation["tags"][0], _call(whole, method, path, operation))
        for path, operations in whole["paths"].items()
        for method, operation in operations.items()
    ]
    order = list(TAGS)
    calls.sort(key=lambda pair: order.index(pair[0]))
    return [
        Group(tag, TAGS[tag], [call for _tag, call in found])
        for tag, found in groupby(calls, key=lambda pair: pair[0])
    ]


def _call(whole: dict[str, Any], method: str, path: str, operation: dict[str, Any]) -> Call:
    body = (
        operation.get("requestBody", {})
        .get("content", {})
        .get("application/json", {})
        .get("schema", {})
    )
    answers = operation["responses"]
    good = next(status for status in answers if status.startswith("2"))
    answer = answers[good]["content"]["application/json"]["schema"]
    parameters = [
        Part(
            each["name"],
            _kind(whole, each["schema"]),
            each.get("required", False),
            each.get("description", ""),
        )
        for each in operation.get("parameters", [])
    ]
    return Call(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation.get("summary", ""),
        scope=operation["x-scope"],
        parameters=parameters,
        body=_parts(whole, body),
        answer=_parts(whole, answer),
        statuses=[(status, each.get("description", "")) for status, each in answers.items()],
    )


def _resolved(whole: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """The schema itself, wherever it is kept."""
    for each in (schema, *schema.get("allOf", ()), *schema.get("oneOf", ())):
        if "$ref" in each:
            return whole["components"]["schemas"][each["$ref"].rpartition("/")[2]]
    return schema


def _parts(whole: dict[str, Any], schema: dict[str, Any]) -> list[Part]:
    found = _resolved(whole, schema)
    required = found.get("required", [])
    return [
        Part(name, _kind(whole, each), name in required, each.get("description", ""))
        for name, each in found.get("properties", {}).items()
    ]


def _kind(whole: dict[str, Any], schema: dict[str, Any]) -> str:
    """string, integer, a list of choices, or the names of an object's fields."""
    found = _resolved(whole, schema)
    if found.get("type") == "array":
        return f"[ {_kind(whole, found['items'])} ]"
    if choices := found.get("enum"):
        return " | ".join(str(choice) for choice in choices if choice is not None)
    if names := found.get("properties"):
        return f"{{ {', '.join(names)} }}"
    return " ".join(
        part for part in (str(found.get("type", "")), str(found.get("format", ""))) if part
    )
