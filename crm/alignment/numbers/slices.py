"""What each number counts. A number and the list behind it are read through the same definition.

A slice is a population of rows and a condition on them. Its number is an aggregate over the
population with the condition as filter, its list is :func:`rows`. Archived leads and test leads are
in none of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial, reduce
from operator import or_
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from crm.alignment.numbers.scope import Scope, counted
from leads.models import Decision, Event, Handoff, Lead
from leads.qualification.scores import BANDS
from leads.states import MILESTONES, DecisionKind, EventKind, HandoffState, Stage
from sla.clocks import status
from sla.models import Clock
from sla.states import ClockStatus, Metric

ENDED = (HandoffState.WON, HandoffState.LOST, HandoffState.DISQUALIFIED, HandoffState.REJECTED)
SCORES = ("fit", "engagement")
STAGES = ("leads", *(stage.value for stage in MILESTONES))


# Upper ends of the steps of the histogram in business minutes; what takes longer falls into the
# last step.
STEPS = (15, 30, 60, 90, 120, 240, 480)
TOOK = tuple(f"took_{number}" for number in range(len(STEPS) + 1))


def _of_team(scope: Scope) -> Q:
    """Leads that were handed off to the sales team, at any time."""
    return Q(pk__in=Handoff.objects.filter(team=scope.sales).values("lead")) if scope.sales else Q()


def cohort(scope: Scope) -> QuerySet[Lead]:
    """Leads first seen in the period, whatever became of them since."""
    seen = Q(first_seen_on__gte=scope.period.start, first_seen_on__lte=scope.period.end)
    return Lead.objects.filter(counted(scope), _of_team(scope), seen)


def delivered(scope: Scope) -> QuerySet[Lead]:
    """Leads that marketing qualified in the period.

    Imported dates are no delivery under the agreement.
    """
    ours = Event.objects.filter(
        lead=OuterRef("pk"), kind=EventKind.QUALIFIED, occurred_on=OuterRef("mql_on")
    )
    dated = Q(mql_on__gte=scope.period.start, mql_on__lte=scope.period.end)
    return Lead.objects.filter(counted(scope), _of_team(scope), dated).filter(Exists(ours))


def accept_clocks(scope: Scope) -> QuerySet[Clock]:
    """Clocks of the accept commitment that started in the period: one for each time a handoff
    entered the queue.
    """
    begins, ends = scope.instants
    handoffs = Handoff.objects.filter(counted(scope, "lead__"))
    team = Q(team=scope.sales) if scope.sales else Q()
    return Clock.objects.filter(
        team,
        metric=Metric.ACCEPT,
        subject_type=Handoff._meta.model_name,
        started_at__gte=begins,
        started_at__lt=ends,
        subject_id__in=handoffs.values("pk"),
    )


def decisions(scope: Scope) -> QuerySet[Decision]:
    """Decisions made in the period that stand: neither undone nor released by putting the handoff
    back.
    """
    begins, ends = scope.instants
    return Decision.objects.filter(
        counted(scope, "handoff__lead__"),
        Q(handoff__team=scope.sales) if scope.sales else Q(),
        at__gte=begins,
        at__lt=ends,
        undone_at__isnull=True,
        released_at__isnull=True,
    )


def passed(scope: Scope) -> QuerySet[Handoff]:
    """Handoffs sent in the period, of one person where the scope asks for that."""
    begins, ends = scope.instants
    return Handoff.objects.filter(
        counted(scope, "lead__"),
        Q(team=scope.sales) if scope.sales else Q(),
        Q(submitted_by=scope.person) if scope.person else Q(),
        submitted_at__gte=begins,
        submitted_at__lt=ends,
    )


def ended(scope: Scope) -> QuerySet[Handoff]:
    """Of those the ones with scores that came to an end, for whatever reason but marketing's own
    withdrawal.
    """
    return passed(scope).filter(
        state__in=ENDED, fit_score__isnull=False, engagement_score__isnull=False
    )


Condition = Callable[[Scope], Q]


@dataclass(frozen=True)
class Slice:
    """What one number counts: the rows of ``population`` that meet ``condition``."""

    population: Callable[[Scope], QuerySet[Any]]
    condition: Condition
    title: str | Promise


def _every(scope: Scope) -> Q:
    return Q()


def _reached(stage: str, scope: Scope) -> Q:
    return Q(**{f"{stage}_on__isnull": False})


def _unrecorded(stage: str, scope: Scope) -> Q:
    """Without a date for ``stage`` and with one for a later stage."""
    later = MILESTONES[MILESTONES.index(Stage(stage)) + 1 :]
    return Q(**{f"{stage}_on__isnull": True}) & reduce(
        or_, (_reached(each, scope) for each in later), Q(pk__in=[])
    )


def _refused(scope: Scope) -> Q:
    """Rejected by sales at some time, whatever came later; a decision that was taken back does not
    count.
    """
    stands = Decision.objects.filter(
        kind=DecisionKind.REJECT, undone_at__isnull=True, released_at__isnull=True
    )
    return Q(pk__in=stands.values("handoff__lead"))


def _won_early(scope: Scope) -> Q:
    return Q(won_on__lt=F("first_seen_on"))


def _in_time(scope: Scope) -> Q:
    return status.condition(ClockStatus.MET, at=scope.at)


def _running(scope: Scope) -> Q:
    """Still awaited and not overdue."""
    return status.condition(*status.AWAITED, at=scope.at)


def _outage(scope: Scope) -> Q:
    return status.condition(*status.TOO_LATE, at=scope.at) & Q(in_outage=True)


def _late(scope: Scope) -> Q:
    """Past the deadline, done or not, whether anybody has noted it or not."""
    return status.condition(*status.TOO_LATE, at=scope.at) & Q(in_outage=False)


def _judged(scope: Scope) -> Q:
    return _in_time(scope) | _late(scope)


def _decided(scope: Scope) -> Q:
    """Answered by a person; a clock that was taken away has no used time."""
    return Q(used_seconds__isnull=False) & ~_outage(scope)


def _withdrawn(scope: Scope) -> Q:
    return status.condition(ClockStatus.CANCELLED, at=scope.at)


def _took(number: int, scope: Scope) -> Q:
    """Decided within the step ``number`` of the histogram."""
    above = Q(used_seconds__gt=60 * STEPS[number - 1]) if number else Q()
    below = Q(used_seconds__lte=60 * STEPS[number]) if number < len(STEPS) else Q()
    return _decided(scope) & above & below


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
    """The name of the slice of a band of ``score`` that begins at ``low``."""
    return f"{score}_{low}_won" if won else f"{score}_{low}"


def _band_slices() -> dict[str, Slice]:
    found = {}
    for score, words, won_words in (
        ("fit", _("Fit {low}–{high}: ended"), _("Fit {low}–{high}: won")),
        ("engagement", _("Engagement {low}–{high}: ended"), _("Engagement {low}–{high}: won")),
    ):
        for low, high in BANDS:
            title = format_lazy(words, low=low, high=high)
            found[band_slice(score, low)] = Slice(ended, partial(_in_band, score, low, high), title)
            title = format_lazy(won_words, low=low, high=high)
            found[band_slice(score, low, won=True)] = Slice(
                ended, partial(_won_in_band, score, low, high), title
            )
    return found


SLICES: dict[str, Slice] = {
    "leads": Slice(cohort, _every, _("Leads first seen")),
    **{s.value: Slice(cohort, partial(_reached, s.value), s.label) for s in MILESTONES},
    **{
        f"unrecorded_{s.value}": Slice(
            cohort,
            partial(_unrecorded, s.value),
            format_lazy(_("{stage}: not recorded"), stage=s.label),
        )
        for s in MILESTONES
    },
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
    **{
        name: Slice(accept_clocks, partial(_took, n), _("Handoffs decided"))
        for n, name in enumerate(TOOK)
    },
    "refused": Slice(cohort, _refused, _("Leads that sales rejected")),
    "decisions": Slice(decisions, _every, _("Decisions of sales")),
    "accepted_by_sales": Slice(
        decisions, partial(_decision, DecisionKind.ACCEPT), _("Accepted by sales")
    ),
    "rejected_by_sales": Slice(
        decisions, partial(_decision, DecisionKind.REJECT), _("Rejected by sales")
    ),
    "rejected_for": Slice(decisions, _rejected_for, _("Rejected by sales")),
    "handed": Slice(passed, _every, _("Handed off in the period")),
    "overridden": Slice(passed, _overridden, _("Handed off on a person’s word")),
    **_band_slices(),
}


def rows(scope: Scope, name: str) -> QuerySet[Any]:
    """The rows that the number ``name`` of ``scope`` counts; each has ``lead_pk`` and
    ``first_seen_on``.

    They are leads, handoffs, clocks or decisions: a lead that was handed off twice is two cases.
    KeyError for no such number.
    """
    chosen = SLICES[name]
    found = chosen.population(scope).filter(chosen.condition(scope))
    if found.model is Lead:
        return found.annotate(lead_pk=F("pk"))
    if found.model is Handoff:
        return found.annotate(lead_pk=F("lead"), first_seen_on=F("lead__first_seen_on"))
    if found.model is Decision:
        return found.annotate(
            lead_pk=F("handoff__lead"), first_seen_on=F("handoff__lead__first_seen_on")
        )
    handoff = Handoff.objects.filter(pk=OuterRef("subject_id"))
    return found.annotate(
        lead_pk=Subquery(handoff.values("lead")),
        first_seen_on=Subquery(handoff.values("lead__first_seen_on")),
    )
