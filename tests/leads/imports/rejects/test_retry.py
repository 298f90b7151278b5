"""Rejected rows, corrected in the page: counted in the same import; one person wins a row."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from crm.audit.models import Entry
from leads.imports import pipeline, runs
from leads.imports import worker as import_work
from leads.imports.rejects import retry as retrying
from leads.imports.rejects import rows as rejected
from leads.imports.rejects.retry import retry
from leads.imports.shown import ImportMovedOn
from leads.models import Company, ImportReject, ImportRun, Lead
from tests import factories
from tests.conftest import Moment
from tests.factories import Cast
from tests.leads.imports.imported import AT, checked, imported, press
from tests.races.parallel import together

pytestmark = pytest.mark.django_db
HEADER = "Nombre,Correo,Teléfono,Empresa,País,Empleados\n"
ROWS = (
    "Íris Muñoz,iris@caso.test,,Andino,MX,\n"
    ",,,Andino,MX,50\n"  # nobody: wrong
    "Íris otra,iris@caso.test,,Andino,MX,\n"  # twice in the file
    "Ya Está,mariana@caso.test,,Andino,MX,\n"  # known
)


@pytest.fixture(autouse=True)
def at_ten(moment: Moment) -> None:
    """Monday at ten."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "rows.csv"
    path.write_text(HEADER + ROWS, encoding="utf-8")
    return path


@pytest.fixture
def known(cast: Cast) -> Lead:
    person = {"name": "Mariana", "email": "mariana@caso.test", "phone": ""}
    return factories.lead(cast, person=person)


@pytest.fixture
def run(cast: Cast, known: Lead, path: Path) -> ImportRun:
    return imported(cast, path)


def kinds(run: ImportRun) -> list[tuple[int, str]]:
    rows = ImportReject.objects.filter(run=run).order_by("number")
    return list(rows.values_list("number", "kind"))


def done(run: ImportRun) -> dict[str, int]:
    run.refresh_from_db()
    return {kind: count for kind, count in run.done.items() if count}


def test_rows_wait_for_their_correction(run: ImportRun) -> None:
    assert kinds(run) == [(3, "wrong"), (4, "duplicate"), (5, "known")]
    assert done(run) == {"new": 1, "wrong": 1, "duplicate": 1, "known": 1}


@pytest.mark.parametrize("language", ["es", "en"])
def test_rejected_rows_of_rejected_rows_have_the_same_columns(
    cast: Cast, run: ImportRun, tmp_path: Path, language: str
) -> None:
    with override(language):
        lines = list(rejected.lines(run))
        path = tmp_path / "again.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(lines)
        again = list(rejected.lines(imported(cast, path)))
    assert again[0] == lines[0]
    assert [line[3:] for line in again[1:]] == [line[3:] for line in lines[1:]]


def test_corrected_rows_are_leads_of_the_same_import(cast: Cast, run: ImportRun) -> None:
    typed = {3: {0: "Leo Ruiz", 1: " LEO@caso.test "}, 4: {1: "otra@caso.test"}}
    retried = retry(run, typed, by=cast.luis, at=AT)
    assert (retried.new, retried.rejected, list(retried.gone)) == (2, 0, [])
    assert (kinds(run), done(run)) == ([(5, "known")], {"new": 3, "known": 1})
    leads = Lead.objects.filter(import_run=run).order_by("pk")
    assert [lead.person.email for lead in leads] == [
        "iris@caso.test",
        "leo@caso.test",
        "otra@caso.test",
    ]
    assert (leads[1].created_by, leads[1].marketing_team) == (cast.luis, cast.marketing)
    assert Company.objects.get(name="Andino").employees == 50
    entry = Entry.objects.get(verb="import_rows_retried")
    assert (entry.actor, entry.payload) == (cast.luis, {"rows": [3, 4], "new": 2, "rejected": 0})


def test_row_that_is_still_wrong_keeps_what_was_typed(cast: Cast, run: ImportRun) -> None:
    retried = retry(run, {3: {5: "cincuenta"}}, by=cast.ana, at=AT)
    assert (retried.new, retried.rejected) == (0, 1)
    reject = ImportReject.objects.get(run=run, number=3)
    assert (reject.kind, reject.cells[5]) == ("wrong", "cincuenta")
    assert done(run) == {"new": 1, "wrong": 1, "duplicate": 1, "known": 1}


