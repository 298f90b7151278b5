"""Tries of a promised act that did not succeed: neither kept nor missed, if they were in time.

Only a contact can be tried: leads.follow_up.attempts notes each attempt that reached no person. One
definition for rows and for the database: the act was not done, and the first try was in time.
"""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Least

from sla.clocks import subjects
from sla.clocks.snapshots import ClockRow
from sla.models import Clock


def note(subject: models.Model, metric: str, *, at: datetime) -> None:
    """Note a try at ``at`` on the clock of ``metric`` that ran then; the earliest one counts."""
    rows = Clock.objects.filter(
        Q(stopped_at__isnull=True) | Q(stopped_at__gte=at),
        subject_type=subjects.type_of(subject),
        subject_id=subject.pk,
        metric=metric,
        started_at__lte=at,
    )
    # LEAST of PostgreSQL passes over NULL.
    own = When(assigned_at__lte=at, then=Least("assigned_tried_at", Value(at)))
    rows.update(
        tried_at=Least("tried_at", Value(at)),
        assigned_tried_at=Case(own, default=F("assigned_tried_at")),
    )


def in_time(clock: Clock | ClockRow) -> bool:
    """Return whether the act was tried in time and not done."""
    if clock.tried_at is None or clock.used_seconds is not None:
        return False
    return clock.tried_at <= clock.due_at


def condition(to: str = "") -> Q:
    """Return the condition of :func:`in_time`. ``to``: the path to the clock ("clock__")."""
    is_in_time = {f"{to}tried_at__lte": F(f"{to}due_at")}
    return Q(**is_in_time, **{f"{to}used_seconds__isnull": True})


def other(to: str = "") -> Q:
    """Return the condition of all other clocks."""
    too_late = {f"{to}tried_at__gt": F(f"{to}due_at")}
    done = Q(**{f"{to}used_seconds__isnull": False})
    return Q(**{f"{to}tried_at__isnull": True}) | Q(**too_late) | done


def own_in_time(clock: Clock) -> bool:
    """Return whether the act was tried in the accountable person's own time, and not done."""
    tried_at, due_at = clock.assigned_tried_at, clock.assigned_due_at
    if tried_at is None or due_at is None or clock.used_seconds is not None:
        return False
    return tried_at <= due_at
