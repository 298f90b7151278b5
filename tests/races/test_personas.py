"""Personas of one name created at the same moment: each gets an address of its own."""

from __future__ import annotations

import pytest

from personas import personas
from personas.models import Persona
from tests.factories import Cast, when
from tests.races.parallel import together

pytestmark = pytest.mark.django_db(transaction=True)

NOON = when("2026-03-02 12:00")


def test_personas_of_one_name_get_different_slugs(cast: Cast) -> None:
    def create() -> str:
        name = {"es": "Dueña de tienda"}
        return personas.create_with_draft(name, by=cast.luis, at=NOON).persona.slug

    for wanted in (
        {"duena-de-tienda", "duena-de-tienda-2"},
        {f"duena-de-tienda-{n}" for n in (3, 4)},
    ):
        assert set(together(create, create)) == wanted
    assert Persona.objects.filter(slug__startswith="duena").count() == 4
