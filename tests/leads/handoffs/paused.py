"""Handoffs with a paused clock."""

from __future__ import annotations

from typing import Any

from leads.handoffs import pauses
from leads.models import Handoff
from sla.models import Clock
from tests import factories
from tests.factories import Cast, pause_reason, when

NOON = when("2026-03-02 12:00")
TUESDAY = when("2026-03-03 10:00")


def stored(handoff: Handoff) -> Handoff:
    return Handoff.objects.select_related("lead", "clock", "team", "owner").get(pk=handoff.pk)


def clock_of(handoff: Handoff, metric: str = "first_contact") -> Clock:
    return Clock.objects.filter(
        subject_type="handoff", subject_id=handoff.pk, metric=metric
    ).order_by("-id")[0]


def paused(
    cast: Cast, *, until: Any = TUESDAY, at: Any = NOON, reason: str = "call_back", **more: Any
) -> Handoff:
    handoff = factories.accepted(cast)
    pauses.pause(stored(handoff), pause_reason(reason), until=until, by=cast.bea, at=at, **more)
    return stored(handoff)
