"""An archived lead leaves the lists and keeps its history."""

from __future__ import annotations

import pytest

from leads import handoffs
from leads.models import Lead
from leads.records import archiving, search
from tests import factories

pytestmark = pytest.mark.django_db


def test_archived_lead_leaves_list_and_search_and_keeps_its_history(cast, signed_in):
    lead = factories.lead(cast)
    for _time in range(2):
        archiving.archive(lead, by=cast.ana, at=factories.HANDED_OFF_AT)
    assert list(signed_in(cast.ana).get("/leads/").context["shown"].rows) == []
    assert search.find(cast.ana, lead.person.email) == ([], False)
    assert signed_in(cast.ana).get(f"/leads/{lead.pk}/").status_code == 200
    archived = lead.events.filter(kind="archived")
    assert [(event.actor, event.from_state) for event in archived] == [(cast.ana, "captured")]


def test_lead_with_an_open_handoff_is_not_archived(cast):
    handoff = factories.handed_off(cast)
    with pytest.raises(archiving.WithSales):
        archiving.archive(handoff.lead, by=cast.ana, at=factories.ACCEPTED_AT)
    assert not Lead.objects.exclude(archived_at=None).exists()


def test_archived_lead_is_not_handed_off(cast):
    lead = factories.lead(cast)
    archiving.archive(lead, by=cast.ana, at=factories.LOGGED_AT)
    with pytest.raises(handoffs.LeadIsArchived):
        factories.handed_off(cast, of=lead)
