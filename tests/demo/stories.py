"""What the desks of the demo show at its moment, read as the pages read it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from crm.accounts.models import User
from crm.demo.people import ZONE
from leads.desks import marketing
from leads.follow_up import own_leads
from leads.models import Attempt, Handoff
from leads.returns import cases
from leads.states import WakeCause
from sla.clocks import readings


def person(name: str) -> User:
    return User.objects.get(name__startswith=f"{name} ")


def end_of(at: datetime) -> datetime:
    midnight = at.astimezone(ZoneInfo(ZONE)).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + timedelta(days=1)


@dataclass(frozen=True)
class Desks:
    """The desks at ``at``."""

    at: datetime

    def sent_back(self) -> dict[str, marketing.SentBack]:
        """The returns on Ana's desk by the name of the lead."""
        page = marketing.sent_back(person("Ana")).page(after="", size=50)
        return {row.lead.name: row for row in marketing.sent_back_rows(page)}

    def status(self, row: marketing.SentBack) -> str:
        assert row.clock is not None
        return str(readings.reading(row.clock, at=self.at).status)

    def cases(self) -> list[str]:
        """The leads of the cases that Elsa decides."""
        waiting = cases.waiting_for(person("Elsa"), at=self.at)
        return [str(case.lead) for case in waiting.with_names()]

    def waking(self) -> dict[str, marketing.Waking]:
        """The leads that wake or woke, on Ana's desk."""
        page = marketing.waking(person("Ana"), at=self.at).page(after="", size=50)
        return {row.lead.name: row for row in marketing.waking_rows(page)}

    def mine(self, tab: str) -> list[str]:
        """The leads of one tab of Bea's, in order."""
        until = end_of(self.at)
        rows = own_leads.own_leads(person("Bea"), tab, at=self.at, until=until)
        return [str(handoff.lead) for handoff in rows.order_by("place")]

    def planned(self, name: str) -> own_leads.Planned:
        """The next step of an open lead."""
        handoff = Handoff.objects.open().get(lead__person__name=name)
        return own_leads.planned([handoff.pk])[handoff.pk]


def check(at: datetime) -> None:
    """The five stories that the demo always tells, at whatever moment it begins."""
    desks = Desks(at)
    sent_back = desks.sent_back()
    misunderstood, wrong_phone = sent_back["Rodrigo Salvatierra"], sent_back["Olivia Barragán"]
    assert (misunderstood.kind, wrong_phone.kind) == ("definitional", "clerical")
    assert desks.status(misunderstood) in ("ok", "waiting")
    assert desks.status(wrong_phone) in ("soon", "waiting")
    assert "Tomás Echeverri" in desks.cases()
    assert "Tomás Echeverri" not in sent_back

    today = at.astimezone(ZoneInfo(ZONE)).date()
    wakes = desks.waking()["Pilar Montalvo"]
    assert wakes.moment.astimezone(ZoneInfo(ZONE)).date() == today
    assert wakes.is_awake is (at > wakes.moment)
    assert wakes.cause == (WakeCause.DATE if wakes.is_awake else "")

    step = desks.planned("Leandro Bustos")
    made = Attempt.objects.made().filter(handoff=step.handoff, reached=False)
    assert (step.kind, made.count()) == ("attempt", 3)
    assert step.due_at.astimezone(ZoneInfo(ZONE)).date() == today
    assert "Leandro Bustos" in desks.mine("today")
    assert desks.mine("all")[0] == "Leandro Bustos"  # its first contact is overdue
