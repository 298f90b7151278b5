"""The OpenAPI document: every operation with every answer it can give."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.utils import translation
from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from crm.api.answers import LONGEST
from crm.api.endpoint import HEADER
from crm.api.problems import MEDIA_TYPE, TITLES, Problem

ALWAYS = (400, 401, 403, 405, 406, 429, 500)
WRITING = (409, 413, 415, 422)
IDEMPOTENCY = OpenApiParameter(
    HEADER,
    {"type": "string", "pattern": f"^[!-~]{{1,{LONGEST}}}$"},
    OpenApiParameter.HEADER,
    description=_(
        "A name of your own for this request: sent again, it answers what the first one did, for 24"
        " hours."
    ),
)


class KeyScheme(OpenApiAuthenticationExtension):
    target_class = "crm.api.authentication.KeyAuthentication"
    name = "key"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "rlv_<prefix>.<secret>"}


class Operation(AutoSchema):
    """An operation as drf-spectacular reads it, with its scope, and problems among its answers."""

    def get_override_parameters(self) -> list[Any]:
        if self.method == "POST":
            return [IDEMPOTENCY]
        return []

    def get_description(self) -> str:
        # The docstrings of the views are for readers of the code; the summary is enough here.
        return ""

    def get_tags(self) -> list[str]:
        return [self.view.tag]

    def get_extensions(self) -> dict[str, Any]:
        scope = str(self.view.scope)
        if self.method == "GET":
            scope = "read"
        return {"x-scope": scope}

    def _map_serializer(
        self, serializer: Any, direction: Any, bypass_extensions: bool = False
    ) -> Any:
        schema = super()._map_serializer(serializer, direction, bypass_extensions)
        is_object = isinstance(schema, dict) and schema.get("type") == "object"
        # Bodies refuse fields that they do not know (crm.lib.rest.Body), which the document has
        # to promise: the contract tests send what it allows.
        if direction == "request" and is_object:
            schema["additionalProperties"] = False
        return schema

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        responses = super()._get_response_bodies(direction)
        statuses = set(ALWAYS)
        if self.method != "GET":
            statuses |= set(WRITING)
        if "{" in self.path:
            statuses.add(404)
        for status in sorted(statuses):
            problem = self._get_response_for_code(Problem, str(status), [MEDIA_TYPE], direction)
            problem["description"] = TITLES[status]
            # A view that documents the answer itself knows it better.
            responses.setdefault(str(status), problem)
        return responses


# Generating the document takes about a second. It depends on nothing but the language.
@lru_cache(maxsize=8)
def document(language: str) -> dict[str, Any]:
    """Return the whole document in one language, a variant of Spanish included."""
    with translation.override(language):
        return SchemaGenerator().get_schema(request=None, public=True)


class Schema(APIView):
    """The OpenAPI document."""

    schema = None
    renderer_classes = [JSONRenderer]
    scope = ""

    def get(self, request: Request) -> Response:
        return Response(document(translation.get_language()))
