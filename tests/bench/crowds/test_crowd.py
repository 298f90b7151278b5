"""The crowd of the benchmark is a firm that the product could have made itself."""

from __future__ import annotations

import pytest
from django.db.models import Count

from crm import invariants
from crm.lib import clock
from leads.models import Handoff, Lead
from leads.records.search_text import search_text
from leads.states import WORKED
from tests.bench.crowds import crowd, staff

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def test_a_crowd_keeps_every_promise():
    made = crowd.gather(3000)
    assert list(invariants.violated(at=clock.now())) == []
    assert (Lead.objects.count(), Handoff.objects.pending().count()) == (3000, 300)
    assert set(Lead.objects.values_list("stage", flat=True)) >= {
        "captured",
        "mql",
        "won",
        "lost",
        "returned",
        "sql",
    }
    queues = (
        Handoff.objects.pending().values("team").annotate(n=Count("pk")).values_list("n", flat=True)
    )
    assert (len(queues), max(queues)) == (staff.SALES_TEAMS, 38)
    assert Handoff.objects.visible_to(made.rep).pending().count() in (37, 38)
    assert Handoff.objects.filter(owner=made.busy, state__in=WORKED).count() >= 30


def test_a_crowd_is_found_by_what_searching_looks_at():
    crowd.gather(200)
    for lead in Lead.objects.with_names():
        assert lead.search_text == search_text(lead.person, lead.company)
