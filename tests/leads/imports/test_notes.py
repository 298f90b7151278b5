"""Notes on rows that are taken: in the check, in the report, and on the command line."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils.translation import override

from leads.imports import notes, parsers, runs
from leads.imports.columns import targets
from leads.imports.history import command_line
from leads.imports.notes import Noted
from leads.imports.parsers import Style
from leads.models import ImportNote, ImportRun
from tests.conftest import Moment
from tests.factories import Cast
from tests.leads.imports.imported import AT, checked, imported

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def odd_titles(moment: Moment, monkeypatch: pytest.MonkeyPatch) -> None:
    """Monday at ten; a job title "odd" is left empty with a note."""
    taken = parsers.line(120)

    def title(style: Style, cell: str) -> object:
        if cell != "odd":
            return taken(style, cell)
        return Noted(None, "left_out", {"cell": cell, "reason": "it is odd"})

    monkeypatch.setitem(targets.LEAD_FIELDS, "person.job_title", title)


def file(folder: Path, odd: int) -> Path:
    lines = [f"Persona {number},odd\n" for number in range(odd)]
    path = folder / "file.csv"
    path.write_text("Nombre,Cargo\n" + "".join(lines) + "Otra,Jefa\n", encoding="utf-8")
    return path


def shown(found: notes.NotesShown) -> tuple[int, int, str]:
    """The number of notes, of those shown, and the words of the first."""
    return found.total, len(found.first), found.first[0].text


def test_bad_cell_with_a_note_costs_the_cell_and_not_the_lead(cast: Cast, tmp_path: Path) -> None:
    run = imported(cast, file(tmp_path, 1))
    titles = run.leads.order_by("pk").values_list("person__name", "person__job_title")
    assert list(titles) == [("Persona 0", ""), ("Otra", "Jefa")]


def test_check_and_report_count_all_notes_and_show_the_first(cast: Cast, tmp_path: Path) -> None:
    path = file(tmp_path, notes.FIRST + 5)
    expected = (25, 20, "“odd” is left out: it is odd")
    with override("en"):
        assert shown(notes.of_check(checked(cast, path), cast.ana)) == expected
        assert shown(notes.of_import(imported(cast, path), cast.ana)) == expected


@pytest.mark.parametrize("step", [checked, imported])
def test_page_shows_notes_with_row_and_field(cast: Cast, tmp_path: Path, signed_in, step) -> None:
    run = step(cast, file(tmp_path, 1))
    page = signed_in(cast.ana).get(f"/imports/{run.pk}/").content.decode()
    assert "“odd” is left out: it is odd" in page
    assert "Job title: left empty: the value cannot be read" in page


def test_notes_are_kept_as_long_as_the_rejected_rows(cast: Cast, tmp_path: Path) -> None:
    run = imported(cast, file(tmp_path, 1))
    runs.tidy(at=AT + runs.REJECTS_FOR)
    assert ImportNote.objects.count() == 1
    ImportRun.objects.filter(pk=run.pk).update(finished_at=AT - timedelta(seconds=1))
    runs.tidy(at=AT + runs.REJECTS_FOR)
    assert ImportNote.objects.count() == 0


def test_command_line_prints_the_notes(cast: Cast, tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.json"
    mapping.write_text(
        '{"system": "old", "constants": {"first_seen_on": "2026-01-05"},'
        ' "columns": {"person.name": "Nombre", "person.job_title": "Cargo"}}'
    )
    report = command_line.import_leads(
        file(tmp_path, 1), mapping, by=None, at=AT, rejects=tmp_path / "rejects.csv"
    )
    with override("en"):
        lines = command_line.report_text(report).splitlines()
    assert lines[-1] == "  row 2: Job title: “odd” is left out: it is odd"
