"""Files of people as other tools write them: who is new, who is known, and what is said of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.utils.translation import override

from leads.imports import notes, runs, worker
from leads.imports.history import command_line
from leads.models import ImportReject, ImportRun, Lead
from tests import factories
from tests.conftest import Moment
from tests.factories import Cast
from tests.leads.imports.imported import AT, asked, checked, imported, uploaded

pytestmark = pytest.mark.django_db
CASES = Path(__file__).parents[3] / "data" / "import_cases"
TABLE = {"person.name": "Nombre", "person.email": "Correo", "person.phone": "Teléfono"}


@pytest.fixture(autouse=True)
def at_ten(moment: Moment) -> None:
    """Monday at ten."""


def case(cast: Cast, name: str, tmp_path: Path) -> ImportRun:
    path = tmp_path / name
    path.write_bytes((CASES / name).read_bytes())
    return imported(cast, path)


def csv(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "file.csv"
    path.write_text(text, encoding="utf-8")
    return path


def phones(run: ImportRun) -> dict[str, str]:
    return dict(run.leads.order_by("pk").values_list("person__name", "person__phone"))


def noted(run: ImportRun, cast: Cast) -> list[tuple[int, str]]:
    """The notes on phones and e-mails of the report, as (row, words)."""
    with override("en"):
        return [(each.row, each.text) for each in notes.of_import(run, cast.ana).first]


def test_shared_phone_is_no_identity(cast: Cast, tmp_path: Path) -> None:
    run = case(cast, "01_shared_phone.csv", tmp_path)
    assert run.done["new"] == 4
    switchboard = "+525555501001"
    assert list(phones(run).values()) == [switchboard, switchboard, "", ""]
    assert noted(run, cast) == [
        (3, "row 2 is another person with the same phone"),
        (4, "“000000000” is no phone: left empty"),
        (5, "“000000000” is no phone: left empty"),
    ]


def test_placeholders_are_empty_cells(cast: Cast, tmp_path: Path) -> None:
    run = case(cast, "03_placeholders.csv", tmp_path)
    assert (run.done["new"], run.leads.filter(company__name="-").count()) == (4, 0)
    assert phones(run) == {
        "Íris Muñoz": "+525555503001",
        "Leo Ruiz": "+525555503002",
        "Eva Sanz": "",
        "Gil Paz": "",
    }
    assert (4, "“-” is no phone: left empty") in noted(run, cast)


def test_numbers_that_a_spreadsheet_destroyed_are_no_phones(cast: Cast, tmp_path: Path) -> None:
    run = case(cast, "06_phone_scientific.csv", tmp_path)
    assert (run.done["new"], list(phones(run).values())) == (4, ["", "", "+525555506003", ""])
    lost = "“%s”: a spreadsheet dropped digits, which are lost: left empty"
    assert noted(run, cast) == [
        (2, lost % "5.25551E+11"),
        (3, lost % "5,25551E+11"),
        (5, "“Upgrade to reveal” is no phone: left empty"),
    ]


def test_leads_of_meta_have_its_ids(cast: Cast, tmp_path: Path) -> None:
    run = case(cast, "20_meta.csv", tmp_path)
    facts = ("external_system", "external_id", "person__phone", "first_seen_on__year")
    assert list(run.leads.order_by("pk").values_list(*facts)) == [
        ("meta", "l:1280180252203501", "+525555502001", 2026),
        ("meta", "l:1280180252203502", "+525555502002", 2026),
    ]


def test_id_of_another_system_is_another_person(cast: Cast, tmp_path: Path) -> None:
    for external_id in ("4563", "4564"):
        other = factories.lead(cast, person={"email": f"{external_id}@other.test"})
        Lead.objects.filter(pk=other.pk).update(external_system="file", external_id=external_id)
    run = case(cast, "23_foreign_id.csv", tmp_path)
    assert (run.system, run.done["new"], run.done["known"]) == ("hubspot", 2, 0)


# -- The system of the ids


@pytest.mark.parametrize(("system", "kind"), [("hubspot", "known"), ("zoho", "new")])
def test_equal_ids_are_one_person_within_one_system(
    cast: Cast, tmp_path: Path, system: str, kind: str
) -> None:
    lead = factories.lead(cast, person={"email": "old@a.test"})
    Lead.objects.filter(pk=lead.pk).update(external_system="hubspot", external_id="7")
    run = uploaded(cast, csv(tmp_path, "Id externo,Nombre,Correo\n7,Ana,new@a.test\n"))
    ImportRun.objects.filter(pk=run.pk).update(system=system)
    run.refresh_from_db()
    asked(run, cast)
    finish(cast, run)
    assert run.done[kind] == 1
    if kind == "known":
        reject = ImportReject.objects.get()
        assert (reject.matched_field, reject.matched_lead) == ("external_id", lead)
        text = "the lead with this external id has another e-mail than “new@a.test”"
        assert noted(run, cast) == [(2, text)]


def finish(cast: Cast, run: ImportRun) -> None:
    worker.work(60)
    run.refresh_from_db()
    runs.start(run, by=cast.ana, at=AT)
    worker.work(60)
    run.refresh_from_db()


def test_two_teams_may_import_the_same_export(cast: Cast, tmp_path: Path) -> None:
    path = csv(tmp_path, "Record ID,Nombre,Correo\n4563,Eva,eva@caso.test\n4564,Leo,\n")
    assert imported(cast, path).done["new"] == 2
    zoe = factories.person("Zoe Prado", cast.other_marketing)
    run = uploaded(cast, path, team=cast.other_marketing, by=zoe)
    runs.match(run, run.columns, source=None, first_action=None, by=zoe, at=AT)
    worker.work(60)
    run.refresh_from_db()
    runs.start(run, by=zoe, at=AT)
    worker.work(60)
    run.refresh_from_db()
    # A lead out of sight is never known, and no reason to refuse a row either.
    assert (run.checked["counts"]["new"], run.done["new"], run.done["wrong"]) == (2, 2, 0)
    rows = Lead.objects.filter(external_system="hubspot").order_by("external_id", "pk")
    assert list(rows.values_list("external_id", flat=True)) == ["4563", "4563", "4564", "4564"]


def test_check_counts_what_may_be_known_under_an_unknown_system(
    cast: Cast, tmp_path: Path, signed_in: Any
) -> None:
    lead = factories.lead(cast, person={"email": "ana@a.test"})
    Lead.objects.filter(pk=lead.pk).update(external_system="file", external_id="7")
    run = checked(cast, csv(tmp_path, "Record ID,Nombre,Correo\n7,Ana,ana@a.test\n"))
    assert (run.checked["unknown_system"], run.checked["counts"]["known"]) == (1, 1)
    page = signed_in(cast.ana).get(f"/imports/{run.pk}/").content.decode()
    assert "1 row may be known under an unknown system" in page


# -- Known leads


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("Otra,ana@a.test,", "person.email"),
        ("Aná,,55 4000 1000", "person.phone"),
        (",,+52 55 4000 1000", "person.phone"),
    ],
)
def test_known_row_names_field_and_lead(cast: Cast, tmp_path: Path, row: str, field: str) -> None:
    lead = factories.lead(
        cast, person={"name": "Ana", "email": "ana@a.test", "phone": "+525540001000"}
    )
    run = imported(cast, csv(tmp_path, f"Nombre,Correo,Teléfono\n{row}\n"))
    reject = ImportReject.objects.get(run=run)
    assert (run.done["known"], reject.matched_field, reject.matched_lead) == (1, field, lead)


def test_phone_of_another_lead_is_a_warning(cast: Cast, tmp_path: Path) -> None:
    person = {"name": "Ana", "email": "ana@a.test", "phone": "+525540001000"}
    lead = factories.lead(cast, person=person)
    text = "Nombre,Correo,Teléfono\nLeo,leo@a.test,55 4000 1000\n"
    run = imported(cast, csv(tmp_path, text))
    first = notes.of_import(run, cast.ana).first[0]
    assert (run.done["new"], first.row, first.lead) == (1, 2, lead)


def test_command_line_knows_by_the_same_rules_within_its_team(cast: Cast, tmp_path: Path) -> None:
    person = {"name": "Ana", "email": "ana@a.test", "phone": "+525540001000"}
    factories.lead(cast, person=person)
    text = (
        "Nombre,Correo,Teléfono\nOtra,ana@a.test,\nAna,,55 4000 1000\nLeo,leo@a.test,55 4000 1000\n"
    )
    mapping = tmp_path / "mapping.json"
    constants = {"first_seen_on": "2026-01-05"}
    mapping.write_text(json.dumps({"system": "old", "constants": constants, "columns": TABLE}))
    tallies = {}
    for team in (cast.other_marketing, cast.marketing):
        report = command_line.import_leads(
            csv(tmp_path, text),
            mapping,
            by=None,
            at=AT,
            team=team,
            rejects=tmp_path / "rejects.csv",
        )
        tallies[team] = (report.tally.new, report.tally.known, report.tally.rejected)
    # Of another team: the second row is not the first one, whose name is another.
    assert tallies == {cast.other_marketing: (3, 0, 0), cast.marketing: (1, 2, 0)}


# -- What people paste


@pytest.mark.parametrize(
    ("cell", "email", "words"),
    [
        ("Ana Ruiz <Ana@a.test>", "ana@a.test", []),
        ("mailto:ana@a.test", "ana@a.test", []),
        ("\u200bana@a.test\ufeff", "ana@a.test", []),
        ("ana@a.test ::: eva@a.test", "ana@a.test", ["eva@a.test"]),
        ("ana@a.test; eva@a.test", "ana@a.test", ["eva@a.test"]),
        ("no tiene", "", ["no tiene"]),
    ],
)
def test_address_is_read_out_of_the_cell(
    cast: Cast, tmp_path: Path, cell: str, email: str, words: list[str]
) -> None:
    run = imported(cast, csv(tmp_path, f"Nombre,Correo\nAna\u200b Ruiz,{cell}\n"))
    assert run.leads.get().person.email == email
    assert run.leads.get().person.name == "Ana Ruiz"
    texts = [text for _row, text in noted(run, cast)]
    assert [word in text for word, text in zip(words, texts, strict=True)] == [True] * len(words)
