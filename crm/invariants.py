"""Checks of the product's promises on the rows themselves (manage.py check_invariants).

Each check yields one line for every row that breaks its promise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Case, Count, Exists, F, OuterRef, Q, Subquery, Sum, When
from django.db.models.functions import Coalesce

from crm.lib.clock import RELEVO_NOW_BODY
from crm.lib.db import rights
from crm.notifications import outbox
from crm.notifications.models import Channel, Letter, Message, Notice
from leads.follow_up.invariants import clock_says_when_it_was_tried
from leads.models import (
    Attempt,
    Decision,
    Event,
    Handoff,
    PlannedStep,
)
from leads.returns.invariants import (
    answered_return_goes_on,
    closed_lead_has_its_answer,
    duplicate_is_closed,
    lead_sent_back_waits_for_one_answer,
    misrouted_handoff_goes_on,
    open_dispute_waits_with_its_return,
    open_return_waits_with_its_lead,
    parked_lead_wakes_in_time,
)
from leads.states import (
    DECIDED,
    OPEN,
    QUALIFIED_IN,
    STAGE_OF,
    WORKED,
    DecisionKind,
    HandoffState,
)
from sla.clocks.pauses import LONGEST_TOTAL
from sla.models import Clock, Firing, Pause
from sla.states import PAUSABLE, ClockState, Metric

GRACE = timedelta(seconds=60)  # how late a step may fire and a message may be delivered

# The state in which a handoff waits for the act that each metric measures.
AWAITED_IN = {
    Metric.ACCEPT: HandoffState.PENDING,
    Metric.FIRST_CONTACT: HandoffState.ACCEPTED,
    Metric.SQL_DECISION: HandoffState.CONTACTED,
}
# The key of a message names the firing that sent it. An overtaken step sends none.
FIRINGS_WITHOUT_MESSAGE = """
    SELECT f.id, f.kind, f.clock_id FROM sla_firing f
    WHERE f.outcome = 'done' AND f.id NOT IN (
        SELECT substring(dedup_key FROM ':firing:(\\d+):')::bigint FROM notifications_message
        WHERE dedup_key ~ ':firing:\\d+:'
    ) ORDER BY f.id
"""
WRONG_ESCALATION_COUNTS = """
    SELECT subject_id, f.count, e.count FROM (
        SELECT coalesce(r.handoff_id, d.handoff_id, c.subject_id) AS subject_id, count(*)
        FROM sla_firing f JOIN sla_clock c ON c.id = f.clock_id
        LEFT JOIN leads_return r ON c.subject_type = 'return' AND r.id = c.subject_id
        LEFT JOIN leads_dispute d ON c.subject_type = 'dispute' AND d.id = c.subject_id
        WHERE f.outcome = 'done' GROUP BY 1
    ) f FULL JOIN (
        SELECT handoff_id AS subject_id, count(*)
        FROM leads_event WHERE kind = 'escalated' GROUP BY 1
    ) e USING (subject_id)
    WHERE f.count IS DISTINCT FROM e.count ORDER BY 1
