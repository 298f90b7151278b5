"""The promises of the product, asked of the rows themselves: each check finds what breaks one
(check_invariants).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Count, Exists, F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce

from crm.lib.clock import RELEVO_NOW_BODY
from crm.notifications import outbox
from crm.notifications.models import Channel, Message, Notice
from leads.models import Decision, Event, Handoff
from leads.states import OPEN, STAGE_OF, HandoffState
from sla.clocks.pauses import LONGEST_TOTAL as LONGEST_PAUSES
from sla.models import Clock, Firing, Pause
from sla.states import PAUSABLE, ClockState, Metric

GRACE = timedelta(seconds=60)  # how late a step may fire, and a message may lie

# The state in which a handoff waits for what each of its clocks measures.
AWAITED_IN = {
    Metric.ACCEPT: HandoffState.PENDING,
    Metric.FIRST_CONTACT: HandoffState.ACCEPTED,
    Metric.SQL_DECISION: HandoffState.CONTACTED,
}
# A message that a firing sent names it in its key; the firing of a step that found itself overtaken
# sends none.
SILENT_FIRINGS = """
    SELECT f.id, f.kind, f.clock_id FROM sla_firing f
    WHERE f.outcome = 'done' AND f.id NOT IN (
        SELECT substring(dedup_key FROM ':firing:(\\d+):')::bigint FROM notifications_message
        WHERE dedup_key ~ ':firing:\\d+:'
    ) ORDER BY f.id
"""
DOUBLED_ESCALATIONS = """
    SELECT subject_id, f.count, e.count FROM (
        SELECT c.subject_id, count(*) FROM sla_firing f JOIN sla_clock c ON c.id = f.clock_id
        WHERE c.subject_type = 'handoff' AND f.outcome = 'done' GROUP BY 1
    ) f FULL JOIN (
        SELECT handoff_id AS subject_id, count(*)
        FROM leads_event WHERE kind = 'escalated' GROUP BY 1
    ) e USING (subject_id)
    WHERE f.count IS DISTINCT FROM e.count ORDER BY 1
