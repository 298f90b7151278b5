"""The reader of rows, and that both doors read a file alike."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from django.utils.translation import override

from crm.lib.files.detect import guess
from crm.lib.files.layout import Layout, Row
from crm.lib.files.table import Table
from leads.imports.columns import readers, suggestions
from leads.imports.columns.targets import LEAD_FIELDS, SKIP
from leads.imports.history import mapping_file
from leads.imports.history.mapping_file import MappingFile
from leads.imports.readings import RowReader, fingerprint
from tests.factories import Cast
from tests.leads.imports.nasty_files import FILES, Nasty

pytestmark = pytest.mark.django_db
LATEST = date(2026, 3, 3)
# The command line refuses a mapped column that stands twice.
UNDERSTOOD = [nasty for nasty in FILES if nasty.names and nasty.name != "duplicate headers.csv"]


@pytest.fixture(autouse=True)
def in_english():
    with override("en"):
        yield


def by_name(header: list[str], layout: Layout | None = None, **named: str) -> RowReader:
    mapping = MappingFile(columns={k.replace("__", "."): v for k, v in named.items()})
    return mapping_file.reader(
        mapping,
        LEAD_FIELDS,
        header,
        attributes={},
        latest=LATEST,
        is_sheet=layout is not None and layout.kind == "xlsx",
    )


@pytest.mark.parametrize("nasty", UNDERSTOOD, ids=lambda nasty: nasty.name)
def test_both_doors_read_a_file_alike(nasty: Nasty, cast: Cast, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(nasty.data)
    layout = guess(path)
    with Table(path, layout) as table:
        header, rows = table.rows()
        given = list(rows)
    targets = suggestions.suggest(header, given, [])
    mapped = {code: header[targets.index(code)] for code in targets if code in LEAD_FIELDS}
    chosen = [code if code in mapped else SKIP for code in targets]
    browser = readers.reader(header, chosen, layout, latest=LATEST)
    mapping = MappingFile(columns=mapped, decimal=layout.decimal)
    command_line = mapping_file.reader(
        mapping,
        LEAD_FIELDS,
        header,
        attributes={},
        latest=LATEST,
        is_sheet=layout.kind == "xlsx",
    )
    for row in given:
        one, other = browser.read(row), command_line.read(row)
        assert one.values == other.values
        assert len(one.problems) == len(other.problems)


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        (["1"], "the row has 1 cells, the header has 2"),
        (["1", "Ana", "x"], "the row has 3 cells, the header has 2"),
        (["", ""], "Give at least a name, an e-mail, a phone or an external id."),
    ],
)
def test_row_that_cannot_be_taken_names_the_reason(cells: list[str], problem: str) -> None:
    reader = by_name(["id", "name"], external_id="id", person__name="name")
    problems = reader.read(Row(2, cells)).problems
    assert [each.text(str) for each in problems] == [problem]


def test_bad_cell_of_identity_is_the_reason_where_nothing_else_identifies_the_row() -> None:
    reader = by_name(["mail", "name"], person__email="mail", person__name="name")
    problems = reader.read(Row(2, ["ana", ""])).problems
    assert [each.text(str) for each in problems] == [
        "person.email (mail): “ana” is no e-mail address",
        "Give at least a name, an e-mail, a phone or an external id.",
    ]
    kept = reader.read(Row(2, ["ana", "Ana"]))
    assert (kept.problems, kept.values) == ([], {"person.name": "Ana"})
    assert [(note.field, note.code) for note in kept.notes] == [("person.email", "bad_cell")]


def test_cell_that_means_nothing_is_an_empty_one() -> None:
    reader = by_name(
        ["name", "country", "source"],
        person__name="name",
        person__country="country",
        source="source",
    )
    read = [reader.read(Row(2, ["Ana", cell, cell])) for cell in ("N/A", "NA", "unknown")]
    assert [reading.values for reading in read] == [
        {"person.name": "Ana"},
        {"person.name": "Ana", "person.country": "NA"},
        {"person.name": "Ana", "source": "unknown"},
    ]
    assert [reading.notes for reading in read] == [[], [], []]


def test_facts_of_a_company_that_the_row_does_not_name_are_noted() -> None:
    reader = by_name(
        ["name", "company", "people"],
        person__name="name",
        company__name="company",
        company__employees="people",
    )
    reading = reader.read(Row(2, ["Ana", "-", "20"]))
    assert (reading.problems, reading.values) == ([], {"person.name": "Ana"})
    assert [(note.field, note.code) for note in reading.notes] == [
        ("company.employees", "no_company")
    ]


def test_empty_cells_at_the_end_are_no_problem() -> None:
    reader = by_name(["id", "name"], external_id="id", person__name="name")
    assert reader.read(Row(2, ["1", "Ana", "", " "])).problems == []
    sheet = by_name(["id", "name"], Layout(kind="xlsx"), external_id="id", person__name="name")
    assert sheet.read(Row(2, ["1"])).values == {"external_id": "1"}


def test_company_is_in_the_country_of_the_person_unless_it_has_its_own() -> None:
    header = ["company", "person", "its", "phone"]
    named = {"company__name": "company", "person__country": "person", "company__country": "its"}
    reader = by_name(header, person__phone="phone", **named)
    first = reader.read(Row(2, ["Andino", "Peru", "", "01 4000123"]))
    second = reader.read(Row(3, ["Andino", "", "Chile", "2 2345 6789"]))
    third = reader.read(Row(4, ["Andino", "Peru", "Chile", "01 4000123"]))
    countries = [reading.get("company.country") for reading in (first, second, third)]
    assert countries == ["PE", "CL", "CL"]
    phones = [reading.get("person.phone") for reading in (first, second, third)]
    assert phones == ["+5114000123", "+56223456789", "+5114000123"]


def test_fingerprint_is_of_the_cells_and_not_of_what_follows_from_them() -> None:
    """Fingerprints are stored: a row has to have the same one in later versions."""
    reader = by_name(["name", "phone"], person__name="name", person__phone="phone")
    reading = reader.read(Row(2, ["Ana", "+51 1 4000123"]))
    assert reading.get("person.phone") == "+5114000123"
    assert fingerprint(reading.parsed) == (
        "sha256:e500ccced62c29aa2b08bd9deb4841f0c77c8e28cd38a42cac9c8761a38242c4"
    )
