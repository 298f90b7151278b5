"""Wins, a loss, rejections and a disqualification of leads that the tour knows by name."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from crm.accounts.models import User
from crm.demo import named_leads
from crm.demo.stories.scene import Scene, reload
from crm.demo.stories.timeline import Story
from leads import handoffs
from leads.follow_up import attempts
from leads.handoffs import outcomes
from leads.models import Handoff
from leads.records import leads
from leads.states import AttemptOutcome, ContactChannel

# Row of the table, days before the last week begins, amount.
WINS = (
    (10, 49, 185_000),
    (13, 37, 240_000),
    (14, 30, 96_000),
    (17, 18, 150_000),
)


def stories(scene: Scene, start: datetime) -> Iterator[Story]:
    """Yield each story. All of them are over when the last week begins at ``start``."""

    def morning(days: int) -> datetime:
        return start - timedelta(days=days) + timedelta(hours=10, minutes=15)

    for number, days, amount in WINS:
        yield _win(scene, number, morning(days), Decimal(amount))
    yield _lose(scene, 15, morning(27))
    yield _reject(scene, 16, morning(23), "not_the_persona", "")
    yield _reject(scene, 18, morning(12), "bad_contact_data", "El teléfono no existe.")
    yield _disqualify(scene, 19, morning(9))


def _hand_off(scene: Scene, number: int, begun: datetime) -> Generator[datetime, None, Handoff]:
    cast = scene.cast
    captured_at = begun - timedelta(minutes=40)
    yield captured_at
    lead = named_leads.capture(cast, number, at=captured_at)
    scene.tape.keep(lead)
    yield begun
    return handoffs.hand_off(
        lead,
        team=cast.online,
        persona_version=cast.leader,
        by=cast.ana,
        at=begun,
    )


def _qualify_sql(handoff: Handoff, rep: User, accepted_at: datetime) -> Story:
    """The lead is accepted, contacted, and qualified with evidence on the next day."""
    yield accepted_at
    handoffs.accept(reload(handoff), by=rep, at=accepted_at)
    called_at = accepted_at + timedelta(hours=2)
    yield called_at
    _reach(handoff, ContactChannel.PHONE, rep, at=called_at)
    said_at = called_at + timedelta(hours=1)
    yield said_at
    for code, value in named_leads.PROOFS.items():
        leads.add_evidence(
            handoff.lead,
            code,
            "met",
            value=value,
            source="Llamada",
            by=rep,
            at=said_at,
        )
    judged_at = called_at + timedelta(hours=20)
    yield judged_at
    outcomes.qualify_sql(reload(handoff), by=rep, at=judged_at)


def _reach(handoff: Handoff, channel: ContactChannel, rep: User, *, at: datetime) -> None:
    attempts.record(
        reload(handoff),
        channel,
        outcome=AttemptOutcome.REACHED,
        by=rep,
        at=at,
    )


def _win(scene: Scene, number: int, begun: datetime, amount: Decimal) -> Story:
    rep = scene.cast.cruz
    if number % 2:
        rep = scene.cast.bea
    handoff = yield from _hand_off(scene, number, begun)
    accepted_at = begun + timedelta(minutes=18 + number)
    yield from _qualify_sql(handoff, rep, accepted_at)
    won_at = begun + timedelta(days=9 + number % 5)
    yield won_at
    outcomes.win(
        reload(handoff),
        amount,
        by=rep,
        at=won_at,
    )


def _lose(scene: Scene, number: int, begun: datetime) -> Story:
    rep = scene.cast.bea
    handoff = yield from _hand_off(scene, number, begun)
    accepted_at = begun + timedelta(minutes=65)
    yield from _qualify_sql(handoff, rep, accepted_at)
    lost_at = begun + timedelta(days=11)
    yield lost_at
    outcomes.lose(
        reload(handoff),
        scene.endings["price"],
        by=rep,
        at=lost_at,
        comment="El competidor bajó 20 %.",
    )


def _reject(scene: Scene, number: int, begun: datetime, code: str, comment: str) -> Story:
    handoff = yield from _hand_off(scene, number, begun)
    decided_at = begun + timedelta(minutes=50)
    yield decided_at
    handoffs.reject(
        reload(handoff),
        scene.rejections[code],
        by=scene.cast.cruz,
        at=decided_at,
        comment=comment,
    )


def _disqualify(scene: Scene, number: int, begun: datetime) -> Story:
    rep = scene.cast.bea
    handoff = yield from _hand_off(scene, number, begun)
    accepted_at = begun + timedelta(minutes=110)
    yield accepted_at
    handoffs.accept(reload(handoff), by=rep, at=accepted_at)
    reached_at = begun + timedelta(hours=4)
    yield reached_at
    _reach(handoff, ContactChannel.WHATSAPP, rep, at=reached_at)
    ended_at = begun + timedelta(hours=29)
    yield ended_at
    outcomes.disqualify(
        reload(handoff),
        scene.endings["no_budget"],
        by=rep,
        at=ended_at,
        comment="Hasta 2028.",
    )