"""

Check = Callable[[datetime], Iterable[str]]


def lead_has_one_open_handoff(at: datetime) -> Iterable[str]:
    """A lead has at most one open handoff."""
    rows = (
        Handoff.objects.filter(state__in=OPEN)
        .values("lead")
        .annotate(n=Count("id"))
        .filter(n__gt=1)
    )
    return (f"lead {row['lead']} has {row['n']} open handoffs" for row in rows)


def handoff_is_decided_once(at: datetime) -> Iterable[str]:
    """A handoff has at most one standing decision, and none while it is pending."""
    standing = Decision.objects.filter(undone_at__isnull=True, released_at__isnull=True)
    for row in standing.values("handoff").annotate(n=Count("id")).filter(n__gt=1):
        yield f"handoff {row['handoff']} is decided {row['n']} times"
    for pk in standing.filter(handoff__state=HandoffState.PENDING).values_list(
        "handoff", flat=True
    ):
        yield f"handoff {pk} is pending and yet decided"


def step_fires_once(at: datetime) -> Iterable[str]:
    """A level of a clock fires once."""
    rows = Firing.objects.values("clock", "level").annotate(n=Count("id")).filter(n__gt=1)
    return (f"clock {row['clock']} fired level {row['level']} {row['n']} times" for row in rows)


def step_fires_never_early(at: datetime) -> Iterable[str]:
    """No step fires before its time."""
    rows = Firing.objects.filter(at__lt=F("planned_at"))
    return (f"clock {row.clock_id} fired level {row.level} before {row.planned_at}" for row in rows)


def step_is_not_overdue(at: datetime) -> Iterable[str]:
    """A due step fires within 60 s, unless an error has parked it."""
    waiting = Q(parked_until__isnull=True) | Q(parked_until__lt=at - GRACE)
    rows = Clock.objects.filter(waiting, next_step_at__lt=at - GRACE)
    return (f"clock {row.pk} should have been swept at {row.next_step_at}" for row in rows)


def stopped_clock_has_no_step(at: datetime) -> Iterable[str]:
    """What is over has no deadline."""
    for row in Clock.objects.filter(stopped_at__isnull=False, next_step_at__isnull=False):
        yield f"clock {row.pk} is over and has a next step"


def clock_runs_for_what_is_awaited(at: datetime) -> Iterable[str]:
    """An open clock of a handoff measures the step that the handoff waits for."""
    running = Clock.objects.filter(stopped_at__isnull=True, subject_type="handoff")
    state = Subquery(Handoff.objects.filter(pk=OuterRef("subject_id")).values("state"))
    for row in running.annotate(handoff_state=state).filter(metric__in=AWAITED_IN):
        if row.handoff_state != AWAITED_IN[Metric(row.metric)]:
            yield (
                f"clock {row.pk} ({row.metric}) runs though handoff {row.subject_id} is"
                f" {row.handoff_state}"
            )


def clock_is_judged_by_the_act(at: datetime) -> Iterable[str]:
    """Met is never after the deadline; what was done in time is not breached."""
    for row in Clock.objects.filter(state=ClockState.MET, stopped_at__gt=F("due_at")):
        yield f"clock {row.pk} is met, after its deadline"
    for row in Clock.objects.filter(state=ClockState.BREACHED, stopped_at__lte=F("due_at")):
        yield f"clock {row.pk} is breached, though stopped in time"


def pause_stands_on_its_clock(at: datetime) -> Iterable[str]:
    """A clock is paused while exactly one of its pauses is open, up to the same moment, and is next
    looked at then.
    """
    for pause in Pause.objects.filter(ended_at__isnull=True).select_related("clock"):
        if (pause.clock.paused_until, pause.clock.next_step_at) != (pause.until, pause.until):
            yield f"pause {pause.pk} is open, its clock {pause.clock_id} is {pause.clock.state}"
    opened = Exists(Pause.objects.filter(clock=OuterRef("pk"), ended_at__isnull=True))
    for clock in Clock.objects.filter(~opened, state=ClockState.PAUSED):
        yield f"clock {clock.pk} is paused by no pause"


def pause_keeps_within_its_caps(at: datetime) -> Iterable[str]:
    """Pauses of one clock lie apart from one another, and together within what all pauses of a
    clock may last.
    """
    length = Sum(Coalesce("ended_at", "until") - F("started_at"))
    for row in (
        Pause.objects.values("clock").annotate(length=length).filter(length__gt=LONGEST_PAUSES)
    ):
        yield f"clock {row['clock']} was paused for {row['length']} in all"
    others = Pause.objects.filter(clock=OuterRef("clock"), started_at__gt=OuterRef("started_at"))
    inside = Exists(others.filter(started_at__lt=Coalesce(OuterRef("ended_at"), OuterRef("until"))))
    for pause in Pause.objects.filter(inside):
        yield f"pause {pause.pk} of clock {pause.clock_id} overlaps the one after it"


def ladder_rests_while_paused(at: datetime) -> Iterable[str]:
    """No step fires in the middle of a pause."""
    pauses = Pause.objects.filter(clock=OuterRef("clock"), started_at__lt=OuterRef("at"))
    inside = Exists(
        pauses.annotate(over=Coalesce("ended_at", "until")).filter(over__gt=OuterRef("at"))
    )
    for firing in Firing.objects.filter(inside):
        yield f"clock {firing.clock_id} fired level {firing.level} while it was paused"


def clock_is_answered_for_by_the_owner(at: datetime) -> Iterable[str]:
    """Who has the handoff answers for what is awaited of it, with a time of their own; judged once
    it is done.
    """
    owner = Subquery(Handoff.objects.filter(pk=OuterRef("subject_id")).values("owner"))
    running = Clock.objects.filter(stopped_at__isnull=True, subject_type="handoff").annotate(
        owner=owner
    )
    for row in running.filter(metric__in=PAUSABLE):
        if (
            row.owner != row.accountable_id
            or row.assigned_due_at is None
            or row.assigned_met is not None
        ):
            yield (
                f"clock {row.pk} is answered for by {row.accountable_id}, the lead is with"
                f" {row.owner}"
            )
    late = Q(assigned_met=True, stopped_at__gt=F("assigned_due_at"))
    early = Q(assigned_met=False, stopped_at__lte=F("assigned_due_at"))
    for clock in Clock.objects.filter(late | early):
        yield (
            f"clock {clock.pk} was judged for person {clock.accountable_id} against the person's"
            " own time"
        )


def state_is_what_the_events_say(at: datetime) -> Iterable[str]:
    """The newest event that changed a handoff's state left it in the state that it has."""
    moves = (
        Event.objects.filter(handoff=OuterRef("pk"))
        .exclude(to_state="")
        .exclude(to_state=F("from_state"))
    )
    said = Subquery(moves.order_by("-id").values("to_state")[:1])
    for row in Handoff.objects.annotate(said=said).exclude(said=F("state")):
        yield f"handoff {row.pk} is {row.state}, its events say {row.said}"
    told = Exists(Event.objects.filter(handoff=OuterRef("pk")))
    for pk in Handoff.objects.filter(~told).values_list("pk", flat=True):
        yield f"handoff {pk} has no event"


