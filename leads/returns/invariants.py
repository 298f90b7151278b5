"""Checks of the promises of the way back, on the rows themselves (crm.invariants).

Each check yields one line for every row that breaks its promise.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Count, Exists, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from leads.models import Dispute, Handoff, Lead, Parking, Return, ValuableAction
from leads.states import (
    SENT_BACK,
    DisputeState,
    HandoffState,
    ParkingState,
    ReturnState,
    Stage,
)
from sla.models import Clock

GRACE = timedelta(seconds=60)  # how late a lead may wake
WAITING = (ReturnState.OPEN, ReturnState.DISPUTED)
PASSED_ON = (ReturnState.FIXED, ReturnState.OVERTURNED)


def lead_sent_back_waits_for_one_answer(at: datetime) -> Iterable[str]:
    """A lead that sales sent back waits for one answer, of marketing or of the arbiter."""
    waiting = Return.objects.filter(state__in=WAITING, handoff__lead=OuterRef("pk")).order_by()
    count = Subquery(waiting.values("handoff__lead").annotate(n=Count("id")).values("n"))
    leads = Lead.objects.filter(stage=Stage.RETURNED, archived_at__isnull=True)
    for pk, n in leads.annotate(n=Coalesce(count, 0)).exclude(n=1).values_list("pk", "n"):
        yield f"lead {pk} was sent back and has {n} open returns"


def open_return_waits_with_its_lead(at: datetime) -> Iterable[str]:
    """A lead with an open return is with marketing, and an open clock has an open return."""
    is_back = Q(
        handoff__state__in=SENT_BACK,
        handoff__lead__stage=Stage.RETURNED,
        handoff__lead__archived_at__isnull=True,
    )
    for pk in Return.objects.open().exclude(is_back).values_list("pk", flat=True):
        yield f"return {pk} is open, but its lead is not with marketing"
    stopped = Return.objects.open().filter(clock__stopped_at__isnull=False)
    for pk in stopped.values_list("pk", flat=True):
        yield f"return {pk} is open, but its clock has stopped"
    running = Clock.objects.filter(stopped_at__isnull=True, subject_type="return")
    waiting = Return.objects.open().filter(pk=OuterRef("subject_id"))
    for pk in running.filter(~Exists(waiting)).values_list("pk", flat=True):
        yield f"clock {pk} runs on a return that is answered"


def open_dispute_waits_with_its_return(at: datetime) -> Iterable[str]:
    """A return is with the arbiter while its dispute is open, and an open clock has that."""
    waiting = Dispute.objects.open()
    disputed = Return.objects.filter(state=ReturnState.DISPUTED)
    with_marketing = Q(handoff__lead__stage=Stage.RETURNED, handoff__lead__archived_at=None)
    for pk in disputed.exclude(with_marketing).values_list("pk", flat=True):
        yield f"return {pk} is with the arbiter, but its lead was not sent back"
    has_dispute = Exists(waiting.filter(handoff=OuterRef("handoff")))
    for pk in disputed.filter(~has_dispute).values_list("pk", flat=True):
        yield f"return {pk} is with the arbiter, but has no open dispute"
    has_return = Exists(disputed.filter(handoff=OuterRef("handoff")))
    for pk in waiting.filter(~has_return).values_list("pk", flat=True):
        yield f"dispute {pk} is open, but its return is not with the arbiter"
    for pk in waiting.filter(clock__stopped_at__isnull=False).values_list("pk", flat=True):
        yield f"dispute {pk} is open, but its clock has stopped"
    running = Clock.objects.filter(stopped_at__isnull=True, subject_type="dispute")
    is_open = Exists(waiting.filter(pk=OuterRef("subject_id")))
    for pk in running.filter(~is_open).values_list("pk", flat=True):
        yield f"clock {pk} runs on a dispute that is decided"


def misrouted_handoff_goes_on(at: datetime) -> Iterable[str]:
    """A misrouted handoff is passed on to another team, or marketing has it to answer."""
    following = Handoff.objects.filter(
        lead=OuterRef("lead"), cycle__gt=OuterRef("cycle"), submitted_at=OuterRef("closed_at")
    )
    returned = Return.objects.filter(handoff=OuterRef("pk")).exclude(state=ReturnState.CANCELLED)
    rows = Handoff.objects.filter(state=HandoffState.MISROUTED, lead__archived_at__isnull=True)
    for pk in rows.filter(~Exists(following), ~Exists(returned)).values_list("pk", flat=True):
        yield f"handoff {pk} is misrouted and went nowhere"


def answered_return_goes_on(at: datetime) -> Iterable[str]:
    """What marketing fixed or the arbiter overturned has a later handoff, and is upheld."""
    later = Handoff.objects.filter(
        lead=OuterRef("handoff__lead"), cycle__gt=OuterRef("handoff__cycle")
    )
    passed_on = Return.objects.filter(~Exists(later), state__in=PASSED_ON)
    for pk, state in passed_on.values_list("pk", "state"):
        yield f"return {pk} is {state}, but its lead has no later handoff"
    overturned = Return.objects.filter(state=ReturnState.OVERTURNED)
    upheld = Dispute.objects.filter(state=DisputeState.UPHELD)
    is_upheld = Exists(upheld.filter(handoff=OuterRef("handoff")))
    for pk in overturned.filter(~is_upheld).values_list("pk", flat=True):
        yield f"return {pk} is overturned, and no dispute was upheld"
    is_overturned = Exists(overturned.filter(handoff=OuterRef("handoff")))
    for pk in upheld.filter(~is_overturned).values_list("pk", flat=True):
        yield f"dispute {pk} is upheld, but the rejection is not overturned"


def closed_lead_has_its_answer(at: datetime) -> Iterable[str]:
    """A lead is closed as long as the answer that closed it stands."""
    closing = Return.objects.filter(state__in=(ReturnState.CLOSED, ReturnState.DUPLICATE))
    other = closing.exclude(handoff__lead__stage=Stage.CLOSED)
    for pk, stage in other.values_list("pk", "handoff__lead__stage"):
        yield f"return {pk} closed its lead, which is {stage}"
    has_answer = Exists(closing.filter(handoff__lead=OuterRef("pk")))
    for pk in Lead.objects.filter(~has_answer, stage=Stage.CLOSED).values_list("pk", flat=True):
        yield f"lead {pk} is closed without an answer"


def duplicate_is_closed(at: datetime) -> Iterable[str]:
    """The lead that a duplicate is one of is none itself, and has its actions only while it is."""
    links = Return.objects.filter(state=ReturnState.DUPLICATE)
    chained = links.filter(original__in=links.values("handoff__lead"))
    for pk in chained.values_list("pk", flat=True):
        yield f"return {pk} leads to another duplicate"
    is_linked = Exists(
        links.filter(original=OuterRef("lead"), handoff__lead=OuterRef("copied_from__lead"))
    )
    copies = ValuableAction.objects.filter(~is_linked, copied_from__isnull=False)
    for pk in copies.values_list("pk", flat=True):
        yield f"action {pk} was copied from a lead that is no duplicate"


def parked_lead_wakes_in_time(at: datetime) -> Iterable[str]:
    """A lead is recycled while it is parked, and wakes within 60 s of its date."""
    parked = Parking.objects.filter(state=ParkingState.PARKED)
    for pk in parked.exclude(lead__stage=Stage.RECYCLED).values_list("lead", flat=True):
        yield f"lead {pk} is parked, but not recycled"
    of_lead = Exists(parked.filter(lead=OuterRef("pk")))
    recycled = Lead.objects.filter(stage=Stage.RECYCLED, archived_at__isnull=True)
    for pk in recycled.exclude(of_lead).values_list("pk", flat=True):
        yield f"lead {pk} is recycled, and nothing wakes it"
    may_wake = parked.filter(lead__person__no_contact_at__isnull=True)
    for pk in may_wake.filter(wake_at__lt=at - GRACE).values_list("lead", flat=True):
        yield f"lead {pk} should be awake"
