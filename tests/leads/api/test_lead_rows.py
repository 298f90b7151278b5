"""The plain rows of leads: equal to what their serializer documents."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import pytest
from rest_framework.renderers import JSONRenderer

from crm.accounts.models import User
from leads.api import lead_rows
from leads.api.lead_serializers import LeadShown
from leads.follow_up import attempts
from leads.models import Lead
from leads.returns import recycling
from tests import factories
from tests.factories import Cast
from tests.leads.returns.rows import reason_to_recycle

FULL = {
    "attributes": {"budget": 5000.5, "note": "café", "tags": ["a", None], "off": None},
    "external_id": "crm-77",
    "won_amount": Decimal("1234567.5"),
    "won_on": date(2026, 2, 3),
    "lost_on": date(2026, 2, 4),
}


def by_serializer(lead: Lead, user: User) -> object:
    read = Lead.objects.get(pk=lead.pk)
    return json.loads(JSONRenderer().render(LeadShown(read, context={"user": user}).data))


def _full(cast: Cast) -> Lead:
    lead = factories.accepted(cast).lead
    Lead.objects.filter(pk=lead.pk).update(**FULL)
    return lead


def _bare(cast: Cast) -> Lead:
    lead = factories.lead(cast)
    Lead.objects.filter(pk=lead.pk).update(company=None, source=None, marketing_team=None)
    return lead


def _hidden(cast: Cast) -> Lead:
    lead = factories.handed_off(cast).lead
    Lead.objects.filter(pk=lead.pk).update(contact_hidden=True)
    return lead


def _parked(cast: Cast) -> Lead:
    handoff = factories.contacted(cast)
    recycling.park(
        handoff,
        reason_to_recycle(),
        wake_on=date(2026, 3, 20),
        comment="En abril",
        by=cast.bea,
        at=factories.SQL_AT,
    )
    return handoff.lead


def _rejected(cast: Cast) -> Lead:
    return factories.rejected(cast).lead


def _left_alone(cast: Cast) -> Lead:
    handoff = factories.accepted(cast)
    attempts.record(handoff, "phone", outcome="no_contact", by=cast.bea, at=factories.CONTACTED_AT)
    return handoff.lead


@pytest.mark.parametrize("make", [_full, _bare, _hidden, _parked, _rejected, _left_alone])
def test_row_is_what_the_serializer_shows(cast: Cast, make) -> None:
    lead = make(cast)
    for user in (cast.ana, cast.bea, cast.elsa):
        row = lead_rows.shown_of_page([lead.pk], user)[0]
        assert list(row) == list(LeadShown().fields)
        assert json.loads(JSONRenderer().render(row)) == by_serializer(lead, user)


def test_page_keeps_its_order_and_leaves_out_what_is_gone(cast: Cast) -> None:
    leads = [factories.lead(cast).pk for _ in range(3)]
    asked = [leads[2], 10**9, leads[0], leads[1]]
    found = [row["id"] for row in lead_rows.shown_of_page(asked, cast.elsa)]
    assert found == [leads[2], leads[0], leads[1]]