def lead_follows_its_handoff(at: datetime) -> Iterable[str]:
    """The lead of an open handoff has its stage and its owner."""
    for row in Handoff.objects.filter(state__in=OPEN).select_related("lead"):
        if row.lead.stage != STAGE_OF[HandoffState(row.state)] or row.lead.owner_id != row.owner_id:
            yield (
                f"lead {row.lead_id} ({row.lead.stage}) does not follow handoff {row.pk}"
                f" ({row.state})"
            )


def open_handoff_has_an_active_owner(at: datetime) -> Iterable[str]:
    """Nobody who has left owns an open handoff."""
    rows = Handoff.objects.filter(state__in=OPEN, owner__is_active=False)
    return (f"handoff {row.pk} belongs to person {row.owner_id}, who is inactive" for row in rows)


def escalation_is_told(at: datetime) -> Iterable[str]:
    """Each firing left one event on its handoff and at least one message."""
    with connection.cursor() as cursor:
        cursor.execute(SILENT_FIRINGS)
        for pk, kind, clock in cursor.fetchall():
            yield f"firing {pk} ({kind}) of clock {clock} told nobody"
        cursor.execute(DOUBLED_ESCALATIONS)
        for handoff, firings, events in cursor.fetchall():
            yield (
                f"handoff {handoff} has {firings or 0} firings and {events or 0} escalation events"
            )


def message_becomes_one_notice(at: datetime) -> Iterable[str]:
    """A message is delivered once, waits no longer than a minute past its time, and never ends
    unsent.

    A mail waits for a server of somebody else's, but not for more than three days.
    """
    for row in Notice.objects.values("message").annotate(n=Count("id")).filter(n__gt=1):
        yield f"message {row['message']} has {row['n']} notices"
    told = Exists(Notice.objects.filter(message=OuterRef("pk")))
    over = Q(next_try_at__isnull=True)
    for problem, which in (
        (
            "counts as sent and has no notice",
            Q(~told, channel=Channel.IN_APP, sent_at__isnull=False),
        ),
        (
            "is neither sent nor dropped nor waiting",
            over & Q(sent_at__isnull=True, dropped_at__isnull=True),
        ),
        (
            "should have been sent a minute ago",
            Q(channel=Channel.IN_APP, next_try_at__lt=at - GRACE),
        ),
        (
            "should have been given up",
            Q(next_try_at__lt=at - GRACE, created_at__lt=at - outbox.RETRY_FOR - GRACE),
        ),
    ):
        for pk in Message.objects.filter(which).values_list("pk", flat=True):
            yield f"message {pk} {problem}"


def time_is_the_databases(at: datetime) -> Iterable[str]:
    """The function relevo_now() is the one that the product deploys."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT prosrc FROM pg_proc WHERE proname = 'relevo_now'")
        bodies = [body.strip() for (body,) in cursor.fetchall()]
    if bodies != [RELEVO_NOW_BODY]:
        yield f"relevo_now() is {bodies}"


CHECKS: tuple[Check, ...] = (
    lead_has_one_open_handoff,
    handoff_is_decided_once,
    step_fires_once,
    step_fires_never_early,
    step_is_not_overdue,
    stopped_clock_has_no_step,
    clock_runs_for_what_is_awaited,
    clock_is_judged_by_the_act,
    pause_stands_on_its_clock,
    pause_keeps_within_its_caps,
    ladder_rests_while_paused,
    clock_is_answered_for_by_the_owner,
    state_is_what_the_events_say,
    lead_follows_its_handoff,
    open_handoff_has_an_active_owner,
    escalation_is_told,
    message_becomes_one_notice,
    time_is_the_databases,
)


def violated(*, at: datetime, moved_time: bool = False) -> Iterable[str]:
    """One line for each promise that a row breaks at ``at``.

    ``moved_time``: tests may have moved the clock.
    """
    for check in CHECKS:
        if not (moved_time and check is time_is_the_databases):
            yield from (f"{check.__name__}: {found}" for found in check(at))
