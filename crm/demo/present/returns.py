"""What sales sent back lately: a persona misunderstood, a wrong phone, and an open dispute.

Their clocks count office hours, and so do the moments from which they run.
"""

from __future__ import annotations

from datetime import timedelta

from crm.demo.present.desk import Desk
from leads.models import Handoff
from leads.returns import disputes, giving_back, returns
from leads.states import AttemptOutcome

MISUNDERSTOOD, WRONG_PHONE, CONTESTED = 22, 26, 27  # rows of the table of named leads
# Marketing answers a return within 960 minutes of office hours and is warned 240 before.
CALM = 300
AT_RISK = 780

TOO_SMALL = "Apenas 12 empleados: no llega a los 20 de la buyer persona. Ni le llamé."
WRONG_NUMBER = "Contesta una panadería: no conocen a Olivia."
NO_ACTION = "Solo bajó la guía. No pidió nada."
ASKED_FOR_DEMO = (
    "Pidió la demo él mismo y dejó su celular. Es la acción de valor que acordamos, y Cruz no le"
    " llamó."
)


def misunderstand_persona(desk: Desk) -> None:
    """Cruz rejects a lead, and the lead contradicts what his comment says."""
    at = desk.worked_ago(CALM)
    handoff = desk.hand_off(MISUNDERSTOOD, at=at - timedelta(minutes=50))
    desk.reject(handoff, "not_the_persona", TOO_SMALL, at=at)


def call_wrong_phone(desk: Desk) -> Handoff:
    """Bea reaches somebody else by the phone of the package."""
    at = desk.worked_ago(AT_RISK)
    handoff = desk.hand_off(WRONG_PHONE, at=at - timedelta(minutes=60))
    desk.accept(handoff, at=at - timedelta(minutes=40))
    desk.call(handoff, AttemptOutcome.WRONG, at=at - timedelta(minutes=3), note=WRONG_NUMBER)
    return handoff


def give_back(desk: Desk, handoff: Handoff) -> None:
    """Bea gives the lead back, and marketing's answer is due soon."""
    giving_back.give_back(handoff, by=desk.cast.bea, at=desk.worked_ago(AT_RISK))
    opened = returns.open_of(handoff.lead)
    assert opened is not None
    desk.catch_up(opened.clock)


def reject_for_no_action(desk: Desk) -> Handoff:
    """Cruz rejects a lead that asked for a demo."""
    at = desk.worked_ago(660)
    handoff = desk.hand_off(CONTESTED, at=at - timedelta(minutes=45))
    desk.reject(handoff, "no_interest", NO_ACTION, at=at)
    return handoff


def contest(desk: Desk, handoff: Handoff) -> None:
    """Ana contests the rejection; Elsa has most of the three days left to decide."""
    disputes.contest(handoff, ASKED_FOR_DEMO, by=desk.cast.ana, at=desk.worked_ago(420))
