"""Nobody answered: what each step of the ladder does to the handoff, and whom it tells."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm import tasks
from crm.accounts.models import Membership, User
from crm.notifications.models import Message, Notice
from leads import handoffs
from leads.models import Handoff
from sla.models import Clock, Firing
from tests import factories
from tests.conftest import Moment
from tests.factories import Cast, when
from tests.terms import COMMITMENTS, SQL_DECISION


def climb(moment: Moment, *times: str) -> None:
    """Sweep at each time of day of Monday 2 March, five seconds after it."""
    for time in times:
        moment.set(f"2026-03-02 {time}:05")
        tasks.sweep()


def notified() -> dict[str, list[str]]:
    """Who is told of what, without what the hand-off itself says."""
    found: dict[str, list[str]] = {}
    for message in Message.objects.exclude(kind="handoff.new").order_by("recipient__name"):
        found.setdefault(message.kind, []).append(message.recipient.get_short_name())
    return found


def escalations(handoff: Handoff) -> list[tuple[object, ...]]:
    events = handoff.events.filter(kind="escalated").order_by("id")
    return [
        (e.payload["step"], e.payload["metric"], e.from_state, e.to_state, e.actor) for e in events
    ]


# -- The accept clock: 10:00 to 12:00


def test_warning_tells_everybody_who_could_take_it(cast: Cast, moment: Moment) -> None:
    factories.handed_off(cast)
    climb(moment, "11:30")
    assert notified() == {"handoff.warning": ["Bea", "Cruz", "Dora"]}


def test_breach_tells_those_who_owed_it_and_who_waits_for_it(cast: Cast, moment: Moment) -> None:
    factories.handed_off(cast)
    climb(moment, "11:30", "12:00")
    assert notified()["handoff.breached"] == ["Ana", "Bea", "Cruz", "Dora"]


def test_lead_of_the_team_is_told(cast: Cast, moment: Moment) -> None:
    factories.handed_off(cast)
    climb(moment, "11:30", "12:00", "12:30")
    assert notified()["handoff.escalated_lead"] == ["Dora"]


def test_member_who_leads_another_team_is_not_told_as_lead(cast: Cast, moment: Moment) -> None:
    factories.person("Gil", cast.sales, leads=[cast.other_sales])
    factories.handed_off(cast)
    climb(moment, "11:30", "12:00", "12:30")
    assert notified()["handoff.escalated_lead"] == ["Dora"]


def test_team_without_lead_tells_the_director(cast: Cast, moment: Moment) -> None:
    factories.handed_off(cast)
    Membership.objects.filter(user=cast.dora).delete()
    climb(moment, "11:30", "12:00", "12:30")
    assert notified()["handoff.escalated_lead"] == ["Elsa"]


def test_requeue_keeps_it_pending_and_tells_the_team(cast: Cast, moment: Moment) -> None:
    handoff = factories.handed_off(cast)
    climb(moment, "11:30", "12:00", "12:30", "13:00")
    handoff.refresh_from_db()
    assert (handoff.state, handoff.requeued_at) == ("pending", when("2026-03-02 13:00:05"))
    assert notified()["handoff.requeued"] == ["Bea", "Cruz", "Dora"]


def test_director_is_told_last(cast: Cast, moment: Moment) -> None:
    factories.handed_off(cast)
    climb(moment, "11:30", "12:00", "12:30", "13:00", "14:00")
    assert notified()["handoff.escalated_director"] == ["Elsa"]


def test_without_director_the_admin_is_told(cast: Cast, moment: Moment) -> None:
    factories.handed_off(cast)
    User.objects.filter(pk=cast.elsa.pk).update(is_active=False)
    climb(moment, "11:30", "12:00", "12:30", "13:00", "14:00")
    assert notified()["handoff.escalated_director"] == ["Root"]


def test_queue_with_nobody_in_it_tells_the_director_from_the_first_warning(
    cast: Cast, moment: Moment
) -> None:
    factories.handed_off(cast)
    User.objects.filter(pk__in=[cast.bea.pk, cast.cruz.pk, cast.dora.pk]).update(is_active=False)
    climb(moment, "11:30")
    assert notified() == {"handoff.warning": ["Elsa"]}


def test_each_step_is_an_event_of_the_system(cast: Cast, moment: Moment) -> None:
    handoff = factories.handed_off(cast)
    climb(moment, "11:30", "12:00", "12:30", "13:00", "14:00")
    assert escalations(handoff) == [
        ("warn", "accept", "pending", "pending", None),
        ("breach", "accept", "pending", "pending", None),
        ("tell_lead", "accept", "pending", "pending", None),
        ("requeue", "accept", "pending", "pending", None),
        ("tell_director", "accept", "pending", "pending", None),
    ]


def test_after_the_top_nothing_more_happens(cast: Cast, moment: Moment) -> None:
    handoff = factories.handed_off(cast)
    climb(moment, "11:30", "12:00", "12:30", "13:00", "14:00", "15:00", "16:00")
    assert (len(escalations(handoff)), Clock.objects.get().next_step_at) == (5, None)


def test_ladder_left_alone_over_a_weekend_rests_with_the_office(cast: Cast, moment: Moment) -> None:
    handoff = factories.handed_off(cast, at=when("2026-03-06 16:00"))
    moment.set("2026-03-08 23:00")
    tasks.sweep()
    assert escalations(handoff) == []
    moment.set("2026-03-09 09:30:05")
    tasks.sweep()
    assert [step for step, *_rest in escalations(handoff)] == ["warn"]


@pytest.mark.parametrize("answer", ["accept", "reject", "withdraw"])
def test_answer_ends_the_ladder(cast: Cast, moment: Moment, answer: str) -> None:
    handoff = factories.handed_off(cast)
    climb(moment, "11:30", "12:00")
    moment.set("2026-03-02 12:10")
    if answer == "accept":
        handoffs.accept(handoff, by=cast.bea, at=when("2026-03-02 12:10"))
    elif answer == "reject":
        handoffs.reject(handoff, factories.rejection(), by=cast.bea, at=when("2026-03-02 12:10"))
    else:
        handoffs.withdraw(handoff, by=cast.ana, at=when("2026-03-02 12:10"))
    climb(moment, "12:30", "13:00", "14:00")
    assert [step for step, *_rest in escalations(handoff)] == ["warn", "breach"]


def test_answer_at_the_very_deadline_is_not_escalated(cast: Cast, moment: Moment) -> None:
    handoff = factories.handed_off(cast)
    climb(moment, "11:30")
    moment.set("2026-03-02 12:00")
    tasks.sweep()
    handoffs.accept(handoff, by=cast.bea, at=when("2026-03-02 12:00"))
    assert [step for step, *_rest in escalations(handoff)] == ["warn"]


# -- The contact clock of an accepted handoff: 10:20 to 14:20


def test_warning_of_the_contact_tells_the_owner_alone(cast: Cast, moment: Moment) -> None:
    factories.accepted(cast)
    climb(moment, "13:20")
    assert notified()["handoff.warning"] == ["Bea"]


def test_breach_of_the_contact_tells_owner_and_submitter(cast: Cast, moment: Moment) -> None:
    factories.accepted(cast)
    climb(moment, "13:20", "14:20")
    assert notified()["handoff.breached"] == ["Ana", "Bea"]


def test_owner_who_left_is_not_waited_for(cast: Cast, moment: Moment) -> None:
    factories.accepted(cast)
    User.objects.filter(pk=cast.bea.pk).update(is_active=False)
    climb(moment, "13:20")
    assert notified()["handoff.warning"] == ["Dora"]


@pytest.fixture
def requeued(cast: Cast, moment: Moment) -> Handoff:
    """Accepted on Monday, never contacted; the ladder takes it back 240 business minutes after the
    deadline.
    """
    handoff = factories.accepted(cast)
    climb(moment, "13:20", "14:20", "15:20")
    moment.set("2026-03-03 10:20:05")
    tasks.sweep()
    handoff.refresh_from_db()
    return handoff


def test_uncontacted_handoff_goes_back_to_the_queue(requeued: Handoff, cast: Cast) -> None:
    assert (requeued.state, requeued.owner, requeued.requeued_at) == (
        "pending",
        None,
        when("2026-03-03 10:20:05"),
    )
    assert escalations(requeued)[-1] == ("requeue", "first_contact", "accepted", "accepted", None)


def test_uncontacted_handoff_leaves_a_breach_and_starts_anew(requeued: Handoff, cast: Cast) -> None:
    found = Clock.objects.order_by("id").values_list("metric", "state", "due_at")
    assert list(found) == [
        ("accept", "met", when("2026-03-02 12:00")),
        ("first_contact", "breached", when("2026-03-02 14:20")),
        ("accept", "running", when("2026-03-03 12:20:05")),
    ]


def test_requeued_handoff_is_escalated_again_from_its_new_start(
    requeued: Handoff, cast: Cast, moment: Moment
) -> None:
    moment.set("2026-03-03 11:50:06")
    tasks.sweep()
    assert escalations(requeued)[-1] == ("warn", "accept", "pending", "pending", None)


# -- By batches


# When each step is due for a handoff of 10:00 and for four of 10:10.
STEPS = [
    ("11:30", "11:40"),
    ("12:00", "12:10"),
    ("12:30", "12:40"),
    ("13:00", "13:10"),
    ("14:00", "14:10"),
]


def test_step_of_many_handoffs_costs_the_queries_of_one(cast: Cast, moment: Moment) -> None:
    factories.handed_off(cast, at=when("2026-03-02 10:00"))
    for _handoff in range(4):
        factories.handed_off(cast, at=when("2026-03-02 10:10"))
    tasks.sweep()  # the first one of all adds the row of its heartbeat
    costs = []
    for times in STEPS:
        for time, rows in zip(times, (1, 4), strict=True):
            moment.set(f"2026-03-02 {time}:05")
            with CaptureQueriesContext(connection) as queries:
                assert tasks.sweep() == rows
            costs.append(len(queries))
    assert costs[::2] == costs[1::2]


# -- Once each


def test_firings_are_proven_once_each(cast: Cast, moment: Moment) -> None:
    factories.handed_off(cast)
    climb(moment, "11:30", "11:30", "12:00", "12:00", "12:30", "13:00", "14:00", "14:00")
    found = Firing.objects.order_by("level").values_list("level", "kind", "planned_at")
    assert list(found) == [
        (1, "warn", when("2026-03-02 11:30")),
        (2, "breach", when("2026-03-02 12:00")),
        (3, "tell_lead", when("2026-03-02 12:30")),
        (4, "requeue", when("2026-03-02 13:00")),
        (5, "tell_director", when("2026-03-02 14:00")),
    ]


def test_notices_reach_the_inbox_once_each(cast: Cast, moment: Moment) -> None:
    factories.handed_off(cast)
    climb(moment, "11:30")
    for _run in range(2):
        tasks.sweep()
        tasks.drain()
    assert sorted(Notice.objects.filter(recipient=cast.bea).values_list("kind", flat=True)) == [
        "handoff.new",
        "handoff.warning",
    ]


def test_notice_says_which_promise_and_by_when(cast: Cast, moment: Moment) -> None:
    factories.handed_off(cast)
    climb(moment, "11:30")
    message = Message.objects.filter(kind="handoff.warning")[0]
    assert (message.params["metric"], message.params["due_at"]) == (
        "accept",
        "2026-03-02T18:00:00+00:00",
    )


def test_every_step_has_an_action_for_every_subject() -> None:
    every = ["breach", "requeue", "tell_director", "tell_lead", "warn"]
    assert {name: sorted(subject.steps) for name, subject in tasks.SUBJECTS.items()} == {
        "handoff": every,
        "return": every,
        "dispute": every,
    }


# -- An old ladder, which puts back what no queue waits for


def test_requeue_of_another_clock_tells_the_lead_of_the_team(cast: Cast, moment: Moment) -> None:
    old = {**SQL_DECISION, "window_minutes": 60, "steps": [("breach", 0), ("requeue", 60)]}
    promises = [each for each in COMMITMENTS if each["metric"] != "sql_decision"]
    factories.agreement(
        factories.office("Antes"),
        marketing=cast.luis,
        sales=cast.dora,
        commitments=[*promises, old],
        teams=[cast.sales],
    )
    handoff = factories.contacted(cast)
    climb(moment, "12:00", "13:00")
    handoff.refresh_from_db()
    assert (handoff.state, handoff.owner) == ("contacted", cast.bea)
    assert escalations(handoff) == [
        ("breach", "sql_decision", "contacted", "contacted", None),
        ("tell_lead", "sql_decision", "contacted", "contacted", None),
    ]
    assert notified()["handoff.escalated_lead"] == ["Dora"]
