"""The mapping file: what it may hold, and what is refused for which reason."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.utils.translation import override

from crm.lib.files.layout import Row
from leads.imports import parsers
from leads.imports.columns.targets import LEAD_FIELDS, OUTCOME_FIELDS
from leads.imports.history import mapping_file
from leads.imports.history.mapping_file import MappingFile, UnusableMapping
from leads.imports.readings import RowReader

LATEST = date(2026, 3, 3)
GOOD = {"system": "old", "columns": {"external_id": "id", "first_seen_on": "seen"}}


@pytest.fixture(autouse=True)
def in_english():
    with override("en"):
        yield


def load(folder: Path, text: Any, known: dict[str, parsers.Parser] = LEAD_FIELDS) -> MappingFile:
    path = folder / "map.json"
    path.write_text(text if isinstance(text, str) else json.dumps(text), encoding="utf-8-sig")
    return mapping_file.load(path, known)


def reader(header: list[str], **columns: str) -> RowReader:
    named = {name.replace("__", "."): column for name, column in columns.items()}
    mapping = MappingFile(system="old", columns=named)
    return mapping_file.reader(mapping, LEAD_FIELDS, header, attributes={}, latest=LATEST)


def test_defaults(tmp_path):
    assert load(tmp_path, GOOD) == MappingFile(
        system="old",
        dates=[],
        decimal=".",
        columns={"external_id": "id", "first_seen_on": "seen"},
        person_name="{id}",
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "The mapping is no JSON: Expecting value: line 1 column 1 (char 0)."),
        ('{"a": 1, "a": 2}', "The mapping is no JSON: “a” stands twice."),
        ("[]", "The mapping has to be a JSON object."),
        (
            GOOD | {"colums": {}},
            (
                "The mapping has the key “colums”; known are columns, constants, dates, decimal,"
                " person_name, sources, system, values."
            ),
        ),
        (
            {"columns": {"external_id": "id"}},
            "“system” in the mapping has to be a short name in a-z, 0-9, _ and -.",
        ),
        (
            GOOD | {"system": "A B"},
            "“system” in the mapping has to be a short name in a-z, 0-9, _ and -.",
        ),
        (GOOD | {"columns": []}, "“columns” in the mapping has to be an object of texts."),
        (
            GOOD | {"columns": {}},
            "“columns” in the mapping has to be an object that names at least one column.",
        ),
        (
            GOOD | {"columns": {"external_id": 1}},
            "“columns” in the mapping has to be an object of texts.",
        ),
        (
            GOOD | {"values": {"source": {"a": 1}}},
            (
                "“values” in the mapping has to be an object of objects: field, then value to text"
                " or null."
            ),
        ),
        (
            GOOD | {"sources": {"a": {"pt": "x"}}},
            "“sources” in the mapping has to be an object of names: value, then es and en.",
        ),
        (
            GOOD | {"dates": ["%d.%m"]},
            "“dates” in the mapping has to be a list like ['%Y-%m-%d', '%Y-%m-%d %H:%M:%S'].",
        ),
        (
            GOOD | {"dates": "%Y"},
            "“dates” in the mapping has to be a list like ['%Y-%m-%d', '%Y-%m-%d %H:%M:%S'].",
        ),
        (GOOD | {"decimal": ";"}, "“decimal” in the mapping has to be “.” | “,”."),
        (
            GOOD | {"person_name": "Rep"},
            "“person_name” in the mapping has to be a text with {id} or {short}.",
        ),
        (
            GOOD | {"constants": {"external_id": "1"}},
            "external_id has a column and a constant: choose one.",
        ),
        (
            {"system": "old", "columns": {"external_id": "id"}},
            "The mapping has to say where first_seen_on is from.",
        ),
        (
            {"system": "old", "columns": {"first_seen_on": "seen", "source": "origin"}},
            (
                "The mapping needs a column for one of external_id, person.name, person.email,"
                " person.phone."
            ),
        ),
        (
            {"system": "old", "columns": GOOD["columns"] | {"company.industry": "x"}},
            "The mapping has to say where company.name is from.",
        ),
    ],
)
def test_unusable_mappings_are_refused_in_words(tmp_path, text, message):
    with pytest.raises(UnusableMapping) as refused:
        load(tmp_path, text)
    assert str(refused.value.message) == message


def test_nesting_without_end_is_refused(tmp_path):
    with pytest.raises(UnusableMapping) as refused:
        load(tmp_path, "[" * 100_000)
    assert str(refused.value.message).startswith("The mapping is no JSON: ")


@pytest.mark.parametrize(
    "name", ["person.password", "stage.won", "attributes.", "attributes.A b", "id"]
)
def test_unknown_field_is_named_with_the_known_ones(tmp_path, name):
    with pytest.raises(UnusableMapping) as refused:
        load(tmp_path, GOOD | {"columns": GOOD["columns"] | {name: "x"}})
    known = ", ".join([*LEAD_FIELDS, "attributes.<code>"])
    assert str(refused.value.message) == f"The mapping names the field “{name}”; known are {known}."


@pytest.mark.parametrize(
    ("columns", "constants", "missing"),
    [
        ({"won_on": "won"}, {"outcome": "won"}, "external_id"),
        ({"external_id": "id", "won_on": "won"}, {}, "outcome"),
        ({"external_id": "id", "won_on": "won"}, {"outcome": "lost"}, "lost_on"),
        ({"external_id": "id", "outcome": "state"}, {}, "won_on"),
    ],
)
def test_outcomes_need_id_outcome_and_date(tmp_path, columns, constants, missing):
    with pytest.raises(UnusableMapping) as refused:
        load(
            tmp_path,
            {"system": "old", "columns": columns, "constants": constants},
            OUTCOME_FIELDS,
        )
    assert str(refused.value.message) == f"The mapping has to say where {missing} is from."


def test_missing_mapping_file_is_named(tmp_path):
    with pytest.raises(UnusableMapping) as refused:
        mapping_file.load(tmp_path / "none.json", LEAD_FIELDS)
    assert str(refused.value.message) == f"There is no mapping file {tmp_path}/none.json."


def test_column_that_the_file_lacks_is_named():
    with pytest.raises(UnusableMapping) as refused:
        reader(["id", "seen"], external_id="ID")
    assert str(refused.value.message) == "The file has no column “ID”; it has id, seen."


def test_header_that_stands_twice_matters_only_where_it_is_meant():
    doubled = ["id", "seller", "seller"]
    assert reader(doubled, external_id="id").read(Row(2, ["7", "a", "b"])).values == {
        "external_id": "7"
    }
    with pytest.raises(UnusableMapping) as refused:
        reader(doubled, external_id="seller")
    assert str(refused.value.message) == "The column “seller” stands twice in the file."


def test_empty_cells_at_the_end_of_a_row_are_no_problem():
    assert reader(["id"], external_id="id").read(Row(2, ["7", "", ""])).problems == []


def test_date_that_has_not_come_is_refused():
    read = reader(["id", "seen"], external_id="id", first_seen_on="seen").read(
        Row(2, ["1", "2026-03-04"])
    )
    assert ([problem.text(str) for problem in read.problems], read.parsed) == (
        ["first_seen_on (seen): 2026-03-04 has not come yet"],
        {"external_id": "1"},
    )


def test_sheet_stores_dates_as_iso_whatever_the_mapping_says():
    mapping = MappingFile(dates=["%d/%m/%Y"], decimal=",")
    assert mapping.style().dates == ("%d/%m/%Y",)
    assert mapping.style(is_sheet=True).dates == ("%d/%m/%Y", "%Y-%m-%d", "%Y-%m-%d %H:%M:%S")
