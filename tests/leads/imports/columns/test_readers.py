"""Cells of a file of new leads as values and notes."""

from __future__ import annotations

from datetime import date

import pytest
from django.utils.translation import override

from crm.lib.files.layout import Layout, Row
from leads.imports.columns import readers
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
