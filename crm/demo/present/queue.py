"""Today's queue, and the leads that were taken from it lately."""

from __future__ import annotations

from datetime import timedelta

from crm.demo import named_leads
from crm.demo.present.desk import Desk
from leads.handoffs import outcomes, pauses
from leads.models import Handoff, Lead
from leads.records import leads
from sla.models import PauseReason

# Row of the table of named leads, and how many minutes ago it was handed off.
ONLINE = {
    0: 135,  # overdue
    1: 112,  # due soon
    2: 98,  # due soon
    3: 35,
    4: 10,
}
PROVEN = 20  # its package proves means and authority
# Office and evening shift are never open together, so at least one of the two pairs waits.
OFFICE = (5, 6)
EVENING = (23, 24)
CAPTURED = {
    11: 180,
    12: 60,
    21: 15,
}  # not handed off yet
PLANNED = 12  # of these the one with a next step
REQUEUED_AFTER = timedelta(hours=8)  # the contact window of four hours, then the last step


def requeue_forgotten(desk: Desk) -> None:
    """Cruz accepted a lead today and never called: the ladder has just put it back."""
    accepted_at = desk.ago(minutes=25) - REQUEUED_AFTER
    handoff = desk.hand_off(25, at=accepted_at - timedelta(minutes=30))
    desk.accept(handoff, by=desk.cast.cruz, at=accepted_at)
    desk.catch_up(handoff.clock)


def fill(desk: Desk) -> None:
    cast = desk.cast
    for number, minutes in ONLINE.items():
        desk.hand_off(number, at=desk.ago(minutes=minutes))
    desk.hand_off(PROVEN, at=desk.ago(minutes=20), budget=60000, decides=True)
    for team, numbers in ((cast.mexico, OFFICE), (cast.evening, EVENING)):
        for number in numbers:
            desk.hand_off(number, team, at=desk.ago(minutes=4 + number % 5))


def accept(desk: Desk) -> None:
    handoff = desk.hand_off(7, at=desk.ago(minutes=90))
    desk.accept(handoff, at=desk.ago(minutes=70))


def contact_and_pause(desk: Desk) -> None:
    """The lead sent a document earlier than agreed, and now wants to be called tomorrow."""
    bea = desk.cast.bea
    handoff = desk.hand_off(8, at=desk.ago(hours=26))
    desk.accept(handoff, at=desk.ago(hours=25))
    desk.call(handoff, at=desk.ago(hours=23))
    pauses.pause(
        handoff,
        PauseReason.objects.get(code="document"),
        until=desk.ago(hours=-2),
        by=bea,
        at=desk.ago(hours=22),
        note="Espera el RFC.",
    )
    pauses.resume(handoff, by=bea, at=desk.ago(hours=16))
    pauses.pause(
        handoff,
        PauseReason.objects.get(code="call_back"),
        until=desk.ago(hours=-20),
        by=bea,
        at=desk.ago(hours=3),
        note="Hoy está en consejo; mañana a primera hora.",
    )


def qualify_sql(desk: Desk) -> Handoff:
    """Bea called a lead three days ago and qualified it on the next day."""
    bea = desk.cast.bea
    handoff = desk.hand_off(9, at=desk.ago(days=3))
    accepted_at = desk.ago(days=3) + timedelta(minutes=25)
    desk.accept(handoff, at=accepted_at)
    desk.call(handoff, at=accepted_at + timedelta(hours=2))
    for code, value in named_leads.PROOFS.items():
        leads.add_evidence(
            handoff.lead,
            code,
            "met",
            value=value,
            source="Llamada",
            by=bea,
            at=accepted_at + timedelta(hours=3),
        )
    outcomes.qualify_sql(handoff, by=bea, at=accepted_at + timedelta(hours=22))
    return handoff


def capture(desk: Desk) -> Lead:
    """Log the leads that are not handed off yet; return the one with a next step."""
    captured = {
        number: named_leads.capture(desk.cast, number, at=desk.ago(minutes=minutes))
        for number, minutes in CAPTURED.items()
    }
    return captured[PLANNED]
