"""What columns likely are, and what their cells become."""

from __future__ import annotations

from datetime import date

import pytest
from django.utils.translation import override

from crm.lib.files.layout import Layout, Row
from leads.imports import columns
from leads.imports.duplicate_rows import DuplicateRows
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
    assert columns.suggest(header, [], []) == [
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
    assert columns.suggest(list("ABCDE"), sample, []) == [
        "person.email",
        "person.phone",
        "company.domain",
        "",
        "",
    ]


def test_second_column_of_a_name_is_left_to_the_person() -> None:
    assert columns.suggest(["Correo", "Email"], [], []) == ["person.email", ""]


@pytest.mark.parametrize(
    ("target", "cell", "value"),
    [
        ("person.email", "ANA@A.TEST", "ana@a.test"),
        ("person.email", "ana", None),
        ("person.country", "México", "MX"),
        ("person.country", "united states", "US"),
        ("person.country", "pe", "PE"),
        ("person.country", "Atlantis", None),
        ("person.phone", "55 4000 1234", "55 4000 1234"),  # of which country nobody says
        ("person.phone", "+51 1 4000123", "+5114000123"),
        ("company.employees", "1,200", 1200),
        ("company.employees", "11-50", None),
        ("attributes.budget", "5000", 5000),
        ("attributes.decides", "Sí", True),
        ("first_action", "asked for a DEMO", "asked_for_demo"),
        ("first_action", "danced", None),
        ("person.job_title", "#N/A", None),
        ("person.name", "x" * 161, None),
    ],
)
def test_cell_becomes_a_value_or_a_problem(
    cast: Cast, target: str, cell: str, value: object
) -> None:
    header = ["Id", "Dato"]
    reader = columns.reader(header, ["external_id", target], Layout(), latest=date(2026, 3, 3))
    with override("en"):
        reading = reader.read(Row(2, ["1", cell]))
    found = reading.get(target)
    assert (getattr(found, "code", found), bool(reading.problems)) == (value, value is None)
    assert all("(Dato)" in problem for problem in reading.problems)


def test_row_that_says_nobody_is_wrong(cast: Cast) -> None:
    reader = columns.reader(["Empresa"], ["company.name"], Layout(), latest=date(2026, 3, 3))
    assert len(reader.read(Row(2, ["Andino"])).problems) == 1


def test_custom_fields_are_known_by_code_and_both_names(cast: Cast) -> None:
    from leads.models import CustomField

    customs = list(CustomField.objects.all())
    names = ["Presupuesto", "decides"]
    assert columns.suggest(names, [], customs) == ["attributes.budget", "attributes.decides"]


def test_duplicates_find_the_first_row_among_many() -> None:
    duplicates = DuplicateRows()
    assert [duplicates.first([f"e:{n}", f"p:{n}"], n) for n in range(2, 20_000)] == [0] * 19_998
    assert (duplicates.first(["e:x", "p:17"], 20_001), duplicates.first(["e:x"], 20_002)) == (17, 0)