"""

Check = Callable[[datetime], Iterable[str]]


def lead_has_one_open_handoff(at: datetime) -> Iterable[str]:
    """A lead has at most one open handoff."""
    by_lead = Handoff.objects.filter(state__in=OPEN).values("lead")
    rows = by_lead.annotate(n=Count("id")).filter(n__gt=1)
    return (f"lead {row['lead']} has {row['n']} open handoffs" for row in rows)


def handoff_is_decided_once(at: datetime) -> Iterable[str]:
    """A handoff has at most one standing decision, and none while it is pending."""
    standing = Decision.objects.standing()
    for row in standing.values("handoff").annotate(n=Count("id")).filter(n__gt=1):
        yield f"handoff {row['handoff']} is decided {row['n']} times"
    pending = standing.filter(handoff__state=HandoffState.PENDING)
    for pk in pending.values_list("handoff", flat=True):
        yield f"handoff {pk} is pending and has a decision"


def step_fires_once(at: datetime) -> Iterable[str]:
    """Each level of a clock fires once."""
    rows = Firing.objects.values("clock", "level").annotate(n=Count("id")).filter(n__gt=1)
    return (f"clock {row['clock']} fired level {row['level']} {row['n']} times" for row in rows)


def step_fires_never_early(at: datetime) -> Iterable[str]:
    """No step fires before its time."""
    rows = Firing.objects.filter(at__lt=F("planned_at"))
    return (f"clock {row.clock_id} fired level {row.level} before {row.planned_at}" for row in rows)


def step_is_not_overdue(at: datetime) -> Iterable[str]:
    """A due step fires within 60 s, unless an error parked it."""
    not_parked = Q(parked_until__isnull=True) | Q(parked_until__lt=at - GRACE)
    rows = Clock.objects.filter(not_parked, next_step_at__lt=at - GRACE)
    return (f"clock {row.pk} should have been swept at {row.next_step_at}" for row in rows)


def stopped_clock_has_no_step(at: datetime) -> Iterable[str]:
    """A stopped clock has no next step."""
    for row in Clock.objects.filter(stopped_at__isnull=False, next_step_at__isnull=False):
        yield f"clock {row.pk} is stopped and has a next step"


def clock_matches_the_awaited_step(at: datetime) -> Iterable[str]:
    """An open clock of a handoff measures the step that it waits for; one in a queue has it."""
    running = Clock.objects.filter(stopped_at__isnull=True, subject_type="handoff")
    state = Subquery(Handoff.objects.filter(pk=OuterRef("subject_id")).values("state"))
    for row in running.annotate(handoff_state=state).filter(metric__in=AWAITED_IN):
        if row.handoff_state != AWAITED_IN[Metric(row.metric)]:
            handoff = f"handoff {row.subject_id} is {row.handoff_state}"
            yield f"clock {row.pk} ({row.metric}) runs, but {handoff}"
    for pending in Handoff.objects.pending().filter(clock__stopped_at__isnull=False):
        yield f"handoff {pending.pk} is pending, but its clock {pending.clock_id} has stopped"


def clock_is_judged_by_the_act(at: datetime) -> Iterable[str]:
    """A met clock stopped up to its deadline, a breached one after it."""
    for row in Clock.objects.filter(state=ClockState.MET, stopped_at__gt=F("due_at")):
        yield f"clock {row.pk} is met, but stopped after its deadline"
    for row in Clock.objects.filter(state=ClockState.BREACHED, stopped_at__lte=F("due_at")):
        yield f"clock {row.pk} is breached, but stopped in time"


def pause_matches_its_clock(at: datetime) -> Iterable[str]:
    """A clock is paused while exactly one of its pauses is open, and is swept at its end."""
    for pause in Pause.objects.filter(ended_at__isnull=True).select_related("clock"):
        clock = pause.clock
        if clock.paused_until != pause.until or clock.next_step_at != pause.until:
            yield f"pause {pause.pk} is open, but its clock {clock.pk} is {clock.state}"
    has_open_pause = Exists(Pause.objects.filter(clock=OuterRef("pk"), ended_at__isnull=True))
    for clock in Clock.objects.filter(~has_open_pause, state=ClockState.PAUSED):
        yield f"clock {clock.pk} is paused and has no open pause"


def pauses_keep_their_caps(at: datetime) -> Iterable[str]:
    """Pauses of one clock do not overlap, and together keep the cap on all pauses."""
    length = Sum(Coalesce("ended_at", "until") - F("started_at"))
    by_clock = Pause.objects.values("clock").annotate(length=length)
    for row in by_clock.filter(length__gt=LONGEST_TOTAL):
        yield f"clock {row['clock']} was paused for {row['length']} in all"
    later = Pause.objects.filter(clock=OuterRef("clock"), started_at__gt=OuterRef("started_at"))
    end = Coalesce(OuterRef("ended_at"), OuterRef("until"))
    for pause in Pause.objects.filter(Exists(later.filter(started_at__lt=end))):
        yield f"pause {pause.pk} of clock {pause.clock_id} overlaps the one after it"


def ladder_rests_while_paused(at: datetime) -> Iterable[str]:
    """No step fires during a pause."""
    begun = Pause.objects.filter(clock=OuterRef("clock"), started_at__lt=OuterRef("at"))
    lasting = begun.annotate(end_at=Coalesce("ended_at", "until")).filter(end_at__gt=OuterRef("at"))
    for firing in Firing.objects.filter(Exists(lasting)):
        yield f"clock {firing.clock_id} fired level {firing.level} while it was paused"


def owner_is_accountable_for_the_clock(at: datetime) -> Iterable[str]:
    """The owner of a handoff is accountable for its open clock and judged by their own time."""
    owner = Subquery(Handoff.objects.filter(pk=OuterRef("subject_id")).values("owner"))
    running = Clock.objects.filter(stopped_at__isnull=True, subject_type="handoff")
    for row in running.annotate(owner=owner).filter(metric__in=PAUSABLE):
        person = row.accountable_id
        if row.owner != person:
            yield f"person {person} is accountable for clock {row.pk}, but {row.owner} has the lead"
        elif row.assigned_due_at is None or row.assigned_met is not None:
            yield f"clock {row.pk} has no own time of person {person}, or is judged while it runs"
    met_late = Q(assigned_met=True, stopped_at__gt=F("assigned_due_at"))
    late_early = Q(assigned_met=False, stopped_at__lte=F("assigned_due_at"))
    for clock in Clock.objects.filter(met_late | late_early):
        yield f"clock {clock.pk} is judged against the own time of person {clock.accountable_id}"


def state_matches_the_events(at: datetime) -> Iterable[str]:
    """The state of a handoff is that of the newest event that changed it."""
    events = Event.objects.filter(handoff=OuterRef("pk"))
    moves = events.exclude(to_state="").exclude(to_state=F("from_state"))
    newest_state = Subquery(moves.order_by("-id").values("to_state")[:1])
    handoffs = Handoff.objects.annotate(newest_state=newest_state)
    for row in handoffs.exclude(newest_state=F("state")):
        yield f"handoff {row.pk} is {row.state}, but its newest event leads to {row.newest_state}"
    for pk in Handoff.objects.filter(~Exists(events)).values_list("pk", flat=True):
        yield f"handoff {pk} has no event"


def lead_follows_its_handoff(at: datetime) -> Iterable[str]:
    """The lead of an open handoff has the stage and the owner of the handoff."""
    for handoff in Handoff.objects.filter(state__in=OPEN).select_related("lead"):
        lead = handoff.lead
        is_same_stage = lead.stage == STAGE_OF[HandoffState(handoff.state)]
        if not is_same_stage or lead.owner_id != handoff.owner_id:
            state = f"handoff {handoff.pk} ({handoff.state})"
            yield f"lead {lead.pk} ({lead.stage}) differs from {state}"


def lead_keeps_the_owner_of_its_handoff(at: datetime) -> Iterable[str]:
    """A lead keeps the owner of its last handoff when that is closed: sight depends on it."""
    later = Handoff.objects.filter(lead=OuterRef("lead"), cycle__gt=OuterRef("cycle"))
    last = Handoff.objects.filter(~Exists(later), owner__isnull=False).exclude(state__in=OPEN)
    for row in last.exclude(lead__owner=F("owner")).select_related("lead"):
        yield f"handoff {row.pk} belongs to person {row.owner_id}, its lead to {row.lead.owner_id}"


def open_handoff_has_an_active_owner(at: datetime) -> Iterable[str]:
    """The owner of an open handoff is active."""
    rows = Handoff.objects.filter(state__in=OPEN, owner__is_active=False)
    return (f"handoff {row.pk} belongs to person {row.owner_id}, who is inactive" for row in rows)


def decision_matches_its_handoff(at: datetime) -> Iterable[str]:
    """A handoff that did not get an owner has the state of its standing decision."""
    standing = Decision.objects.standing().exclude(kind=DecisionKind.ACCEPT)
    for pk, kind, state in standing.values_list("handoff", "kind", "handoff__state"):
        if state != DECIDED[DecisionKind(kind)][0]:
            yield f"handoff {pk} is {state}, and its decision is {kind}"


def lead_in_work_has_a_next_step(at: datetime) -> Iterable[str]:
    """A lead that sales works on has a next step of its owner, and no other handoff has one."""
    steps = PlannedStep.objects.open().filter(handoff__isnull=False)
    in_work = Handoff.objects.filter(state__in=WORKED)
    for pk in in_work.filter(~Exists(steps.filter(handoff=OuterRef("pk")))).values_list("pk"):
        yield f"handoff {pk[0]} is in work and has no next step"
    for step in steps.exclude(handoff__in=in_work):
        yield f"step {step.pk} is open, but its handoff {step.handoff_id} is not in work"
    for step in steps.exclude(owner=F("handoff__owner")).filter(handoff__in=in_work):
        yield f"step {step.pk} belongs to person {step.owner_id}, who does not have the lead"
    with_marketing = Q(lead__stage__in=QUALIFIED_IN, lead__archived_at__isnull=True)
    for step in PlannedStep.objects.open().filter(handoff__isnull=True).exclude(with_marketing):
        yield f"step {step.pk} of marketing is open, but lead {step.lead_id} is not with marketing"
    for step in PlannedStep.objects.filter(remind_at__lt=at - GRACE):
        yield f"person {step.owner_id} should have been reminded of step {step.pk}"


def begun_attempt_is_no_contact(at: datetime) -> Iterable[str]:
    """A handoff was contacted by an attempt that reached a person, after its acceptance."""
    reached = Attempt.objects.filter(handoff=OuterRef("pk"), reached=True)
    contact = reached.filter(at=OuterRef("contacted_at"))
    for row in Handoff.objects.filter(~Exists(contact), contacted_at__isnull=False):
        yield f"handoff {row.pk} counts as contacted without a contact"
    for row in Handoff.objects.filter(contacted_at__lt=F("accepted_at")):
        yield f"handoff {row.pk} was contacted before it was accepted"


def person_left_alone_has_no_open_handoff(at: datetime) -> Iterable[str]:
    """A person who asked not to be contacted has no open handoff."""
    rows = Handoff.objects.open().filter(lead__person__no_contact_at__isnull=False)
    return (f"handoff {row.pk} is open, and its person is to be left alone" for row in rows)


def firing_sends_a_message(at: datetime) -> Iterable[str]:
    """Each firing has one event on its handoff and at least one message."""
    with connection.cursor() as cursor:
        cursor.execute(FIRINGS_WITHOUT_MESSAGE)
        for pk, kind, clock in cursor.fetchall():
            yield f"firing {pk} ({kind}) of clock {clock} sent no message"
        cursor.execute(WRONG_ESCALATION_COUNTS)
        for handoff, firings, events in cursor.fetchall():
            counted = f"{firings or 0} firings and {events or 0} escalation events"
            yield f"handoff {handoff} has {counted}"


def message_becomes_one_notice(at: datetime) -> Iterable[str]:
    """A message is delivered once, within a minute, and never ends without a result.

    A mail may wait for its server, but not for more than three days.
    """
    for row in Notice.objects.values("message").annotate(n=Count("id")).filter(n__gt=1):
        yield f"message {row['message']} has {row['n']} notices"
    has_notice = Exists(Notice.objects.filter(message=OuterRef("pk")))
    in_app = Q(channel=Channel.IN_APP)
    is_late = Q(next_try_at__lt=at - GRACE)
    faults = {
        "counts as sent and has no notice": in_app & Q(~has_notice, sent_at__isnull=False),
        "is neither sent nor dropped nor waiting": Q(
            letter__isnull=True,
            next_try_at__isnull=True,
            sent_at__isnull=True,
            dropped_at__isnull=True,
        ),
        "should have been sent a minute ago": in_app & is_late,
        "should have been dropped": is_late & Q(queued_at__lt=at - outbox.RETRY_FOR - GRACE),
    }
    messages = Message.objects.alias(queued_at=Coalesce("retry_since", "created_at"))
    for fault, condition in faults.items():
        for pk in messages.filter(condition).values_list("pk", flat=True):
            yield f"message {pk} {fault}"


def letter_holds_mails_of_one_kind(at: datetime) -> Iterable[str]:
    """A letter holds mails of one kind to its recipient, and is not tried after three days."""
    tied = Message.objects.filter(letter__isnull=False)
    of_letter = Q(recipient=F("letter__recipient"), kind=F("letter__kind"), channel=Channel.EMAIL)
    for pk in tied.exclude(of_letter).values_list("pk", flat=True):
        yield f"message {pk} is in a letter of another person or kind"
    by_letter = tied.values("letter").annotate(
        personal=Count("id", filter=Q(personal=True)), n=Count("id")
    )
    for row in by_letter.filter(personal__gt=0, n__gt=1):
        yield f"letter {row['letter']} holds a personal mail and others"
    empty = Letter.objects.filter(~Exists(tied.filter(letter=OuterRef("pk"))))
    for pk in empty.values_list("pk", flat=True):
        yield f"letter {pk} is empty"
    old = Letter.objects.filter(
        next_try_at__lt=at - GRACE, retry_since__lt=at - outbox.RETRY_FOR - GRACE
    )
    for pk in old.values_list("pk", flat=True):
        yield f"letter {pk} should have been dropped"


def handoff_carries_team_and_deadline(at: datetime) -> Iterable[str]:
    """A handoff carries the team of its lead and, while pending, the deadline of its accept."""
    is_awaited = Q(state=HandoffState.PENDING, clock__metric=Metric.ACCEPT)
    due_at = Case(When(is_awaited, then=F("clock__due_at")))
    rows = Handoff.objects.annotate(due_at=due_at, team_of_lead=F("lead__marketing_team"))
    # An empty value equals an empty one only in Python.
    values = rows.values_list("pk", "marketing_team", "team_of_lead", "accept_due_at", "due_at")
    for pk, team, team_of_lead, carried, deadline in values.iterator():
        if (team, carried) != (team_of_lead, deadline):
            yield f"handoff {pk} carries team {team} and deadline {carried}"


def snapshot_is_proven_by_its_hash(at: datetime) -> Iterable[str]:
    """A text that judges handoffs is the one that was stored: its hash says so."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT hash FROM sla_snapshot WHERE hash <> sha256(convert_to(body, 'UTF8'))"
        )
        return [f"snapshot {bytes(key).hex()} was changed" for (key,) in cursor.fetchall()]


