"""Who is the arbiter of a case, and what the arbiter sees."""

from __future__ import annotations

import pytest

from crm.accounts.models import Team
from leads import handoffs
from leads.models import Handoff, Lead
from leads.returns import disputes, next_cycles
from tests import factories
from tests.factories import Cast
from tests.leads.returns.test_disputes import LATER, NOON, agreed, contested, only, state_of


def test_arbiter_who_contests_or_rejected_leaves_it_to_the_directors(cast: Cast) -> None:
    agreed(cast, cast.luis)
    handoff = factories.rejected(cast)
    disputes.contest(handoff, "Sí cumple", by=cast.luis, at=NOON)
    assert only().arbiter is None


def test_arbiter_who_rejected_an_earlier_cycle_leaves_it_to_the_directors(cast: Cast) -> None:
    agreed(cast, cast.dora)
    first = factories.rejected(cast, by=cast.dora)
    again = factories.handed_off(cast, of=Lead.objects.get(pk=first.lead_id), at=NOON)
    handoffs.reject(again, factories.rejection("not_the_persona"), by=cast.cruz, at=NOON)
    assert (only().kind, only().arbiter) == ("repeated", None)


def test_arbiter_of_another_team_sees_the_lead_of_the_case(cast: Cast) -> None:
    rita = factories.person("Rita", leads=[cast.other_sales])
    agreed(cast, rita)
    unseen = factories.rejected(cast)
    handoff = contested(cast)
    assert list(Lead.objects.visible_to(rita)) == [handoff.lead]
    assert list(Handoff.objects.visible_to(rita)) == [handoff]
    assert list(Lead.objects.one_visible_to(rita, handoff.lead_id)) == [handoff.lead]
    assert unseen.lead not in Lead.objects.visible_to(cast.extra)


def test_lead_does_not_go_to_the_queue_of_an_archived_team(cast: Cast) -> None:
    handoff = contested(cast)
    Team.objects.filter(pk=cast.sales.pk).update(archived_at=NOON)
    with pytest.raises(next_cycles.TeamIsArchived):
        disputes.uphold(
            Handoff.objects.get(pk=handoff.pk), by=cast.elsa, at=LATER, comment="Cumple"
        )
    assert (only().state, state_of(handoff)) == ("open", ("disputed", "returned"))
