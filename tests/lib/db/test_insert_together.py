"""Rows of several tables in one INSERT."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from crm.lib.db.insert_together import insert_together
from leads.models import Event, Lead, Person
from leads.states import EventKind
from tests import factories
from tests.factories import Cast


def rows(cast: Cast, **more: Any) -> tuple[Person, Lead, Event]:
    """A person, their lead and its event, unsaved; ``more`` of the lead."""
    at = factories.HANDED_OFF_AT
    person = Person(name="Eva", phone_extension="", phone_typed="", phone_assumed="")
    facts = {"created_at": at, "first_seen_on": at.date(), "marketing_team": cast.marketing}
    lead = Lead(person=person, attributes={"budget": 1.5}, **{**facts, **more})
    kind = EventKind.CAPTURED
    event = Event(lead=lead, kind=kind, at=at, occurred_on=at.date(), actor=cast.ana)
    return person, lead, event


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
        insert_together(person, lead, event)
    assert len(captured) == 1
    assert stored(lead) == stored(saved[1])
    found = Event.objects.select_related("lead__person").get(pk=event.pk)
    assert (found.lead, found.lead.person) == (lead, person)


def test_rows_know_each_other_and_can_be_saved_again(cast: Cast) -> None:
    person, lead, event = rows(cast)
    insert_together(person, lead, event)
    assert (lead.person_id, event.lead_id) == (person.pk, lead.pk)
    assert (lead.person is person, event.lead is lead) == (True, True)
    lead.search_text = "eva"
    lead.save()
    assert list(Lead.objects.values_list("pk", "search_text")) == [(lead.pk, "eva")]


def test_a_refused_row_leaves_none_of_the_others(cast: Cast) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_together(*rows(cast, stage="nowhere"))
    assert (Person.objects.count(), Lead.objects.count()) == (0, 0)
