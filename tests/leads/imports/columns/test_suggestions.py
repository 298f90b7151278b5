"""The likely target of each column."""

from __future__ import annotations

import pytest

from crm.lib.files.layout import Row
from leads.imports.columns import suggestions
from tests.factories import Cast

SPANISH = [
    "Nombre",
    "Apellidos",
    "Correo electrónico",
    "Teléfono móvil",
    "Cargo",
    "País",
    "Empresa",
    "Campaña",
]
ENGLISH = [
    "First Name",
    "Last Name",
    "E-mail",
    "Phone Number",
    "Job Title",
    "Country",
    "Company",
    "Campaign",
]


@pytest.mark.parametrize("header", [SPANISH, ENGLISH, [name.upper() for name in ENGLISH]])
def test_columns_are_known_by_their_names(header: list[str]) -> None:
    assert suggestions.suggest(header, [], []) == [
        "person.first_name",
        "person.last_name",
        "person.email",
        "person.phone",
        "person.job_title",
        "person.country",
        "company.name",
        "campaign",
    ]


def test_columns_are_known_by_their_cells() -> None:
    sample = [Row(2, ["a@b.mx", "+52 55 4000 1234", "andino.mx", "2026-03-02", "17"])] * 5
    assert suggestions.suggest(list("ABCDE"), sample, []) == [
        "person.email",
        "person.phone",
        "company.domain",
        "",
        "",
    ]


def test_second_column_of_a_name_is_left_to_the_person() -> None:
    assert suggestions.suggest(["Correo", "Email"], [], []) == ["person.email", ""]


def test_custom_fields_are_known_by_code_and_both_names(cast: Cast) -> None:
    from leads.models import CustomField

    customs = list(CustomField.objects.all())
    names = ["Presupuesto", "decides"]
    assert suggestions.suggest(names, [], customs) == ["attributes.budget", "attributes.decides"]
