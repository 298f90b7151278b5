"""How the leads of the races are made: each function returns the handoffs that are raced for."""

from __future__ import annotations

from crm.notifications.models import Letter, Message
from leads import handoffs
from leads.follow_up import attempts
from leads.handoffs import outcomes
from leads.models import Handoff, Lead, Person
from leads.returns import disputes, misrouting, recycling
from tests import factories
from tests.factories import CONTACTED_AT, Cast, when
from tests.leads.returns.rows import reason_to_close, reason_to_recycle
from tests.leads.returns.test_returns import ANSWER
from tests.races.rounds.acts import FRIDAY, NORTH
from tests.terms import COMMITMENTS

AT = when("2026-03-02 11:45")


def prepare(cast: Cast) -> None:
    """Make what the leads share: reasons, another team, and the promise of an answer."""
    reason_to_close()
    reason_to_recycle()
    factories.team(NORTH, "sales")
    factories.agreement(
        factories.office("Devoluciones"),
        marketing=cast.luis,
        sales=cast.dora,
        commitments=[*COMMITMENTS, ANSWER],
        teams=[cast.sales],
    )
    forget_notices()


def forget_notices() -> None:
    """Delete the notices of what came before the race: they were read long ago."""
    Message.objects.all().delete()
    Letter.objects.all().delete()


def pending(cast: Cast) -> list[Handoff]:
    return [factories.handed_off(cast)]


def two_pending(cast: Cast) -> list[Handoff]:
    return [factories.handed_off(cast), factories.handed_off(cast)]


def accepted(cast: Cast) -> list[Handoff]:
    return [factories.accepted(cast)]


def wrong_number(cast: Cast) -> list[Handoff]:
    handoff = factories.accepted(cast)
    attempts.record(handoff, "phone", outcome="wrong", by=cast.bea, at=CONTACTED_AT)
    return [handoff]


def contacted(cast: Cast) -> list[Handoff]:
    return [factories.contacted(cast)]


def lost(cast: Cast) -> list[Handoff]:
    handoff = factories.contacted(cast)
    factories.prove(handoff.lead, by=cast.bea)
    outcomes.qualify_sql(handoff, by=cast.bea, at=AT)
    return [outcomes.lose(handoff, factories.outcome("price"), by=cast.bea, at=AT)]


def parked(cast: Cast) -> list[Handoff]:
    [handoff] = contacted(cast)
    recycling.park(handoff, reason_to_recycle(), wake_on=FRIDAY, by=cast.bea, at=AT)
    return [handoff]


def parked_after_loss(cast: Cast) -> list[Handoff]:
    [handoff] = lost(cast)
    recycling.park(handoff, reason_to_recycle(), wake_on=FRIDAY, by=cast.bea, at=AT)
    return [handoff]


def woken_after_loss(cast: Cast) -> list[Handoff]:
    [handoff] = parked_after_loss(cast)
    recycling.wake_by_hand(handoff.lead, by=cast.ana, at=AT)
    return [handoff]


def rejected(cast: Cast) -> list[Handoff]:
    handoff = factories.handed_off(cast)
    return [handoffs.reject(handoff, factories.rejection(), by=cast.cruz, at=AT)]


def contested(cast: Cast) -> list[Handoff]:
    [handoff] = rejected(cast)
    disputes.contest(handoff, "Sí cumple", by=cast.ana, at=AT)
    return [handoff]


def rejected_twice(cast: Cast) -> list[Handoff]:
    first = factories.rejected(cast)
    lead = Lead.objects.get(pk=first.lead_id)
    again = factories.handed_off(cast, of=lead, at=CONTACTED_AT)
    return [handoffs.reject(again, factories.rejection(), by=cast.cruz, at=AT)]


def misrouted(cast: Cast) -> list[Handoff]:
    """The handoff that was misrouted by Cruz, and its next cycle in the other team."""
    handoff = factories.handed_off(cast)
    following = misrouting.misroute(handoff, cast.other_sales, by=cast.cruz, at=AT)
    assert following is not None
    return [handoff, following]


def one_person_in_work(cast: Cast) -> list[Handoff]:
    """Two leads of one person: one with Bea, the other with Cruz."""
    return _of_one_person(factories.accepted(cast), factories.accepted(cast, by=cast.cruz))


def one_person_pending(cast: Cast) -> list[Handoff]:
    """Two leads of one person: one with Bea, the other in the queue."""
    return _of_one_person(factories.accepted(cast), factories.handed_off(cast))


def one_person_rejected(cast: Cast) -> list[Handoff]:
    """Two leads of one person: one with Bea, the other sent back to marketing."""
    return _of_one_person(factories.accepted(cast), *rejected(cast))


def _of_one_person(*made: Handoff) -> list[Handoff]:
    people = [handoff.lead.person_id for handoff in made]
    Person.objects.filter(pk__in=people).update(email="misma@andino.test")
    return list(made)
