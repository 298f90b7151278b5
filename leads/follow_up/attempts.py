"""Contact attempts. An attempt that reached a person is a contact; one that has begun is none."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from crm.accounts.models import User
from crm.lib.db.inserts import insert
from crm.lib.errors import DomainError
from leads import events
from leads.conflicts import AlreadyTaken, MovedOn, NoContactAsked
from leads.follow_up import confirmation, next_steps, no_contact
from leads.handoffs import stages, state_changes
from leads.models import Attempt, Handoff, Person
from leads.states import (
    CONTACT_OUTCOMES,
    WORKED,
    AttemptOutcome,
    ContactChannel,
    EventKind,
    EvidenceTier,
    HandoffState,
    Stage,
)
from sla.clocks import clocks, corrections, tries
from sla.states import Metric


class OutsideHandoff(DomainError):
    """The attempt was before the acceptance or in the future; ``fields`` names ``happened_at``."""

    code = "outside_handoff"


class NothingBegun(DomainError):
    """The attempt that was begun has its outcome by now."""

    code = "nothing_begun"


@transaction.atomic
def begin(handoff: Handoff, channel: ContactChannel, *, by: User, at: datetime) -> Attempt:
    """Record that ``by`` clicked a link of the lead: an attempt has begun, and is no contact.

    A second click on the same link returns the attempt that waits for its outcome. Raises
    AlreadyTaken, MovedOn, NoContactAsked: a page may still have the links of before.
    """
    _lock(handoff)
    if Person.objects.filter(leads=handoff.lead_id, no_contact_at__isnull=False).exists():
        raise NoContactAsked(handoff)
    waiting = Attempt.objects.begun().filter(handoff=handoff, by=by, channel=channel).first()
    if waiting is not None:
        return waiting
    attempt = Attempt(
        handoff=handoff,
        channel=ContactChannel(channel),
        outcome=AttemptOutcome.BEGUN,
        tier=EvidenceTier.CLICKED,
        reached=False,
        by=by,
        at=at,
        recorded_at=at,
    )
    insert(attempt)
    return attempt


@transaction.atomic
def record(
    handoff: Handoff,
    channel: ContactChannel,
    *,
    outcome: AttemptOutcome,
    by: User,
    at: datetime,
    happened_at: datetime | None = None,
    call_back_on: date | None = None,
    note: str = "",
) -> Attempt:
    """Record an attempt on an accepted handoff, and set the next step.

    The first that reached a person makes the handoff contacted: it stops the contact clock at the
    moment of the contact and starts the clock of the SQL decision. A contact that was earlier than
    the known one replaces it, whatever the order in which they are recorded.

    ``happened_at``: when it was, default ``at``. ``call_back_on``: the day that the person named.

    Raises OutsideHandoff, BadDay, AlreadyTaken if another person owns the handoff by now, MovedOn
    if it is closed.
    """
    _lock(handoff, outcome)
    moment = happened_at or at
    _check_moment(handoff, moment, at=at)
    attempt = Attempt(
        handoff=handoff,
        channel=ContactChannel(channel),
        by=by,
        at=moment,
        recorded_at=at,
        note=note,
    )
    _judge(attempt, outcome)
    attempt.confirm_by = confirmation.confirm_by(handoff, attempt)
    insert(attempt)
    _follow(handoff, attempt, call_back_on, at=at)
    return attempt


@transaction.atomic
def settle(
    handoff: Handoff,
    attempt_id: int,
    *,
    outcome: AttemptOutcome,
    by: User,
    at: datetime,
    call_back_on: date | None = None,
    note: str = "",
) -> Attempt:
    """Record what came of an attempt that ``by`` had begun, as :func:`record` does.

    It happened when it was begun. Raises NothingBegun, BadDay, AlreadyTaken, MovedOn.
    """
    _lock(handoff, outcome)
    begun = Attempt.objects.begun().filter(pk=attempt_id, handoff=handoff, by=by)
    attempt = begun.select_for_update().first()
    if attempt is None:
        raise NothingBegun(_("This attempt has its outcome already."))
    attempt.handoff = handoff
    # Begun before the lead was put back and accepted anew: it counts for this acceptance.
    if handoff.accepted_at is not None:
        attempt.at = max(attempt.at, handoff.accepted_at)
    attempt.note = note
    attempt.recorded_at = at
    _judge(attempt, outcome)
    attempt.save(update_fields=["outcome", "reached", "note", "at", "recorded_at"])
    _follow(handoff, attempt, call_back_on, at=at)
    return attempt


def begun_by(user: User, handoff: Handoff) -> list[Attempt]:
    """Return the attempts of ``user`` that wait for their outcome, the newest first."""
    return list(Attempt.objects.begun().filter(handoff=handoff, by=user))


def _judge(attempt: Attempt, outcome: AttemptOutcome) -> None:
    attempt.outcome = AttemptOutcome(outcome)
    attempt.reached = outcome in CONTACT_OUTCOMES


def _follow(handoff: Handoff, attempt: Attempt, call_back_on: date | None, *, at: datetime) -> None:
    """Do what an attempt with a known outcome does to its handoff."""
    if attempt.outcome == AttemptOutcome.CALL_BACK:
        check_call_back(call_back_on, at=at)
    if attempt.reached and handoff.state == HandoffState.ACCEPTED:
        _contact(handoff, attempt, at=at)
    else:
        _record_further(handoff, attempt, at=at)
    if attempt.outcome == AttemptOutcome.NO_CONTACT:
        no_contact.ask(handoff.lead, by=attempt.by, at=at)
    elif attempt.outcome == AttemptOutcome.CALL_BACK and call_back_on is not None:
        next_steps.call_back(handoff, call_back_on, by=attempt.by, at=at)
    else:
        next_steps.after_attempt(handoff, attempt, at=at)


def check_call_back(day: date | None, *, at: datetime) -> None:
    """Raise BadDay, which names ``call_back_on``, unless it is a day within the next 60."""
    if day is None:
        text = _("Say on which day.")
        raise next_steps.BadDay(text, fields={"call_back_on": text})
    next_steps.check_day(day, at=at, field="call_back_on")


def _payload(attempt: Attempt) -> dict[str, Any]:
    payload = {"channel": attempt.channel, "outcome": str(attempt.outcome), "note": attempt.note}
    # Only what is not typed by hand is worth a word.
    if attempt.tier != EvidenceTier.SAID:
        payload["tier"] = attempt.tier
    return payload


def _record_further(handoff: Handoff, attempt: Attempt, *, at: datetime) -> None:
    """Record an attempt that is not the first contact to be recorded."""
    payload = {**_payload(attempt), "reached": attempt.reached}
    state_changes.record(handoff, EventKind.ATTEMPT, by=attempt.by, at=at, payload=payload)
    # Only the earliest contact counts, in whatever order contacts are recorded.
    known = handoff.contacted_at
    if known is None:
        tries.note(handoff, Metric.FIRST_CONTACT, at=attempt.at)
    if attempt.reached and known is not None and attempt.at < known:
        _correct_contact(handoff, attempt.at, known=known, by=attempt.by, at=at)


def _lock(handoff: Handoff, outcome: AttemptOutcome | None = None) -> None:
    """Lock the row, and what an attempt with this outcome changes; refresh the object's state.

    Raises AlreadyTaken, MovedOn.
    """
    if outcome == AttemptOutcome.NO_CONTACT:
        # First of all, with the other handoffs of the person, in the order of their ids.
        no_contact.lock(handoff.lead)
    current = Handoff.objects.select_for_update(no_key=True).get(pk=handoff.pk)
    # An attempt belongs to the owner; after a reassignment it would be recorded for another person.
    if current.owner_id != handoff.owner_id:
        raise AlreadyTaken(current)
    if current.state not in WORKED:
        raise MovedOn(current)
    handoff.state = current.state
    handoff.clock_id = current.clock_id
    handoff.accepted_at = current.accepted_at
    handoff.contacted_at = current.contacted_at


def _check_moment(handoff: Handoff, moment: datetime, *, at: datetime) -> None:
    accepted_at = handoff.accepted_at
    if accepted_at is not None and accepted_at <= moment <= at:
        return
    text = _("The moment must lie between the acceptance and now.")
    raise OutsideHandoff(text, fields={"happened_at": text})


def _contact(handoff: Handoff, attempt: Attempt, *, at: datetime) -> None:
    """Move the handoff to contacted by its first contact."""
    moment = attempt.at
    from_state = state_changes.claim(
        handoff, HandoffState.CONTACTED, of=(HandoffState.ACCEPTED,), contacted_at=moment
    )
    # Judged at the moment of the contact, not of its record; a pause ends with it.
    clocks.stop(handoff, Metric.FIRST_CONTACT, at=moment, by=attempt.by)
    state_changes.start_clock(handoff, Metric.SQL_DECISION, at=moment, accountable=handoff.owner)
    state_changes.update_lead(
        handoff,
        EventKind.CONTACTED,
        from_state=from_state,
        by=attempt.by,
        at=at,
        happened_at=moment,
        payload=_payload(attempt),
    )


def _correct_contact(
    handoff: Handoff, moment: datetime, *, known: datetime, by: User, at: datetime
) -> None:
    """Move the first contact from ``known`` to the earlier ``moment``.

    The contact clock is judged again; the clock of the SQL decision starts at ``moment``.
    """
    handoff.contacted_at = moment
    Handoff.objects.filter(pk=handoff.pk).update(contacted_at=moment)
    contact_clock = clocks.last(handoff, Metric.FIRST_CONTACT)
    if contact_clock is not None:
        corrections.stop_earlier(contact_clock, at=moment)
    decision_clock = clocks.last(handoff, Metric.SQL_DECISION)
    if decision_clock is not None:
        corrections.start_earlier(decision_clock, since=moment, at=at)
    stages.reach_earlier(
        handoff.lead, Stage.CONTACTED, on=events.today(moment), known_on=events.today(known)
    )
    payload = {"contacted_at": [known.isoformat(), moment.isoformat()]}
    state_changes.record(handoff, EventKind.CORRECTED, by=by, at=at, payload=payload)
