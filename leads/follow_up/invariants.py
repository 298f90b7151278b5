"""Checks of the promises of follow-up, on the rows themselves (crm.invariants)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import F, Min, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from leads.models import Attempt
from sla.models import Clock
from sla.states import Metric


def clock_says_when_it_was_tried(at: datetime) -> Iterable[str]:
    """A contact clock without its contact says when the lead was first tried."""
    ran = Q(at__gte=OuterRef("started_at"), at__lte=Coalesce(OuterRef("stopped_at"), at))
    tries = Attempt.objects.made().filter(ran, handoff=OuterRef("subject_id"), reached=False)
    first = tries.order_by().values("handoff").annotate(first=Min("at")).values("first")
    clocks = Clock.objects.filter(
        subject_type="handoff", metric=Metric.FIRST_CONTACT, used_seconds__isnull=True
    ).annotate(first=Subquery(first))
    same = Q(tried_at=F("first")) | Q(tried_at__isnull=True, first__isnull=True)
    for row in clocks.exclude(Q(pk__in=clocks.filter(same).values("pk"))):
        yield f"clock {row.pk} was tried at {row.tried_at}, but first at {row.first}"
