"""The sentences of ladders: each names the lead of the side that owes."""

from __future__ import annotations

import pytest
from django.utils import translation

from sla.forms.commitments import LadderStepForm
from sla.states import Metric
from sla.text import commitments

SALES = "1 business hour later: the team lead of sales hears of it."
MARKETING = "1 business hour later: the team lead of marketing hears of it."
QUEUE = "1 business hour later: back to the head of the queue, for everybody."


@pytest.mark.parametrize(
    ("metric", "team_lead", "requeue"),
    [
        (Metric.ACCEPT, SALES, QUEUE),
        (Metric.FIRST_CONTACT, SALES, QUEUE),
        (Metric.SQL_DECISION, SALES, SALES),
        (Metric.RETURN_ANSWER, MARKETING, MARKETING),
    ],
)
def test_step_names_the_lead_of_the_side_that_owes(
    metric: Metric, team_lead: str, requeue: str
) -> None:
    with translation.override("en"):
        said = [commitments.step_sentence(kind, 60, metric) for kind in ("tell_lead", "requeue")]
    assert said == [team_lead, requeue]


@pytest.mark.parametrize(
    ("metric", "offers"),
    [
        (Metric.ACCEPT, True),
        (Metric.FIRST_CONTACT, True),
        (Metric.SQL_DECISION, False),
        (Metric.RETURN_ANSWER, False),
    ],
)
def test_editor_offers_the_queue_only_where_one_waits(metric: Metric, offers: bool) -> None:
    form = LadderStepForm(day=480, metric=metric)
    assert ("requeue" in dict(form.fields["kind"].choices)) == offers
