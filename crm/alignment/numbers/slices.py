"""What each number counts. A number and the list behind it are read through the same definition.

A slice is a population of rows and a condition on them. Its number is an aggregate over the
population with the condition as filter, its list is :func:`rows`. Archived leads and test leads are
in none of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from crm.alignment.numbers.scope import Scope, counted
from leads.models import Decision, Event, Handoff, Lead, Return
from leads.qualification.scores import BANDS
from leads.states import (
    MILESTONES,
    RATED,
    DecisionKind,
    EventKind,
    HandoffState,
    ReturnState,
    Stage,
)
from sla.clocks import status, tries
from sla.models import Clock
from sla.states import ClockStatus, Metric

# A recycled handoff has an end, too: what comes of the lead later is another cycle's.
ENDED = (
    HandoffState.WON,
    HandoffState.LOST,
    HandoffState.DISQUALIFIED,
    HandoffState.REJECTED,
    HandoffState.RECYCLED,
)
SCORES = ("fit", "engagement")
STAGES = ("leads", *(stage.value for stage in MILESTONES))


# Upper ends of the steps of the histogram in business minutes; the last step has no upper end.
STEPS = (15, 30, 60, 90, 120, 240, 480)
CONTACT = "contact_"  # begins the names of the slices of contact clocks
TOOK = tuple(f"took_{number}" for number in range(len(STEPS) + 1))


def _of_team(scope: Scope) -> Q:
    """Return the condition of leads that were ever handed off to the sales team of ``scope``."""
    if not scope.sales:
        return Q()
    # A subquery: a join would count a lead once for each of its handoffs.
    handoffs = Handoff.objects.filter(team=scope.sales)
    return Q(pk__in=handoffs.values("lead"))


def _sales_team(scope: Scope, path: str = "team") -> Q:
    """Return the condition that ``path`` leads to the sales team of ``scope``."""
    if not scope.sales:
        return Q()
    return Q(**{path: scope.sales})


def cohort(scope: Scope) -> QuerySet[Lead]:
    """Return the leads first seen in the period, at whatever stage they are now."""
    seen = Q(first_seen_on__gte=scope.period.start, first_seen_on__lte=scope.period.end)
    return Lead.objects.filter(counted(scope), _of_team(scope), seen)


def delivered(scope: Scope) -> QuerySet[Lead]:
    """Return the leads that marketing qualified in the period.

    An imported date is no delivery under the agreement, so an event of ours must stand behind it.
    """
    ours = Event.objects.filter(
        lead=OuterRef("pk"), kind=EventKind.QUALIFIED, occurred_on=OuterRef("mql_on")
    )
    dated = Q(mql_on__gte=scope.period.start, mql_on__lte=scope.period.end)
    leads = Lead.objects.filter(counted(scope), _of_team(scope), dated)
    return leads.filter(Exists(ours))


def accept_clocks(scope: Scope) -> QuerySet[Clock]:
    """Return the clocks of the accept commitment that started in the period.

    There is one for each time that a handoff entered the queue.
    """
    return _clocks(scope, Metric.ACCEPT)


def contact_clocks(scope: Scope) -> QuerySet[Clock]:
    """Return the clocks of the first contact that started in the period, one for each accept."""
    return _clocks(scope, Metric.FIRST_CONTACT)


def _clocks(scope: Scope, metric: Metric) -> QuerySet[Clock]:
    begins, ends = scope.instants
    # Clocks know their subject by type and id only, because sla does not know leads: there is no
    # foreign key to join.
    handoffs = Handoff.objects.filter(counted(scope, "lead__"))
    return Clock.objects.filter(
        _sales_team(scope),
        metric=metric,
        subject_type=Handoff._meta.model_name,
        started_at__gte=begins,
        started_at__lt=ends,
        subject_id__in=handoffs.values("pk"),
    )


def decisions(scope: Scope) -> QuerySet[Decision]:
    """Return the decisions of the period that accept or reject, and that count.

    One does not once it was undone, released by putting the handoff back, or overturned by the
    arbiter. That a lead is misrouted or a duplicate says nothing of its quality.
    """
    begins, ends = scope.instants
    return Decision.objects.counted().filter(
        counted(scope, "handoff__lead__"),
        _sales_team(scope, "handoff__team"),
        kind__in=RATED,
        at__gte=begins,
        at__lt=ends,
    )


def passed(scope: Scope) -> QuerySet[Handoff]:
    """Return the handoffs sent in the period, by one person where the scope names one.

    One that went on with the same package counts once, in its next cycle: sales passed it on to
    another team, or the arbiter overturned its rejection. One that an undo took back never counts.
    """
    begins, ends = scope.instants
    rows = Handoff.objects.filter(
        counted(scope, "lead__"),
        _sales_team(scope),
        submitted_at__gte=begins,
        submitted_at__lt=ends,
    )
    rows = rows.exclude(_went_on() | _was_taken_back())
    if scope.person:
        rows = rows.filter(submitted_by=scope.person)
    return rows


def _went_on() -> Q:
    """Return the condition of handoffs that went on with the same package in another cycle."""
    # Not the cancelled ones: return_one_of_handoff holds the others. The state first: PostgreSQL
    # then looks for nothing else of most handoffs.
    returns = Return.objects.filter(handoff=OuterRef("pk")).exclude(state=ReturnState.CANCELLED)
    was_passed_on = Q(state=HandoffState.MISROUTED) & Q(~Exists(returns))
    overturned = returns.filter(state=ReturnState.OVERTURNED)
    was_overturned = Q(state=HandoffState.REJECTED) & Q(Exists(overturned))
    return was_passed_on | was_overturned


def _was_taken_back() -> Q:
    """Return the condition of cycles that a decision opened which was undone."""
    undone = Decision.objects.filter(
        handoff=OuterRef("pk"),
        kind=DecisionKind.MISROUTE,
        undone_at__isnull=False,
        at=OuterRef(OuterRef("submitted_at")),
    )
    before = Handoff.objects.filter(Exists(undone), lead=OuterRef("lead"))
    return Q(state=HandoffState.WITHDRAWN) & Q(Exists(before))


def ended(scope: Scope) -> QuerySet[Handoff]:
    """Return the handoffs sent in the period that have scores and came to an end.

    A handoff that marketing withdrew does not count.
    """
    return passed(scope).filter(
        state__in=ENDED, fit_score__isnull=False, engagement_score__isnull=False
    )


Condition = Callable[[Scope], Q]


@dataclass(frozen=True)
class Slice:
    """The rows that one number counts: those of ``population`` that meet ``condition``."""

    population: Callable[[Scope], QuerySet[Any]]
    condition: Condition
    title: str | Promise


def _every(scope: Scope) -> Q:
    return Q()


def _reached(stage: str, scope: Scope) -> Q:
    return Q(**{f"{stage}_on__isnull": False})


def _unrecorded(stage: str, scope: Scope) -> Q:
    """Return the condition of leads with a date for a later stage and none for ``stage``."""
    position = MILESTONES.index(Stage(stage))
    # Begins with a condition that no row meets; an empty Q() would be met by all.
    came_further = Q(pk__in=[])
    for later in MILESTONES[position + 1 :]:
        came_further |= _reached(later, scope)
    is_undated = Q(**{f"{stage}_on__isnull": True})
    return is_undated & came_further


def _refused(scope: Scope) -> Q:
    """Return the condition of leads that sales rejected at some time, by a decision that counts."""
    stands = Decision.objects.counted().filter(kind=DecisionKind.REJECT)
    return Q(pk__in=stands.values("handoff__lead"))


def _apart(scope: Scope) -> Q:
    """Return the condition of leads on which sales has not decided but by a decision that is none.

    They are misrouted or duplicates, in no queue any more: they say nothing of acceptance.
    """
    standing = Decision.objects.standing()
    of_lead = standing.filter(handoff__lead=OuterRef("handoff__lead"), kind__in=RATED)
    waiting = Handoff.objects.open().filter(lead=OuterRef("handoff__lead"))
    told = standing.exclude(kind__in=RATED).exclude(Exists(of_lead)).exclude(Exists(waiting))
    return _reached(Stage.HANDED_OFF, scope) & Q(pk__in=told.values("handoff__lead"))


def _won_early(scope: Scope) -> Q:
    return Q(won_on__lt=F("first_seen_on"))


def _in_time(scope: Scope) -> Q:
    return status.condition(ClockStatus.MET, at=scope.at)


def _running(scope: Scope) -> Q:
    """Return the condition of clocks that still run and are not overdue."""
    return status.condition(*status.AWAITED, at=scope.at)


def _too_late(scope: Scope) -> Q:
    """Return the condition of clocks past their deadline, whether or not the sweep has seen it.

    Not of those that were tried in time: they are neither kept nor missed.
    """
    overdue = status.condition(ClockStatus.LATE, at=scope.at) & tries.other()
    return overdue | status.condition(ClockStatus.MISSED, at=scope.at)


def _outage(scope: Scope) -> Q:
    # Promise of the product: our own downtime never counts as a person's breach.
    return _too_late(scope) & Q(in_outage=True)


def _late(scope: Scope) -> Q:
    return _too_late(scope) & Q(in_outage=False)


def _tried(scope: Scope) -> Q:
    """Return the condition of clocks whose act was tried in time and never done."""
    overdue = status.condition(ClockStatus.LATE, at=scope.at) & tries.condition()
    return overdue | status.condition(ClockStatus.TRIED, at=scope.at)


def _judged(scope: Scope) -> Q:
    return _in_time(scope) | _late(scope)


def _decided(scope: Scope) -> Q:
    """Return the condition of clocks that a person answered; a cancelled one has no used time."""
    return Q(used_seconds__isnull=False) & ~_outage(scope)


def _withdrawn(scope: Scope) -> Q:
    return status.condition(ClockStatus.CANCELLED, at=scope.at)


def _took(number: int, scope: Scope) -> Q:
    """Return the condition of clocks that were answered within one step of the histogram."""
    condition = _decided(scope)
    if number > 0:
        condition &= Q(used_seconds__gt=60 * STEPS[number - 1])
    if number < len(STEPS):
        condition &= Q(used_seconds__lte=60 * STEPS[number])
    return condition


def _rejected_for(scope: Scope) -> Q:
    return Q(kind=DecisionKind.REJECT, reason__code=scope.reason)


def _decision(kind: DecisionKind, scope: Scope) -> Q:
    return Q(kind=kind)


def _overridden(scope: Scope) -> Q:
    return Q(overrides__gt=0)


def _in_band(score: str, low: int, high: int, scope: Scope) -> Q:
    return Q(**{f"{score}_score__gte": low, f"{score}_score__lte": high})


def _won_in_band(score: str, low: int, high: int, scope: Scope) -> Q:
    return _in_band(score, low, high, scope) & Q(state=HandoffState.WON)


def band_slice(score: str, low: int, *, won: bool = False) -> str:
    """Return the name of the slice of the band of ``score`` that begins at ``low``."""
    name = f"{score}_{low}"
    if won:
        name += "_won"
    return name


def _band_slices() -> dict[str, Slice]:
    """Return two slices per band of each score: ended, and won."""
    texts = (
        ("fit", _("Fit {low}–{high}: ended"), _("Fit {low}–{high}: won")),
        ("engagement", _("Engagement {low}–{high}: ended"), _("Engagement {low}–{high}: won")),
    )
    slices = {}
    for score, ended_text, won_text in texts:
        for low, high in BANDS:
            title = format_lazy(ended_text, low=low, high=high)
            condition = partial(_in_band, score, low, high)
            slices[band_slice(score, low)] = Slice(ended, condition, title)
            title = format_lazy(won_text, low=low, high=high)
            condition = partial(_won_in_band, score, low, high)
            slices[band_slice(score, low, won=True)] = Slice(ended, condition, title)
    return slices


def _stage_slices() -> dict[str, Slice]:
    """Return the slice of each stage that leads reached, then of each that was not recorded."""
    slices = {}
    for stage in MILESTONES:
        condition = partial(_reached, stage.value)
        slices[stage.value] = Slice(cohort, condition, stage.label)
    for stage in MILESTONES:
        condition = partial(_unrecorded, stage.value)
        title = format_lazy(_("{stage}: not recorded"), stage=stage.label)
        slices[f"unrecorded_{stage.value}"] = Slice(cohort, condition, title)
    return slices


def _took_slices() -> dict[str, Slice]:
    """Return the slice of each step of the histogram."""
    slices = {}
    for number, name in enumerate(TOOK):
        condition = partial(_took, number)
        slices[name] = Slice(accept_clocks, condition, _("Handoffs decided"))
    return slices


def _contact_slices() -> dict[str, Slice]:
    """Return the slices of the contact clocks; the names are those of the accept clocks."""
    slices = {
        "clocks": Slice(contact_clocks, _every, _("First contacts owed")),
        "judged": Slice(contact_clocks, _judged, _("First contacts judged")),
        "in_time": Slice(contact_clocks, _in_time, _("Contacted in time")),
        "late": Slice(contact_clocks, _late, _("Contacted late or overdue")),
        "tried": Slice(contact_clocks, _tried, _("Tried in time, never reached")),
        "running": Slice(contact_clocks, _running, _("First contacts still running")),
        "outage": Slice(contact_clocks, _outage, _("Contacted late during an outage of ours")),
        "ended": Slice(contact_clocks, _withdrawn, _("Ended in time without a try")),
    }
    return {f"{CONTACT}{name}": each for name, each in slices.items()}


# The keys stand in addresses of lists (?show=), which people keep and send to each other.
SLICES: dict[str, Slice] = {
    "leads": Slice(cohort, _every, _("Leads first seen")),
    **_stage_slices(),
    "won_early": Slice(cohort, _won_early, _("Won before first seen")),
    "delivered": Slice(delivered, _every, _("MQLs delivered")),
    "clocks": Slice(accept_clocks, _every, _("Handoffs sent")),
    "judged": Slice(accept_clocks, _judged, _("Handoffs judged")),
    "decided": Slice(accept_clocks, _decided, _("Handoffs decided")),
    "in_time": Slice(accept_clocks, _in_time, _("Decided in time")),
    "late": Slice(accept_clocks, _late, _("Decided late or overdue")),
    "running": Slice(accept_clocks, _running, _("Still running")),
    "outage": Slice(accept_clocks, _outage, _("Late during an outage of ours")),
    "withdrawn": Slice(accept_clocks, _withdrawn, _("Withdrawn in time")),
    **_took_slices(),
    **_contact_slices(),
    "refused": Slice(cohort, _refused, _("Leads that sales rejected")),
    "apart": Slice(cohort, _apart, _("Misrouted or duplicates, without a decision")),
    "decisions": Slice(decisions, _every, _("Decisions of sales")),
    "accepted_by_sales": Slice(
        decisions, partial(_decision, DecisionKind.ACCEPT), _("Accepted by sales")
    ),
    "rejected_by_sales": Slice(
        decisions, partial(_decision, DecisionKind.REJECT), _("Rejected by sales")
    ),
    "rejected_for": Slice(decisions, _rejected_for, _("Rejected by sales")),
    "handed": Slice(passed, _every, _("Handed off in the period")),
    "overridden": Slice(passed, _overridden, _("Handed off on a person's word")),
    **_band_slices(),
}


def _of(scope: Scope, name: str) -> QuerySet[Any]:
    chosen = SLICES[name]
    return chosen.population(scope).filter(chosen.condition(scope))


def count(scope: Scope, name: str) -> int:
    """Return how many :func:`rows` there are."""
    return _of(scope, name).count()


def rows(scope: Scope, name: str) -> QuerySet[Any]:
    """Return the rows that the number ``name`` counts, with ``lead_pk`` and ``first_seen_on``.

    They are leads, handoffs, clocks or decisions; a lead that was handed off twice is two rows.
    Raise KeyError for an unknown name.
    """
    counted_rows = _of(scope, name)
    if counted_rows.model is Lead:
        return counted_rows.annotate(lead_pk=F("pk"))
    if counted_rows.model is Handoff:
        return counted_rows.annotate(lead_pk=F("lead"), first_seen_on=F("lead__first_seen_on"))
    if counted_rows.model is Decision:
        return counted_rows.annotate(
            lead_pk=F("handoff__lead"), first_seen_on=F("handoff__lead__first_seen_on")
        )
    handoff = Handoff.objects.filter(pk=OuterRef("subject_id"))
    return counted_rows.annotate(
        lead_pk=Subquery(handoff.values("lead")),
        first_seen_on=Subquery(handoff.values("lead__first_seen_on")),
    )