def clock_function_is_ours(at: datetime) -> Iterable[str]:
    """The function relevo_now() is the one that the product deploys."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT prosrc FROM pg_proc WHERE proname = 'relevo_now'")
        bodies = [body.strip() for (body,) in cursor.fetchall()]
    if bodies != [RELEVO_NOW_BODY]:
        yield f"relevo_now() is {bodies}"


def database_guards_itself(at: datetime) -> Iterable[str]:
    """The guards of the database and the rights of the product's role are those of this version."""
    return rights.wrong()


CHECKS: tuple[Check, ...] = (
    lead_has_one_open_handoff,
    handoff_is_decided_once,
    step_fires_once,
    step_fires_never_early,
    step_is_not_overdue,
    stopped_clock_has_no_step,
    clock_matches_the_awaited_step,
    clock_is_judged_by_the_act,
    pause_matches_its_clock,
    pauses_keep_their_caps,
    ladder_rests_while_paused,
    owner_is_accountable_for_the_clock,
    state_matches_the_events,
    lead_follows_its_handoff,
    lead_keeps_the_owner_of_its_handoff,
    open_handoff_has_an_active_owner,
    decision_matches_its_handoff,
    lead_sent_back_waits_for_one_answer,
    open_return_waits_with_its_lead,
    open_dispute_waits_with_its_return,
    answered_return_goes_on,
    closed_lead_has_its_answer,
    misrouted_handoff_goes_on,
    duplicate_is_closed,
    parked_lead_wakes_in_time,
    lead_in_work_has_a_next_step,
    begun_attempt_is_no_contact,
    clock_says_when_it_was_tried,
    person_left_alone_has_no_open_handoff,
    firing_sends_a_message,
    message_becomes_one_notice,
    letter_holds_mails_of_one_kind,
    handoff_carries_team_and_deadline,
    snapshot_is_proven_by_its_hash,
    clock_function_is_ours,
    database_guards_itself,
)


def violated(*, at: datetime, moved_time: bool = False) -> Iterable[str]:
    """Yield one line for each row that breaks a promise at ``at``.

    ``moved_time``: accept that tests replaced the clock function.
    """
    for check in CHECKS:
        if moved_time and check is clock_function_is_ours:
            continue
        for line in check(at):
            yield f"{check.__name__}: {line}"
