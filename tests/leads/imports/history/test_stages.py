"""The past of a lead through both entrances: the same stages, dates and events."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from leads.follow_up import attempts
from leads.imports import runs, worker
from leads.imports.history import command_line
from leads.models import Event, FirstTouch, Handoff, ImportNote, Lead, ValuableAction
from leads.records import archiving
from leads.states import EventKind
from sla.models import Clock
from tests import factories
from tests.conftest import Moment
from tests.factories import Cast
from tests.leads.imports.imported import AT, imported, uploaded

pytestmark = pytest.mark.django_db
TEXT = (
    "Id externo,Nombre,Fecha de creación,Etapa,Fecha de MQL,Fecha de SQL,Medio,Página de destino"
    ",Notas\n"
    "1,Íñigo Peña,2021-04-15,SQL,2021-05-01,,cpc,/demo,Llamar en marzo\n"
    "2,Zoë Müller,2021-04-16,Oportunidad,,2021-06-01,,,\n"
    "3,Lía Ñandú,2021-04-17,,,,,,\n"
    "4,Leo Ruiz,2021-04-18,Cliente,,,,,\n"
    "5,Eva Sanz,,Raro,,,,,\n"
)
COLUMNS = {
    "external_id": "Id externo",
    "person.name": "Nombre",
    "first_seen_on": "Fecha de creación",
    "stage": "Etapa",
    "stage.mql": "Fecha de MQL",
    "stage.sql": "Fecha de SQL",
    "medium": "Medio",
    "landing_page": "Página de destino",
    "note": "Notas",
}


@pytest.fixture(autouse=True)
def at_ten(moment: Moment) -> None:
    """Monday at ten."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "past.csv"
    path.write_text(TEXT, encoding="utf-8")
    return path


def by_browser(cast: Cast, path: Path) -> None:
    imported(cast, path)


def by_command(cast: Cast, path: Path) -> None:
    mapping = path.with_name("map.json")
    columns = dict(COLUMNS)
    if "Correo" in path.read_text(encoding="utf-8"):
        columns |= {"person.email": "Correo", "person.phone": "Teléfono"}
    mapping.write_text(json.dumps({"system": "file", "columns": columns}))
    command_line.import_leads(
        path, mapping, by=cast.ana, at=AT, team=cast.marketing, rejects=path.with_name("r.csv")
    )


def stages() -> list[tuple[object, ...]]:
    rows = Lead.objects.order_by("external_id")
    names = ("external_id", "stage", "first_seen_on", "mql_on", "sql_on", "opportunity_on")
    return list(rows.values_list(*names))


FOUR = [
    ("1", "sql", date(2021, 4, 15), date(2021, 5, 1), None, None),
    ("2", "opportunity", date(2021, 4, 16), None, date(2021, 6, 1), None),
    ("3", "captured", date(2021, 4, 17), None, None, None),
    ("4", "captured", date(2021, 4, 18), None, None, None),
]
PAST = [
    ("1", "mql", date(2021, 5, 1), None),
    ("1", "sql", date(2026, 3, 2), True),
    ("2", "sql", date(2021, 6, 1), None),
    ("2", "opportunity", date(2026, 3, 2), True),
]


def past() -> list[tuple[object, ...]]:
    rows = Event.objects.filter(kind=EventKind.IMPORTED).exclude(to_state="captured")
    rows = rows.order_by("lead__external_id", "pk")
    names = ("lead__external_id", "to_state", "occurred_on", "payload__undated")
    return list(rows.values_list(*names))


@pytest.mark.parametrize("door", [by_browser, by_command])
def test_stages_of_the_past_are_history_and_are_not_judged(door, cast: Cast, path: Path) -> None:
    door(cast, path)
    assert stages()[:4] == FOUR
    assert past() == PAST
    assert (Handoff.objects.count(), Clock.objects.count()) == (0, 0)
    touch = FirstTouch.objects.get(lead__external_id="1")
    assert (touch.seen_on, touch.seen_at) == (date(2021, 4, 15), None)
    assert (touch.medium, touch.landing_page) == ("cpc", "/demo")
    notes = Event.objects.filter(kind=EventKind.NOTE)
    assert [event.payload["note"] for event in notes] == ["Llamar en marzo"]


def test_browser_takes_leads_without_a_date_and_notes_what_is_no_stage(
    cast: Cast, path: Path
) -> None:
    run = imported(cast, path)
    assert run.done == {"new": 5, "known": 0, "duplicate": 0, "wrong": 0}
    assert stages()[4] == ("5", "captured", date(2026, 3, 2), None, None, None)
    assert list(Lead.objects.order_by("external_id").values_list("is_imported", flat=True)) == [
        True,
        True,
        False,
        False,
        False,
    ]
    notes = ImportNote.objects.filter(run=run).order_by("number")
    assert list(notes.values_list("number", "field", "code")) == [
        (5, "stage", "outcome_apart"),
        (6, "stage", "bad_cell"),
    ]


def test_action_that_brought_a_lead_has_the_date_of_the_first_sight(cast: Cast, path: Path) -> None:
    run = uploaded(cast, path)
    action = factories.action("sent_form")
    runs.match(run, run.columns, source=None, first_action=action, by=cast.ana, at=AT)
    worker.work(60)
    run.refresh_from_db()
    runs.start(run, by=cast.ana, at=AT)
    worker.work(60)
    actions = ValuableAction.objects.order_by("lead__external_id")
    assert list(actions.values_list("occurred_on", "occurred_at"))[2:] == [
        (date(2021, 4, 17), None),
        (date(2021, 4, 18), None),
        (date(2026, 3, 2), AT),
    ]


@pytest.mark.parametrize("enter", [by_browser, by_command])
def test_person_who_asked_not_to_be_contacted_keeps_the_mark(
    cast: Cast, tmp_path: Path, enter: Callable[[Cast, Path], None]
) -> None:
    handoff = factories.accepted(cast, person={"email": "eva@a.test", "phone": "+525540001234"})
    attempts.record(handoff, "phone", outcome="no_contact", by=cast.bea, at=factories.CONTACTED_AT)
    # Archived: the importer does not know the lead any more, and the mark stays all the same.
    archiving.archive(handoff.lead, by=cast.ana, at=factories.CONTACTED_AT)
    path = tmp_path / "people.csv"
    path.write_text(
        "Id externo,Nombre,Fecha de creación,Etapa,Fecha de MQL,Fecha de SQL,Medio,"
        "Página de destino,Notas,Correo,Teléfono\n"
        "1,Eva Ríos,2026-02-01,,,,,,,EVA@a.test,\n"
        "2,Eva R,2026-02-01,,,,,,,,+52 55 4000 1234\n"
        "3,Leo Ruiz,2026-02-01,,,,,,,leo@a.test,\n",
        encoding="utf-8",
    )
    enter(cast, path)
    rows = Lead.objects.exclude(pk=handoff.lead_id).order_by("external_id")
    marks = rows.values_list("external_id", "person__no_contact_at")
    asked_at = factories.CONTACTED_AT
    assert list(marks) == [("1", asked_at), ("2", asked_at), ("3", None)]