def test_row_may_become_another_kind(cast: Cast, run: ImportRun) -> None:
    typed = {
        3: {0: "Íris", 1: "iris@caso.test"},
        4: {1: "nueva@caso.test"},
        5: {1: "nueva@caso.test"},
    }
    retry(run, typed, by=cast.ana, at=AT)
    assert (kinds(run), done(run)) == (
        [(3, "known"), (5, "duplicate")],
        {"new": 2, "known": 1, "duplicate": 1},
    )
    match = ImportReject.objects.get(run=run, number=3)
    assert (match.matched_field, match.matched_lead) == (
        "person.email",
        Lead.objects.get(person__name="Íris Muñoz"),
    )


def test_rows_of_an_undone_import_stay_out(cast: Cast, run: ImportRun) -> None:
    runs.undo(run, by=cast.ana, at=AT)
    with pytest.raises(ImportMovedOn):
        retry(run, {3: {0: "Leo"}}, by=cast.ana, at=AT)
    import_work.work(60)
    with pytest.raises(ImportMovedOn):
        retry(run, {3: {0: "Leo"}}, by=cast.ana, at=AT)
    assert Lead.objects.filter(import_run=run, archived_at=None).count() == 0


def test_undo_archives_retried_rows_too(cast: Cast, run: ImportRun) -> None:
    retry(run, {3: {0: "Leo"}}, by=cast.luis, at=AT)
    runs.undo(run, by=cast.ana, at=AT)
    import_work.work(60)
    run.refresh_from_db()
    assert (run.done["archived"], run.done["left"]) == (2, 0)


@pytest.mark.django_db(transaction=True)
def test_one_of_two_people_imports_a_row(cast: Cast, run: ImportRun) -> None:
    results = together(
        lambda: retry(run, {3: {0: "Leo de Ana"}}, by=cast.ana, at=AT),
        lambda: retry(run, {3: {0: "Leo de Luis"}}, by=cast.luis, at=AT),
    )
    assert sorted((each.new, list(each.gone)) for each in results) == [(0, [3]), (1, [])]
    assert Lead.objects.filter(import_run=run).count() == 2
    assert done(run)["new"] == 2


@pytest.mark.django_db(transaction=True)
def test_retry_beside_another_import_is_refused_in_words(
    cast: Cast, run: ImportRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retrying, "WAIT", "100ms")

    def beside() -> None:
        with pytest.raises(retrying.ImportsAreBusy):
            retry(run, {3: {0: "Leo"}}, by=cast.ana, at=AT)

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [pipeline.LOCK])
        results = together(beside)
        cursor.execute("SELECT pg_advisory_unlock(%s)", [pipeline.LOCK])
    assert results == [None]
    assert kinds(run)[0] == (3, "wrong")


# -- The pages


@pytest.fixture
def client(cast: Cast, signed_in: Any) -> Any:
    cast.ana.language = "en"
    cast.ana.save()
    return signed_in(cast.ana)


