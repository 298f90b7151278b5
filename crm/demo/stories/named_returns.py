"""What sales sent back weeks ago, with each of its answers, and what is no rejection.

A return that was fixed and won in its second cycle; one that was closed by the delegate of a person
on leave; a dispute upheld and one denied; a misrouted lead and a duplicate.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal

from crm.demo import named_leads
from crm.demo.stories import named_steps
from crm.demo.stories.scene import Scene, reload
from crm.demo.stories.timeline import Story
from leads import handoffs
from leads.handoffs import outcomes
from leads.models import Lead
from leads.records import leads
from leads.returns import disputes, duplicates, misrouting, recycling, returns

ORIGINAL = 13  # the row of the lead that the duplicate is a duplicate of
NO_TRADE = "Vende vino: no es nuestro giro."
ANY_TRADE = "La buyer persona no habla de giros. Cumple tamaño y cargo, y pidió la demo."
OVERTURNED = "El giro no está en la buyer persona. Vuelve a ventas."
CURIOUS = "Vio el webinar por curiosidad; no busca comprar."
AGREED_ACTION = "Asistir al webinar es una acción de valor del acuerdo."
STANDS = "La acción vale, pero dijo que este año no compra. Se queda en marketing."


class Days:
    """The days before the last week, which begins at ``start``."""

    def __init__(self, start: datetime) -> None:
        self.start = start

    def at(self, days: int, hour: int, minute: int = 0) -> datetime:
        return self.start - timedelta(days=days) + timedelta(hours=hour, minutes=minute)

    def after(self, days: int) -> date:
        return self.start.date() + timedelta(days=days)


def stories(scene: Scene, start: datetime) -> Iterator[Story]:
    """Yield each story. All of them are over when the last week begins at ``start``."""
    days = Days(start)
    yield _fix_and_win(scene, 16, days)
    yield _close_for_luis(scene, 34, days)
    yield _uphold(scene, 35, days)
    yield _deny(scene, 36, days)
    yield _misroute(scene, 37, days)
    yield _duplicate(scene, 38, days)


def _fix_and_win(scene: Scene, number: int, days: Days) -> Story:
    """Ana finds out what Cruz missed, and the second cycle is won."""
    cast = scene.cast
    handoff = yield from named_steps.hand_off(scene, number, days.at(25, 10, 15))
    comment = "Es el CEO y no lleva ventas."
    at = days.at(25, 11, 5)
    yield from named_steps.reject(scene, handoff, "not_the_persona", comment, by=cast.cruz, at=at)
    fixed_at = days.at(24, 11, 20)
    yield fixed_at
    lead = Lead.objects.get(pk=handoff.lead_id)
    title = {"person": {"job_title": "CEO y director comercial"}}
    leads.change(lead, title, by=cast.ana, at=fixed_at, version=lead.version)
    again_at = days.at(24, 11, 30)
    yield again_at
    again = handoffs.hand_off(
        Lead.objects.get(pk=lead.pk),
        team=cast.online,
        persona_version=cast.leader,
        by=cast.ana,
        at=again_at,
        note="También dirige ventas: lo confirmó por correo.",
    )
    yield from named_steps.qualify_sql(again, by=cast.bea, accepted_at=days.at(24, 11, 55))
    won_at = days.at(14, 12, 40)
    yield won_at
    outcomes.win(reload(again), Decimal(72_000), by=cast.bea, at=won_at)


def _close_for_luis(scene: Scene, number: int, days: Days) -> Story:
    """Luis hands a lead off and goes on leave; Ana, his delegate, answers its return."""
    cast = scene.cast
    handoff = yield from named_steps.hand_off(
        scene, number, days.at(5, 17, 10), by=cast.luis, team=cast.mexico
    )
    comment = "Solo bajó la guía, para una tarea de la universidad."
    at = days.at(4, 9, 55)
    yield from named_steps.reject(scene, handoff, "no_interest", comment, by=cast.cruz, at=at)
    closed_at = days.at(4, 15, 30)
    yield closed_at
    returns.close(
        reload(handoff),
        scene.endings["interest_gone"],
        by=cast.ana,
        at=closed_at,
        comment="Le escribí: no evalúa ninguna compra.",
    )


def _uphold(scene: Scene, number: int, days: Days) -> Story:
    """Elsa overturns a rejection; the same package is won."""
    cast = scene.cast
    handoff = yield from named_steps.hand_off(scene, number, days.at(20, 10, 15))
    at = days.at(20, 11, 5)
    yield from named_steps.reject(scene, handoff, "not_the_persona", NO_TRADE, by=cast.cruz, at=at)
    contested_at = days.at(20, 16, 10)
    yield contested_at
    disputes.contest(reload(handoff), ANY_TRADE, by=cast.ana, at=contested_at)
    decided_at = days.at(18, 12, 5)
    yield decided_at
    again = disputes.uphold(reload(handoff), by=cast.elsa, at=decided_at, comment=OVERTURNED)
    yield from named_steps.qualify_sql(again, by=cast.bea, accepted_at=days.at(18, 12, 50))
    won_at = days.at(7, 13, 15)
    yield won_at
    outcomes.win(reload(again), Decimal(130_000), by=cast.bea, at=won_at)


def _deny(scene: Scene, number: int, days: Days) -> Story:
    """Elsa lets a rejection stand, and Luis recycles the lead."""
    cast = scene.cast
    handoff = yield from named_steps.hand_off(scene, number, days.at(18, 10, 15), by=cast.luis)
    at = days.at(18, 10, 50)
    yield from named_steps.reject(scene, handoff, "no_interest", CURIOUS, by=cast.bea, at=at)
    contested_at = days.at(18, 14, 40)
    yield contested_at
    disputes.contest(reload(handoff), AGREED_ACTION, by=cast.luis, at=contested_at)
    decided_at = days.at(17, 16, 0)
    yield decided_at
    disputes.deny(reload(handoff), by=cast.elsa, at=decided_at, comment=STANDS)
    parked_at = days.at(14, 10, 30)
    yield parked_at
    recycling.park(
        reload(handoff),
        scene.endings["not_now"],
        wake_on=days.after(60),
        by=cast.luis,
        at=parked_at,
        comment="Volver a escribirle con el próximo webinar.",
    )


def _misroute(scene: Scene, number: int, days: Days) -> Story:
    """Bea sends a lead on to the other team, where it becomes an opportunity."""
    cast = scene.cast
    handoff = yield from named_steps.hand_off(scene, number, days.at(11, 10, 15))
    sent_on_at = days.at(11, 10, 40)
    yield sent_on_at
    comment = "Quiere visitas en Monterrey: es de Ventas México."
    passed_on = misrouting.misroute(
        reload(handoff), cast.mexico, by=cast.bea, at=sent_on_at, comment=comment
    )
    assert passed_on is not None
    accepted_at = days.at(11, 11, 25)
    yield from named_steps.qualify_sql(passed_on, by=cast.cruz, accepted_at=accepted_at)
    offered_at = days.at(7, 12, 0)
    yield offered_at
    outcomes.open_opportunity(reload(passed_on), by=cast.cruz, at=offered_at)


def _duplicate(scene: Scene, number: int, days: Days) -> Story:
    """A customer of Bea writes from another address."""
    handoff = yield from named_steps.hand_off(scene, number, days.at(5, 10, 15))
    seen_at = days.at(5, 10, 35)
    yield seen_at
    original = Lead.objects.get(person__name=named_leads.LEADS[ORIGINAL][0])
    comment = "Es Daniela Mora, de Farmacias Vida, con otro correo."
    duplicates.mark(reload(handoff), original, by=scene.cast.bea, at=seen_at, comment=comment)
