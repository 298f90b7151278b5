"""What is to be done next: a fourth attempt, steps due today and overdue, and leads that wake."""

from __future__ import annotations

from datetime import timedelta

from crm.demo.present.desk import Desk
from leads.follow_up import attempts, next_steps, reminders
from leads.models import Handoff, Lead, OutcomeReason, Parking, ValuableActionKind
from leads.records import leads
from leads.returns import recycling
from leads.states import AttemptOutcome, ContactChannel, FollowUp

# Rows of the table of named leads.
TRIED, CALL_BACK, WAKES_TODAY, WOKEN, WAKES_SOON = 29, 30, 28, 32, 33
SEEN = timedelta(seconds=5)  # between two sweeps

NEW_BUDGET = "Pidió que la busquemos cuando se abra su presupuesto."
NOT_YET = "Vio el webinar y le gustó, pero todavía no busca nada."
STOCKTAKING = "Está en inventario: que le hablemos al terminar."


def try_three_times(desk: Desk) -> None:
    """Bea has tried three times since the day before yesterday; the fourth attempt is due today.

    The contact is overdue, and the ladder left her the lead because she tried.
    """
    bea = desk.cast.bea
    handoff = desk.hand_off(TRIED, at=desk.on(2, 10, 10))
    desk.accept(handoff, at=desk.on(2, 10, 30))
    contact_clock = handoff.clock
    desk.call(handoff, AttemptOutcome.NO_ANSWER, at=desk.on(2, 10, 50), note="Nadie contesta.")
    written_at = desk.on(2, 18, 45)
    desk.catch_up(contact_clock, until=written_at)
    begun = attempts.begin(handoff, ContactChannel.WHATSAPP, by=bea, at=written_at)
    attempts.settle(
        handoff,
        begun.pk,
        outcome=AttemptOutcome.NO_ANSWER,
        by=bea,
        at=desk.on(2, 18, 57),
        note="Lo vio y no respondió.",
    )
    desk.call(handoff, AttemptOutcome.NO_ANSWER, at=desk.on(1, 19, 40), note="Buzón de voz.")


def miss_call_back(desk: Desk) -> None:
    """A lead asked Bea to call again in the afternoon of yesterday, and she has not."""
    handoff = desk.hand_off(CALL_BACK, at=desk.on(1, 8, 20))
    desk.accept(handoff, at=desk.on(1, 8, 40))
    at = desk.on(1, 9, 30)
    desk.call(
        handoff,
        AttemptOutcome.CALL_BACK,
        at=at,
        call_back_on=at.date(),
        note="Estaba en junta: que le llame en la tarde.",
    )
    reminders.remind_due(at=at + SEEN)


def plan(desk: Desk, sql: Handoff, captured: Lead) -> None:
    """Bea plans what to do today with an SQL, and Ana what to do tomorrow with a new lead."""
    next_steps.change(
        sql.lead,
        sql,
        FollowUp.OPPORTUNITY,
        desk.today,
        by=desk.cast.bea,
        at=desk.on(1, 18, 5),
        text="Enviar la propuesta con el precio anual",
    )
    next_steps.change(
        captured,
        None,
        FollowUp.OTHER,
        desk.today + timedelta(days=1),
        by=desk.cast.ana,
        at=desk.ago(minutes=30),
        text="Preguntar cuántos empleados tienen",
    )


def park(desk: Desk) -> list[Parking]:
    """Recycle three leads: until today, until in three days, and until their next action."""
    return [
        _park_contacted(desk, WAKES_TODAY, 44, "no_budget_yet", NEW_BUDGET, wakes_in=0),
        _park_contacted(desk, WAKES_SOON, 25, "not_now", STOCKTAKING, wakes_in=3),
        _park_returned(desk),
    ]


def wake(desk: Desk, parked: list[Parking]) -> None:
    """Wake the lead whose day is today, and the one that asked for a demo yesterday."""
    until_today, _soon, until_action = parked
    asked_at = desk.on(1, 16, 20)
    leads.add_action(
        until_action.lead,
        ValuableActionKind.objects.get(code="asked_for_demo"),
        occurred_on=asked_at.date(),
        occurred_at=asked_at,
        by=desk.cast.ana,
        at=asked_at,
    )
    # Started before the hour at which leads wake, the demo shows that one does.
    assert until_today.wake_at is not None
    if until_today.wake_at + SEEN < desk.at:
        recycling.wake_due(at=until_today.wake_at + SEEN)


def _park_contacted(
    desk: Desk, number: int, days: int, reason: str, comment: str, *, wakes_in: int
) -> Parking:
    """Bea reached a lead ``days`` ago and recycled it on that day."""
    handoff = desk.hand_off(number, at=desk.at_work(days, 10, 15))
    desk.accept(handoff, at=desk.at_work(days, 10, 35))
    desk.call(handoff, at=desk.at_work(days, 12, 10))
    return recycling.park(
        handoff,
        OutcomeReason.objects.get(code=reason),
        wake_on=desk.today + timedelta(days=wakes_in),
        by=desk.cast.bea,
        at=desk.at_work(days, 12, 25),
        comment=comment,
    )


def _park_returned(desk: Desk) -> Parking:
    """Cruz rejected a lead, and Ana recycled it without a date."""
    handoff = desk.hand_off(WOKEN, at=desk.at_work(30, 11, 0))
    desk.reject(handoff, "no_interest", NOT_YET, at=desk.at_work(30, 11, 45))
    return recycling.park(
        handoff,
        OutcomeReason.objects.get(code="not_now"),
        wake_on=None,
        by=desk.cast.ana,
        at=desk.at_work(30, 16, 20),
        comment="Que nos busque cuando quiera verlo.",
    )
