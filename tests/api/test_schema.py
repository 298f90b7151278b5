"""The OpenAPI document and the page that is drawn from it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import translation
from rest_framework import serializers

from crm.api import reference, schema, urls
from crm.lib import rest
from tests.factories import Cast

DOCUMENTED = {"400", "401", "403", "405", "406", "429", "500"}
OF_WRITES = {"409", "413", "415", "422"}


def test_document_is_valid_without_a_warning(tmp_path: Any) -> None:
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(tmp_path / "schema.yml"))


def test_every_address_is_documented_with_every_refusal() -> None:
    paths = schema.document("en")["paths"]
    routes = {
        f"/api/v1/{p.pattern}".replace("<int:pk>", "{id}")
        for p in urls.urlpatterns
        if p.name != "api_unknown"
    }
    routes -= {"/api/v1/docs/", "/api/v1/schema/"}
    assert set(paths) == routes | {"/api/v1/funnel/"}
    for path, operations in paths.items():
        for method, operation in operations.items():
            wanted = (
                DOCUMENTED
                | (OF_WRITES if method != "get" else set())
                | ({"404"} if "{" in path else set())
            )
            refusals = {status for status in operation["responses"] if not status.startswith("2")}
            assert refusals == wanted, (method, path)
            kinds = {
                kind for status in refusals for kind in operation["responses"][status]["content"]
            }
            assert kinds == {"application/problem+json"}


def test_document_needs_a_key_or_a_session_and_speaks_the_language(cast: Cast, caller: Any) -> None:
    asks = caller(cast.ana, "read")
    assert asks.get("schema/")[1]["openapi"] == "3.0.3"
    words = [
        asks.get("schema/", Accept_Language=code)[1]["paths"]["/api/v1/leads/"]["post"]["summary"]
        for code in ("en", "es")
    ]
    assert words == ["Log a lead", "Registrar un prospecto"]


@pytest.mark.parametrize("language", ["es", "en"])
def test_docs_show_every_operation_under_the_strict_policy(language: str, cast: Cast) -> None:
    cast.ana.language = language
    cast.ana.save()
    client = Client()
    client.force_login(cast.ana, backend="crm.accounts.backend.Backend")
    answer = client.get("/api/v1/docs/")
    text = answer.content.decode()
    shown = [call for group in reference.groups(language) for call in group.calls]
    assert len(shown) == sum(
        len(operations) for operations in schema.document(language)["paths"].values()
    )
    assert [call.id for call in shown if f'id="{call.id}"' not in text or not call.summary] == []
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert "<script>" not in text
    with translation.override(language):
        assert str(reference.TAGS["handoffs"]) in text


def bodies(parent: type[rest.Body] = rest.Body) -> Iterator[type[rest.Body]]:
    for body in parent.__subclasses__():
        yield body
        yield from bodies(body)


def test_requests_take_numbers_and_moments_by_the_fields_of_the_house() -> None:
    """Those of the framework read "1.000" as 1, and a moment without a zone as UTC."""
    schema.document("en")  # imports every view
    loose = (serializers.IntegerField, serializers.FloatField, serializers.DecimalField)
    found = []
    for body in bodies():
        for name, field in body().fields.items():
            is_number = isinstance(field, loose)
            if is_number and not isinstance(field, rest.Whole | rest.Number):
                found.append(f"{body.__name__}.{name}")
            is_moment = isinstance(field, serializers.DateTimeField)
            if is_moment and not isinstance(field, rest.Moment):
                found.append(f"{body.__name__}.{name}")
    assert found == []


def test_document_tells_the_form_of_moments_and_numbers() -> None:
    text = schema.document("en")["info"]["description"]
    assert "2026-12-03T15:30:00-05:00" in text
    assert "1000.50" in text
