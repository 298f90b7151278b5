"""What an import does to known companies: fill, keep, say so, and take back at the undo."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from crm.audit.models import Entry
from leads.imports import companies, pipeline, runs
from leads.imports import worker as import_work
from leads.imports.states import ChangeState
from leads.models import Company, Event, ImportChange, ImportRun, Lead
from leads.records import leads
from tests import factories
from tests.conftest import Moment
from tests.factories import Cast
from tests.leads.imports.imported import AT, imported, started
from tests.leads.imports.test_import_cases import OWN, SHARED
from tests.races.parallel import together

pytestmark = pytest.mark.django_db
ANDINO = {"name": "Andino", "country": "MX", "employees": None}
HEADER = "Nombre,Correo,Empresa,País,Sitio web,Empleados,Industria\n"
LATER = AT + timedelta(hours=1)


@pytest.fixture(autouse=True)
def at_ten(moment: Moment) -> None:
    """Monday at ten."""


@pytest.fixture
def known(cast: Cast) -> list[Lead]:
    """Two leads of a company without website and size."""
    return [factories.lead(cast, company=ANDINO) for _lead in range(2)]


def file(folder: Path, *rows: str) -> Path:
    path = folder / f"companies-{len(rows)}-{len(''.join(rows))}.csv"
    path.write_text(HEADER + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return path


def row(number: int, facts: str, company: str = "Andino S.A.") -> str:
    return f"Persona {number},p{number}@caso.test,{company},MX,{facts}"


def changes(run: ImportRun) -> list[tuple[int, str, str, Any, Any]]:
    rows = ImportChange.objects.filter(run=run).order_by("row", "fact")
    return list(rows.values_list("row", "fact", "state", "old", "new"))


def told(lead: Lead) -> list[dict[str, Any]]:
    rows = Event.objects.filter(lead=lead, kind="updated").order_by("id")
    return [row.payload["changes"] for row in rows]


def undone(run: ImportRun, cast: Cast) -> ImportRun:
    runs.undo(run, by=cast.luis, at=LATER)
    import_work.work(60)
    run.refresh_from_db()
    assert run.state == "undone"
    return run


def facts() -> tuple[str, int | None, str]:
    company = Company.objects.get(name="Andino")
    return company.domain, company.employees, company.industry


def test_gap_is_filled_with_an_event_and_taken_back_with_another(
    cast: Cast, known: list[Lead], tmp_path: Path
) -> None:
    run = imported(cast, file(tmp_path, row(1, "andino.test,,")))
    filled = {"company.domain": ["", "andino.test"]}
    assert (facts(), [told(lead) for lead in known]) == (("andino.test", None, ""), [[filled]] * 2)
    own = Lead.objects.get(import_run=run)
    assert told(own) == []
    undone(run, cast)
    back = {"company.domain": ["andino.test", ""]}
    assert (facts(), [told(lead) for lead in known]) == (("", None, ""), [[filled, back]] * 2)
    audited = Entry.objects.filter(verb="company_changed").order_by("id")
    assert [(entry.actor, entry.payload) for entry in audited] == [
        (cast.ana, {"import": run.pk, "changes": filled}),
        (cast.luis, {"import": run.pk, "undone": True, "changes": back}),
    ]
    assert companies.counts(run) == {ChangeState.TAKEN_BACK: 1}


def test_many_rows_and_batches_are_one_event_per_lead(
    cast: Cast, known: list[Lead], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "BATCH", 2)
    monkeypatch.setattr(companies, "AT_ONCE", 1)
    austral = factories.lead(cast, company={**ANDINO, "name": "Austral"})
    path = file(
        tmp_path,
        row(1, "andino.test,,"),
        row(2, ",50,", company="Austral"),
        row(3, ",180,"),
        row(4, ",90,Retail"),
        row(5, "otro.test,,", company="Austral"),
    )
    run = imported(cast, path)
    assert facts() == ("andino.test", 180, "Retail")
    both = {"company.employees": [None, 50], "company.domain": ["", "otro.test"]}
    assert told(austral) == [both]
    for lead in known:
        assert [set(each) for each in told(lead)] == [
            {"company.domain", "company.employees", "company.industry"}
        ]
    assert list(Lead.objects.filter(import_run=None).values_list("version", flat=True)) == [2] * 3
    assert run.done["new"] == 5


def test_other_values_are_kept_out_and_named(cast: Cast, known: list[Lead], tmp_path: Path) -> None:
    Company.objects.update(domain="andino.test")
    rows = (
        row(1, "otro.test,50,"),
        row(2, "otro.test,80,"),
        row(3, ",80,"),
        row(4, ",9,", company="Nueva"),
        row(5, ",12,", company="Nueva"),
    )
    run = imported(cast, file(tmp_path, *rows))
    assert facts() == ("andino.test", 50, "")
    assert changes(run) == [
        (2, "domain", "kept", "andino.test", "otro.test"),
        (2, "employees", "filled", None, 50),
        (3, "employees", "kept", 50, 80),
        (6, "employees", "kept", 9, 12),
    ]
    assert companies.counts(run) == {ChangeState.FILLED: 1, ChangeState.KEPT: 3}
    assert companies.report(run).first[3].company == "Nueva"


def test_undo_leaves_what_something_newer_stands_on(
    cast: Cast, known: list[Lead], tmp_path: Path
) -> None:
    run = imported(cast, file(tmp_path, row(1, "andino.test,50,Retail")))
    change = {"company": {"employees": 900}}
    leads.change(known[0], change, by=cast.ana, at=AT + timedelta(minutes=5), version=2)
    again = {"company": {"industry": ""}}
    leads.change(known[0], again, by=cast.ana, at=AT + timedelta(minutes=6), version=3)
    once_more = {"company": {"industry": "Retail"}}
    leads.change(known[0], once_more, by=cast.ana, at=AT + timedelta(minutes=7), version=4)
    undone(run, cast)
    assert facts() == ("", 900, "Retail")
    assert [(fact, state) for _row, fact, state, *_rest in changes(run)] == [
        ("domain", "taken_back"),
        ("employees", "left"),
        ("industry", "left"),
    ]


def test_lead_that_moved_on_keeps_the_facts_of_its_company(
    cast: Cast, known: list[Lead], tmp_path: Path
) -> None:
    run = imported(cast, file(tmp_path, row(1, "andino.test,,")))
    action = factories.action()
    own = Lead.objects.get(import_run=run)
    leads.add_action(own, action, occurred_on=AT.date(), by=cast.ana, at=AT + timedelta(minutes=5))
    undone(run, cast)
    assert (facts()[0], companies.counts(run)) == ("andino.test", {ChangeState.LEFT: 1})


def test_change_of_the_company_alone_does_not_keep_an_imported_lead(
    cast: Cast, tmp_path: Path
) -> None:
    first = imported(cast, file(tmp_path, row(1, ",,")))
    imported(cast, file(tmp_path, row(2, "andino.test,,")), at=AT + timedelta(minutes=5))
    lead = Lead.objects.get(import_run=first)
    assert told(lead) == [{"company.domain": ["", "andino.test"]}]
    undone(first, cast)
    assert (first.done["archived"], first.done["left"]) == (1, 0)


def test_pages_say_what_was_filled_kept_and_left(
    cast: Cast, known: list[Lead], tmp_path: Path, signed_in: Any
) -> None:
    cast.ana.language = "en"
    cast.ana.save()
    Company.objects.update(industry="Retail")
    run = imported(cast, file(tmp_path, row(1, "andino.test,50,Banca")))
    client = signed_in(cast.ana)
    page = client.get(f"/imports/{run.pk}/").content.decode()
    for text in ("filled with “andino.test”", "“Retail” stays; the row says “Banca”"):
        assert text in page
    change = {"company": {"employees": 900}}
    leads.change(known[0], change, by=cast.ana, at=AT + timedelta(minutes=5), version=2)
    undone(run, cast)
    page = client.get(f"/imports/{run.pk}/").content.decode()
    for text in (
        "“andino.test” was taken back; “–” stands again",
        "“50” was not taken back: something newer stands on it",
    ):
        assert text in page


def test_capture_while_an_import_runs_wins(
    cast: Cast, known: list[Lead], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "BATCH", 1)
    run = started(cast, file(tmp_path, row(1, "andino.test,,"), row(2, ",,")))
    worker = import_work.Worker(only=run.pk)
    worker.step()
    change = {"company": {"domain": "mio.test"}}
    leads.change(known[0], change, by=cast.ana, at=AT, version=1)
    worker.work(60)
    worker.close()
    assert facts()[0] == "mio.test"
    assert changes(run) == [(2, "domain", "kept", "mio.test", "andino.test")]


@pytest.mark.parametrize("folder", [OWN, SHARED], ids=["own", "shared"])
def test_case_of_a_filled_and_undone_website(cast: Cast, tmp_path: Path, folder: Path) -> None:
    path = folder / "24_undo_company.csv"
    if not path.exists():
        pytest.skip("the folder of shared import cases is not beside the checkout")
    lead = factories.lead(cast, company={**ANDINO, "name": "Seguros Atitlán"})
    copy = tmp_path / path.name
    copy.write_bytes(path.read_bytes())
    run = imported(cast, copy)
    website = "https://atitlan.test"
    company = Company.objects.get(name="Seguros Atitlán")
    assert company.domain == website
    undone(run, cast)
    company.refresh_from_db()
    assert company.domain == ""
    assert told(lead) == [
        {"company.domain": ["", website]},
        {"company.domain": [website, ""]},
    ]


@pytest.mark.django_db(transaction=True)
def test_undo_beside_edits_of_the_same_companies_never_waits_for_ever(
    cast: Cast, tmp_path: Path
) -> None:
    known = [factories.lead(cast, company={**ANDINO, "name": f"Andino {n}"}) for n in "abc"]
    rows = []
    for place, lead in enumerate(known):
        rows.append(row(place, f"{place}.test,,", company=str(lead.company)))
    run = imported(cast, file(tmp_path, *rows))
    runs.undo(run, by=cast.luis, at=LATER)

    def edit() -> None:
        for employees in range(1, 6):
            for lead in known:
                version = Lead.objects.get(pk=lead.pk).version
                with suppress(leads.ChangedMeanwhile):
                    change = {"company": {"employees": employees}}
                    leads.change(lead, change, by=cast.ana, at=LATER, version=version)

    assert together(lambda: import_work.work(60), edit)[1] is None
    import_work.work(60)
    run.refresh_from_db()
    assert (run.state, run.failures) == ("undone", 0)
    assert set(Company.objects.values_list("domain", flat=True)) == {""}
