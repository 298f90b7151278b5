"""Today's desk: what people of the demo meet when they sign in, made by the product's functions.

All but the leads that wait for opening lie in the queue that never closes, so that their story is
the same at any hour of any day.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from crm import tasks
from crm.accounts.models import Team, User
from crm.demo import named_leads, negotiation
from crm.demo.people import ZONE, Cast
from crm.notifications import letters, outbox
from leads import handoffs
from leads.follow_up import attempts
from leads.handoffs import outcomes, pauses
from leads.models import Handoff
from leads.records import leads
from leads.states import AttemptOutcome, ContactChannel
from sla.clocks import ladder
from sla.models import PauseReason, RejectionReason

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
REQUEUED_AFTER = timedelta(hours=8)  # the contact window of four hours, then the last step


def prepare(cast: Cast, *, at: datetime) -> None:
    """Make what is on the desks at ``at``. Everything before today's handoffs counts as read."""
    negotiation.note_holidays(cast, at=at)
    negotiation.write_draft(cast, at=at)
    desk = Desk(cast, at=at)
    desk.reject_for_dispute()
    desk.requeue_forgotten()
    # Before today's handoffs, whose notices are to be unread.
    _read_everything(at=at)
    desk.fill_queue()
    desk.accept()
    desk.contact_and_pause()
    desk.qualify_sql()
    desk.capture()
    # Mails of days ago would soon be older than the three days for which one is tried.
    letters.drop_past_of_demo(at - timedelta(days=1), at=at)


def _read_everything(*, at: datetime) -> None:
    while outbox.deliver():
        pass
    for user in User.objects.all():
        outbox.mark_read(user, at=at)


class Desk:
    """The named leads of today, and those of the days before that a person still works on."""

    def __init__(self, cast: Cast, *, at: datetime) -> None:
        self.cast = cast
        self.at = at

    def ago(self, **delta: float) -> datetime:
        return self.at - timedelta(**delta)

    def hand_off(self, number: int, team: Team, *, at: datetime, **attributes: Any) -> Handoff:
        lead = named_leads.capture(
            self.cast,
            number,
            at=at - timedelta(minutes=40),
            **attributes,
        )
        return handoffs.hand_off(
            lead,
            team=team,
            persona_version=self.cast.leader,
            by=self.cast.ana,
            at=at,
        )

    def reject_for_dispute(self) -> None:
        """Cruz rejected a lead two days ago, and the lead contradicts what his comment says."""
        local = self.ago(days=2).astimezone(ZoneInfo(ZONE))
        morning = local.replace(hour=10, minute=15)
        handoff = self.hand_off(22, self.cast.online, at=morning)
        handoffs.reject(
            handoff,
            RejectionReason.objects.get(code="not_the_persona"),
            by=self.cast.cruz,
            at=morning + timedelta(minutes=50),
            comment="Apenas 12 empleados: no llega a los 20 de la buyer persona. Ni le llamé.",
        )

    def requeue_forgotten(self) -> None:
        """Cruz accepted a lead today and never called: the ladder has just put it back."""
        accepted_at = self.ago(minutes=25) - REQUEUED_AFTER
        handoff = self.hand_off(
            25,
            self.cast.online,
            at=accepted_at - timedelta(minutes=30),
        )
        handoffs.accept(handoff, by=self.cast.cruz, at=accepted_at)
        assert handoff.clock is not None
        # The steps of the past hours, as the sweep would have fired them at their time.
        ladder.catch_up(handoff.clock, tasks.SUBJECTS, until=self.at)

    def fill_queue(self) -> None:
        cast = self.cast
        for number, minutes in ONLINE.items():
            self.hand_off(number, cast.online, at=self.ago(minutes=minutes))
        self.hand_off(
            PROVEN,
            cast.online,
            at=self.ago(minutes=20),
            budget=60000,
            decides=True,
        )
        for team, numbers in ((cast.mexico, OFFICE), (cast.evening, EVENING)):
            for number in numbers:
                self.hand_off(number, team, at=self.ago(minutes=4 + number % 5))

    def accept(self) -> None:
        handoff = self.hand_off(7, self.cast.online, at=self.ago(minutes=90))
        handoffs.accept(handoff, by=self.cast.bea, at=self.ago(minutes=70))

    def contact_and_pause(self) -> None:
        """The lead sent a document earlier than agreed, and now wants to be called tomorrow."""
        bea = self.cast.bea
        handoff = self.hand_off(8, self.cast.online, at=self.ago(hours=26))
        handoffs.accept(handoff, by=bea, at=self.ago(hours=25))
        self._call(handoff, at=self.ago(hours=23))
        pauses.pause(
            handoff,
            PauseReason.objects.get(code="document"),
            until=self.ago(hours=-2),
            by=bea,
            at=self.ago(hours=22),
            note="Espera el RFC.",
        )
        pauses.resume(handoff, by=bea, at=self.ago(hours=16))
        pauses.pause(
            handoff,
            PauseReason.objects.get(code="call_back"),
            until=self.ago(hours=-20),
            by=bea,
            at=self.ago(hours=3),
            note="Hoy está en consejo; mañana a primera hora.",
        )

    def qualify_sql(self) -> None:
        """Bea called a lead three days ago and qualified it on the next day."""
        bea = self.cast.bea
        handoff = self.hand_off(9, self.cast.online, at=self.ago(days=3))
        accepted_at = self.ago(days=3) + timedelta(minutes=25)
        handoffs.accept(handoff, by=bea, at=accepted_at)
        self._call(handoff, at=accepted_at + timedelta(hours=2))
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

    def capture(self) -> None:
        for number, minutes in CAPTURED.items():
            named_leads.capture(self.cast, number, at=self.ago(minutes=minutes))

    def _call(self, handoff: Handoff, *, at: datetime) -> None:
        attempts.record(
            handoff,
            ContactChannel.PHONE,
            outcome=AttemptOutcome.REACHED,
            by=self.cast.bea,
            at=at,
        )