def words(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def shown(client: Any, run: ImportRun) -> dict[str, str]:
    """The controls of the page with their values."""
    form = client.get(f"/imports/{run.pk}/rows/").context["form"]
    return {name: form[name].value() for name in form.fields}


def test_page_offers_the_cells_that_may_be_wrong(client: Any, run: ImportRun, known: Lead) -> None:
    controls = shown(client, run)
    assert {name: value for name, value in controls.items() if not name.startswith("cell-3-")} == {
        "cell-4-1": "iris@caso.test",
        "cell-5-1": "mariana@caso.test",
    }
    assert controls["cell-3-5"] == "50"
    page = client.get(f"/imports/{run.pk}/rows/")
    assert f'href="/leads/{known.pk}/"' in page.content.decode()
    assert "Correo" in words(page)


def test_rows_are_corrected_in_the_page(client: Any, run: ImportRun) -> None:
    sent = shown(client, run) | {"cell-3-0": "Leo Ruiz", "cell-4-1": "sin arroba"}
    answer = client.post(f"/imports/{run.pk}/rows/", sent, follow=True)
    said = [str(message) for message in answer.context["messages"]]
    assert said[0] == "2 rows became leads."
    assert said[1] == "1 row is still left out; what you typed is kept."
    assert kinds(run) == [(5, "known")]


def test_file_of_wrong_rows_alone_leads_to_their_correction(
    cast: Cast, client: Any, tmp_path: Path
) -> None:
    path = tmp_path / "wrong.csv"
    path.write_text(f"{HEADER},,,Andino,MX,50\n", encoding="utf-8")
    run = checked(cast, path)
    page = client.get(f"/imports/{run.pk}/").content.decode()
    assert f'action="/imports/{run.pk}/start/"' in page
    assert "Correct 1 row in the page" in page
    press(client, run, "start")
    import_work.work(60)
    assert done(run) == {"wrong": 1}
    assert f"/imports/{run.pk}/rows/" in client.get(f"/imports/{run.pk}/").content.decode()


def test_row_that_somebody_else_imported_is_named(cast: Cast, client: Any, run: ImportRun) -> None:
    sent = shown(client, run) | {"cell-3-0": "De Ana"}
    retry(run, {3: {0: "De Luis"}}, by=cast.luis, at=AT)
    answer = client.post(f"/imports/{run.pk}/rows/", sent, follow=True)
    said = [str(message) for message in answer.context["messages"]]
    assert "Row 3 was imported by somebody else meanwhile." in said
    assert not Lead.objects.filter(person__name="De Ana").exists()


def test_conflict_keeps_what_was_typed(
    client: Any, run: ImportRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = shown(client, run) | {"cell-3-0": "Leo Ruiz"}
    ImportRun.objects.update(state="undoing")
    answer = client.post(f"/imports/{run.pk}/rows/", sent)
    assert (answer.status_code, answer.context["form"]["cell-3-0"].value()) == (409, "Leo Ruiz")


def test_who_may_see_and_who_may_retry(cast: Cast, run: ImportRun, signed_in: Any) -> None:
    path = f"/imports/{run.pk}/rows/"
    seen = {name: signed_in(getattr(cast, name)).get(path).status_code for name in SEEN}
    assert seen == SEEN
    assert signed_in(cast.elsa).post(path, {"cell-3-0": "Leo"}).status_code == 403
    assert "cell-3-0" not in signed_in(cast.elsa).get(path).content.decode()
    assert signed_in(cast.bea).post(path, {"cell-3-0": "Leo"}).status_code == 404


SEEN = {"ana": 200, "luis": 200, "elsa": 200, "bea": 404, "dora": 404, "root": 404}


@pytest.mark.parametrize("sent", [{"cell-3-99": "x"}, {"cell-99999-0": "x"}, {"cell-²-0": "x"}])
def test_cells_that_are_not_there_change_nothing(
    client: Any, run: ImportRun, sent: dict[str, str]
) -> None:
    answer = client.post(f"/imports/{run.pk}/rows/", sent)
    assert answer.status_code == 302
    assert len(kinds(run)) == 3


def test_page_needs_the_same_queries_for_one_row_and_for_many(
    cast: Cast, client: Any, known: Lead, tmp_path: Path
) -> None:
    counts = []
    for rows in (1, 15):
        path = tmp_path / f"{rows}.csv"
        path.write_text(HEADER + "Ya Está,mariana@caso.test,,,MX,\n" + ",,,Andino,MX,\n" * rows)
        run = imported(cast, path)
        with CaptureQueriesContext(connection) as queries:
            client.get(f"/imports/{run.pk}/rows/")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_pages_follow_each_other(cast: Cast, client: Any, tmp_path: Path) -> None:
    path = tmp_path / "many.csv"
    path.write_text(HEADER + "".join(f",,,Andino,MX,{row}\n" for row in range(1, 31)))
    run = imported(cast, path)
    first = client.get(f"/imports/{run.pk}/rows/").context
    second = client.get(f"/imports/{run.pk}/rows/{first['next']}").context
    assert (len(first["rows"]), len(second["rows"]), second["next"]) == (20, 10, "")
    assert client.get(f"/imports/{run.pk}/rows/?after=x").status_code == 400


def test_check_shows_rows_of_every_kind_and_links_known_leads(
    cast: Cast, client: Any, known: Lead, path: Path
) -> None:
    run = checked(cast, path)
    page = client.get(f"/imports/{run.pk}/")
    found = [(row.row, str(row.kind), row.lead) for row in page.context["rows"]]
    assert found == [
        (2, "new", None),
        (3, "wrong", None),
        (4, "duplicate", None),
        (5, "known", known),
    ]
    assert "Íris Muñoz · iris@caso.test · Andino" in words(page)
    assert f'href="/leads/{known.pk}/"' in page.content.decode()
    runs.start(run, by=cast.ana, at=AT)
    import_work.work(60)
    run.refresh_from_db()
    assert run.checked["rows"] == []


def test_file_of_rejected_rows_is_read_in_pieces(
    run: ImportRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = list(rejected.lines(run))
    monkeypatch.setattr(rejected, "IN_MEMORY", 2)
    assert list(rejected.lines(run)) == whole
    assert [line[0] for line in whole[1:]] == ["3", "4", "5"]
