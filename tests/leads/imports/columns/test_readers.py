"""Cells of a file of new leads as values and notes."""

from __future__ import annotations

from datetime import date

import pytest
from django.utils.translation import override

from crm.lib.files.layout import Layout, Row
from leads.imports.columns import readers
from leads.models import CustomField
from tests.factories import Cast


@pytest.mark.parametrize(
    ("target", "cell", "value"),
    [
        ("person.email", "ANA@A.TEST", "ana@a.test"),
        ("person.email", "ana", None),
        ("person.country", "México", "MX"),
        ("person.country", "united states", "US"),
        ("person.country", "pe", "PE"),
        ("person.country", "Atlantis", None),
        ("person.phone", "55 4000 1234", "+525540001234"),  # of the organisation's country
        ("person.phone", "+51 1 4000123", "+5114000123"),
        ("company.employees", "1,200", 1200),
        ("company.employees", "about us", None),
        ("attributes.budget", "5000", 5000),
        ("attributes.decides", "Sí", True),
        ("first_action", "asked for a DEMO", "asked_for_demo"),
        ("first_action", "danced", None),
        ("person.job_title", "#REF!", None),
        ("person.name", "x" * 161, None),
    ],
)
def test_cell_becomes_a_value_or_a_note(cast: Cast, target: str, cell: str, value: object) -> None:
    header = ["Id", "Empresa", "Dato"]
    chosen = ["external_id", "company.name", target]
    reader = readers.reader(header, chosen, Layout(), latest=date(2026, 3, 3))
    with override("en"):
        reading = reader.read(Row(2, ["1", "Andino", cell]))
    found = reading.get(target)
    assert (getattr(found, "code", found), bool(reading.notes)) == (value, value is None)
    assert (reading.problems, {note.field for note in reading.notes} - {target}) == ([], set())


def test_row_that_says_nobody_is_wrong(cast: Cast) -> None:
    reader = readers.reader(["Empresa"], ["company.name"], Layout(), latest=date(2026, 3, 3))
    assert len(reader.read(Row(2, ["Andino"])).problems) == 1


def test_second_column_of_phones_fills_gaps_and_its_rest_is_noted(cast: Cast) -> None:
    header = ["Nombre", "Teléfono", "Móvil"]
    chosen = ["person.name", "person.phone", "person.phone"]
    reader = readers.reader(header, chosen, Layout(), latest=date(2026, 3, 3))
    phone, mobile = "+52 55 5550 1001", "+52 55 5550 1002"
    rows = [["A", phone, ""], ["B", "", mobile], ["C", phone, mobile], ["D", phone, phone]]
    read = [reader.read(Row(2, cells)) for cells in rows]
    assert [reading.get("person.phone") for reading in read] == [
        "+525555501001",
        "+525555501002",
        "+525555501001",
        "+525555501001",
    ]
    codes = [[note.code for note in reading.notes] for reading in read]
    assert codes == [[], [], ["rest_left_out"], []]


def test_choice_called_none_is_no_empty_cell(cast: Cast) -> None:
    CustomField.objects.create(
        code="plan",
        name={"es": "Plan"},
        type="choice",
        choices=[{"value": "none", "es": "Ninguno", "en": "None"}, {"value": "x", "es": "Extra"}],
    )
    chosen = ["person.name", "attributes.plan"]
    reader = readers.reader(["Nombre", "Plan"], chosen, Layout(), latest=date(2026, 3, 3))
    assert reader.read(Row(2, ["A", "None"])).get("attributes.plan") == "none"
    assert reader.read(Row(3, ["A", "N/A"])).get("attributes.plan") is None
