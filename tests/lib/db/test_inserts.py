"""Rows of one and of several tables in one INSERT."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from crm.accounts.models import Team
from crm.lib.db.inserts import Many, insert, take_ids, take_next_ids
from crm.lib.db.returning import update
from leads.models import Event, Lead, Person
from leads.states import EventKind
from tests import factories
from tests.factories import Cast

AT = factories.HANDED_OFF_AT


def rows(cast: Cast, **more: Any) -> tuple[Person, Lead, Event]:
    """A person, their lead and its event, unsaved; ``more`` of the lead."""
    person = Person(name="Eva", phone_extension="", phone_typed="", phone_assumed="")
    facts = {"created_at": AT, "first_seen_on": AT.date(), "marketing_team": cast.marketing}
    lead = Lead(person=person, attributes={"budget": 1.5}, **{**facts, **more})
    kind = EventKind.CAPTURED
    event = Event(lead=lead, kind=kind, at=AT, occurred_on=AT.date(), actor=cast.ana)
    return person, lead, event


def plain_event(lead_id: int) -> dict[str, Any]:
    return {
        "lead_id": lead_id,
        "kind": "captured",
        "at": AT.isoformat(),
        "occurred_on": AT.date().isoformat(),
        "payload": {},
    }


def stored(lead: Lead) -> list[dict[str, Any]]:
    tables = (Person.objects.filter(leads=lead), Lead.objects.filter(pk=lead.pk), lead.events.all())
    values = [row for table in tables for row in table.values()]
    return [
        {name: value for name, value in row.items() if name not in ("id", "person_id", "lead_id")}
        for row in values
    ]


def test_rows_are_what_save_writes_in_one_statement(cast: Cast) -> None:
    saved = rows(cast)
    for row in saved:
        row.save()
    person, lead, event = rows(cast)
    with CaptureQueriesContext(connection) as captured:
        insert(person, lead, event)
    assert len(captured) == 1
    assert stored(lead) == stored(saved[1])
    found = Event.objects.select_related("lead__person").get(pk=event.pk)
    assert (found.lead, found.lead.person) == (lead, person)


def test_rows_know_each_other_and_can_be_saved_again(cast: Cast) -> None:
    person, lead, event = rows(cast)
    insert(person, lead, event)
    assert (lead.person_id, event.lead_id) == (person.pk, lead.pk)
    assert (lead.person is person, event.lead is lead) == (True, True)
    lead.search_text = "eva"
    lead.save()
    assert list(Lead.objects.values_list("pk", "search_text")) == [(lead.pk, "eva")]


def test_a_refused_row_leaves_none_of_the_others(cast: Cast) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        insert(*rows(cast, stage="nowhere"))
    assert (Person.objects.count(), Lead.objects.count()) == (0, 0)


def test_a_row_keeps_the_key_that_was_taken_for_it(cast: Cast) -> None:
    person, lead, event = rows(cast)
    person.pk, lead.pk = taken = take_next_ids(Person, Lead)
    insert(lead, person, event)
    found = Event.objects.values_list("lead__person", "lead").get(pk=event.pk)
    assert (list(found), take_ids(Lead, 2)) == (taken, [lead.pk + 1, lead.pk + 2])


def test_models_and_plain_rows_go_together(cast: Cast) -> None:
    person, lead, event = rows(cast)
    lead.pk = take_ids(Lead, 1)[0]
    with CaptureQueriesContext(connection) as captured:
        insert(Many(Event, [plain_event(lead.pk)] * 2), person, lead, event, Many(Event, []))
    kept = Event.objects.filter(lead=lead, at=AT, actor=None, payload={})
    assert (len(captured), kept.count(), event.pk is not None) == (1, 2, True)


def test_a_change_of_other_rows_goes_with_new_ones(cast: Cast) -> None:
    lead = factories.lead(cast)
    changed = update(Lead, {"id": lead.pk}, "id", stage="mql", owner=cast.bea)
    event = Event(lead=lead, kind=EventKind.QUALIFIED, at=AT, occurred_on=AT.date())
    with CaptureQueriesContext(connection) as captured:
        insert(changed, event)
    lead.refresh_from_db()
    assert (len(captured), lead.stage, lead.owner) == (1, "mql", cast.bea)
    assert lead.events.get(at=AT).pk == event.pk


def test_plain_rows_have_common_values_and_defaults(cast: Cast) -> None:
    Team.objects.filter(name__in=("Norte", "Sur")).delete()
    insert(Many(Team, [{"name": "Norte"}, {"name": "Sur"}], side="sales"))
    found = Team.objects.filter(side="sales", name__in=("Norte", "Sur"))
    assert list(found.order_by("name").values_list("name", "archived_at")) == [
        ("Norte", None),
        ("Sur", None),
    ]


def test_plain_row_that_a_constraint_refuses_can_be_left_out(cast: Cast) -> None:
    known = {"id": cast.sales.pk, "name": "Otro"}
    new = {"id": take_ids(Team, 1)[0], "name": "Nuevo"}
    insert(Many(Team, [known, new], ignore_conflicts=True, side="sales"))
    assert Team.objects.filter(name__in=("Otro", "Nuevo")).get().pk == new["id"]


def test_nothing_is_inserted_without_a_statement() -> None:
    # No database in this test: a statement would fail it.
    insert()
    insert(Many(Team, []))


def test_unknown_column_is_refused(cast: Cast) -> None:
    with pytest.raises(TypeError, match="Team has no column nam"):
        insert(Many(Team, [{"nam": "Norte"}]))


def test_row_of_an_unsaved_other_is_refused(cast: Cast) -> None:
    _person, lead, event = rows(cast)
    with pytest.raises(ValueError, match="not saved"):
        insert(event)
    assert lead.pk is None
