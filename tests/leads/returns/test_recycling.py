"""A recycled lead is parked, and wakes once: by its date, a new action, or by hand."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from crm import tasks
from crm.accounts.models import User
from crm.lib.errors import Conflict
from crm.notifications.models import Message
from leads import handoffs
from leads.conflicts import MovedOn
from leads.desks import marketing
from leads.follow_up import attempts
from leads.handoffs import corrections, outcomes
from leads.models import Handoff, Lead, OutcomeReason, Parking, Person, Return
from leads.permissions import can_recycle
from leads.records import archiving, leads
from leads.returns import recycling
from leads.returns.returns import WrongReason
from sla.models import Clock
from tests import factories
from tests.conftest import Moment
from tests.factories import Cast, when
from tests.leads.returns.rows import reason_to_recycle

NOON = when("2026-03-02 12:00")
FRIDAY = date(2026, 3, 6)


def park(handoff: Handoff, by: User, wake_on: date | None = FRIDAY, at: datetime = NOON) -> Parking:
    return recycling.park(
        handoff, reason_to_recycle(), wake_on=wake_on, by=by, at=at, comment="En marzo"
    )


def lost(cast: Cast) -> Handoff:
    handoff = factories.contacted(cast)
    factories.prove(handoff.lead, by=cast.bea)
    outcomes.qualify_sql(handoff, by=cast.bea, at=NOON)
    return outcomes.lose(handoff, factories.outcome(), by=cast.bea, at=NOON)


def disqualified(cast: Cast) -> Handoff:
    handoff = factories.contacted(cast)
    reason_of = OutcomeReason.objects.filter(kind="disqualified")[0]
    return outcomes.disqualify(handoff, reason_of, by=cast.bea, at=NOON)


def stored(handoff: Handoff) -> Handoff:
    return Handoff.objects.get(pk=handoff.pk)


def lead_of(handoff: Handoff) -> Lead:
    return Lead.objects.get(pk=handoff.lead_id)


def only() -> Parking:
    return Parking.objects.get()


# -- Parking


WAYS = {
    "rejected": (factories.rejected, "ana", "rejected"),
    "contacted": (factories.contacted, "bea", "recycled"),
    "lost": (lost, "bea", "lost"),
    "disqualified": (disqualified, "bea", "disqualified"),
}


def test_earlier_result_does_not_park_what_another_rep_works_on_since(cast: Cast) -> None:
    """Both handoffs are lost, and the lead is of the rep of the last one."""
    first = lost(cast)
    park(first, cast.bea)
    recycling.wake_by_hand(first.lead, by=cast.ana, at=NOON)
    again = factories.handed_off(cast, of=lead_of(first), at=NOON)
    handoffs.accept(again, by=cast.cruz, at=NOON)
    attempts.record(again, "phone", outcome="reached", by=cast.cruz, at=NOON)
    outcomes.qualify_sql(again, by=cast.cruz, at=NOON)
    outcomes.lose(again, factories.outcome(), by=cast.cruz, at=NOON)
    rows = [stored(first), stored(again)]
    may = [can_recycle(row.owner, row) for row in rows]
    with pytest.raises(MovedOn):
        park(rows[0], cast.bea)
    assert (may, lead_of(first).stage) == ([False, True], "lost")


@pytest.mark.parametrize("way", WAYS)
def test_lead_is_parked_from_each_side(cast: Cast, way: str) -> None:
    make, person, state = WAYS[way]
    handoff = make(cast)
    park(handoff, getattr(cast, person))
    row = only()
    assert (row.state, row.wake_at, row.comment) == ("parked", when("2026-03-06 07:00"), "En marzo")
    assert (lead_of(handoff).stage, stored(handoff).state) == ("recycled", state)


def test_parking_answers_the_return(cast: Cast) -> None:
    park(factories.rejected(cast), cast.ana)
    row = Return.objects.get()
    assert (row.state, row.answered_by, row.answered_at) == ("recycled", cast.ana, NOON)


def test_parking_a_contacted_lead_is_its_sql_decision(cast: Cast) -> None:
    park(factories.contacted(cast), cast.bea)
    assert Clock.objects.get(metric="sql_decision").state == "met"


def test_submitter_is_told(cast: Cast) -> None:
    park(factories.contacted(cast), cast.bea)
    told = Message.objects.filter(kind="handoff.recycled").values_list("recipient", flat=True)
    assert list(told) == [cast.ana.pk]


@pytest.mark.parametrize("wake_on", [date(2026, 3, 1), date(2026, 3, 2), date(2029, 3, 2)])
def test_date_that_cannot_be_is_refused(cast: Cast, wake_on: date) -> None:
    with pytest.raises(recycling.BadDate) as refused:
        park(factories.contacted(cast), cast.bea, wake_on)
    assert (list(refused.value.fields), Parking.objects.count()) == (["wake_on"], 0)


def test_reason_of_another_end_is_refused(cast: Cast) -> None:
    handoff = factories.contacted(cast)
    with pytest.raises(WrongReason):
        recycling.park(handoff, factories.outcome(), wake_on=None, by=cast.bea, at=NOON)


@pytest.mark.parametrize("way", WAYS)
def test_lead_is_parked_once(cast: Cast, way: str) -> None:
    make, person, _state = WAYS[way]
    handoff = make(cast)
    stale = stored(handoff)
    park(handoff, getattr(cast, person))
    with pytest.raises(Conflict):
        park(stale, getattr(cast, person))
    assert Parking.objects.count() == 1


# -- Waking


def sweep(moment: Moment, at: str) -> None:
    moment.set(at)
    tasks.sweep()


def test_lead_wakes_on_its_date_once(cast: Cast, moment: Moment) -> None:
    handoff = factories.contacted(cast)
    park(handoff, cast.bea)
    sweep(moment, "2026-03-06 06:59")
    assert lead_of(handoff).stage == "recycled"
    sweep(moment, "2026-03-06 07:00:01")
    sweep(moment, "2026-03-06 07:00:09")
    row = only()
    assert (row.state, row.cause, row.ended_by) == ("woken", "date", None)
    assert lead_of(handoff).stage == "captured"
    assert handoff.events.filter(kind="woken").count() == 1
    told = Message.objects.filter(kind="handoff.woken").values_list("recipient", flat=True)
    assert list(told) == [cast.ana.pk]


def act(handoff: Handoff, cast: Cast, on: str, at: str | None) -> None:
    leads.add_action(
        lead_of(handoff),
        factories.action(),
        occurred_on=date.fromisoformat(on),
        occurred_at=when(f"{on} {at}") if at else None,
        by=cast.ana,
        at=when("2026-03-03 09:00"),
    )


ACTIONS = {
    "after": ("2026-03-02", "12:01", "captured"),
    "before": ("2026-03-02", "11:59", "recycled"),
    "day before": ("2026-03-01", None, "recycled"),
    "same day": ("2026-03-02", None, "captured"),
    "next day": ("2026-03-03", None, "captured"),
}


@pytest.mark.parametrize("case", ACTIONS)
def test_only_an_action_after_the_parking_wakes(cast: Cast, case: str) -> None:
    handoff = factories.rejected(cast)
    park(handoff, cast.ana, None)
    on, at, stage = ACTIONS[case]
    act(handoff, cast, on, at)
    assert lead_of(handoff).stage == stage


def test_desk_announces_no_lead_that_may_not_be_contacted(cast: Cast) -> None:
    park(factories.contacted(cast), cast.bea)
    before = marketing.counts(cast.ana, at=NOON)["waking"]
    Person.objects.update(no_contact_at=NOON)
    listed = marketing.waking(cast.ana, at=NOON).page(after="", size=5).rows
    after = marketing.counts(cast.ana, at=NOON)["waking"]
    assert (before, after, list(listed)) == (1, 0, [])


def test_lead_is_woken_by_hand_once(cast: Cast) -> None:
    handoff = factories.rejected(cast)
    park(handoff, cast.ana)
    recycling.wake_by_hand(handoff.lead, by=cast.luis, at=NOON)
    assert (only().cause, only().ended_by) == ("person", cast.luis)
    with pytest.raises(Conflict):
        recycling.wake_by_hand(handoff.lead, by=cast.luis, at=NOON)


def test_awake_lead_starts_the_next_cycle_without_its_old_owner(cast: Cast) -> None:
    handoff = factories.contacted(cast)
    park(handoff, cast.bea)
    recycling.wake_by_hand(handoff.lead, by=cast.ana, at=NOON)
    again = factories.handed_off(cast, of=lead_of(handoff), at=NOON)
    assert (again.cycle, again.state, lead_of(handoff).owner) == (2, "pending", None)


ENDS: dict[str, Any] = {
    "archived": lambda handoff, cast: archiving.archive(handoff.lead, by=cast.ana, at=NOON),
    "reopened": lambda handoff, cast: corrections.reopen(
        stored(handoff), why="Llamó", by=cast.bea, at=NOON
    ),
}


@pytest.mark.parametrize("end", ENDS)
def test_parking_ends_with_what_it_rests_on(cast: Cast, moment: Moment, end: str) -> None:
    handoff = lost(cast)
    park(handoff, cast.bea)
    ENDS[end](handoff, cast)
    assert only().state == "cancelled"
    stage = lead_of(handoff).stage
    sweep(moment, "2026-03-06 07:00:01")
    assert (lead_of(handoff).stage, only().state) == (stage, "cancelled")


# -- A new action on a lead in work


def told_of_action() -> list[str]:
    rows = Message.objects.filter(kind="handoff.action")
    return [row.recipient.get_short_name() for row in rows]


def test_owner_is_told_of_a_new_action(cast: Cast) -> None:
    act(factories.accepted(cast), cast, "2026-03-03", None)
    assert told_of_action() == ["Bea"]


@pytest.mark.parametrize("make", [factories.handed_off, factories.rejected])
def test_nobody_is_told_while_no_person_works_on_it(cast: Cast, make: Any) -> None:
    act(make(cast), cast, "2026-03-03", None)
    assert told_of_action() == []
