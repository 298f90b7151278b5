"""How the first contact was kept: what was tried in time and never reached counts apart."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from crm import tasks
from crm.alignment.numbers import report
from crm.alignment.numbers.contacts import contacts
from crm.alignment.numbers.slices import rows
from leads import handoffs
from leads.follow_up import attempts, no_contact
from leads.follow_up.invariants import clock_says_when_it_was_tried
from leads.handoffs import outcomes
from leads.models import Handoff, OutcomeReason
from leads.returns import giving_back, recycling
from sla.clocks import assignments, readings
from sla.models import Clock, Outage
from tests import factories
from tests.alignment.made import NOW, scope
from tests.conftest import Moment
from tests.factories import Cast, when

pytestmark = pytest.mark.django_db
MARCH = "from=2026-03-01&to=2026-03-31"
# Accepted at 10:20 on 2 March, the contact is due at 14:20.
IN_TIME, LATE, END = when("2026-03-02 14:20"), when("2026-03-02 14:21"), when("2026-03-02 16:00")


def tried(cast: Cast, *, at: Any = IN_TIME, outcome: str = "no_answer", times: int = 1) -> Handoff:
    handoff = factories.accepted(cast)
    for _ in range(times):
        attempts.record(handoff, "phone", outcome=outcome, by=cast.bea, at=at)
    return handoff


def untouched(cast: Cast) -> None:
    factories.accepted(cast)


def reached_in_time(cast: Cast) -> None:
    factories.contacted(cast)


def reached_late(cast: Cast) -> None:
    tried(cast, at=END, outcome="reached")


def reached_late_after_a_try(cast: Cast) -> None:
    attempts.record(tried(cast), "phone", outcome="reached", by=cast.bea, at=END)


def tried_once(cast: Cast) -> None:
    tried(cast)


def tried_too_late(cast: Cast) -> None:
    tried(cast, at=LATE)


def tried_in_time_said_late(cast: Cast) -> None:
    handoff = factories.accepted(cast)
    when_tried = {"at": END, "happened_at": IN_TIME}
    attempts.record(handoff, "phone", outcome="no_answer", by=cast.bea, **when_tried)


def only_begun(cast: Cast) -> None:
    attempts.begin(factories.accepted(cast), "phone", by=cast.bea, at=IN_TIME)


def begun_in_time_settled_late(cast: Cast) -> None:
    handoff = factories.accepted(cast)
    begun = attempts.begin(handoff, "phone", by=cast.bea, at=IN_TIME)
    attempts.settle(handoff, begun.pk, outcome="no_answer", by=cast.bea, at=END)


def not_reached(cast: Cast) -> None:
    OutcomeReason.objects.get_or_create(
        code="no_answer", defaults={"kind": "recycled", "name": {"en": "No answer"}}
    )
    recycling.not_reached(tried(cast, times=6), wake_on=date(2026, 4, 1), by=cast.bea, at=END)


def given_back(cast: Cast) -> None:
    giving_back.give_back(tried(cast, outcome="wrong"), by=cast.bea, at=END)


def given_back_before_the_deadline(cast: Cast) -> None:
    giving_back.give_back(tried(cast, outcome="wrong"), by=cast.bea, at=IN_TIME)


def given_back_after_a_late_try(cast: Cast) -> None:
    giving_back.give_back(tried(cast, at=LATE, outcome="wrong"), by=cast.bea, at=END)


def requeued_untouched(cast: Cast) -> None:
    handoffs.requeue(factories.accepted(cast), by=cast.dora, at=IN_TIME, cause="test")


def requeued_late(cast: Cast) -> None:
    handoffs.requeue(factories.accepted(cast), by=cast.dora, at=END, cause="test")


def requeued_after_a_try(cast: Cast) -> None:
    handoffs.requeue(tried(cast), by=cast.dora, at=END, cause="test")


def asked_elsewhere_not_to_be_contacted(cast: Cast) -> None:
    no_contact.ask(tried(cast).lead, by=cast.bea, at=END)


def accepted_as_sql(cast: Cast) -> None:
    outcomes.accept_as_sql(factories.proven(cast), by=cast.bea, at=factories.ACCEPTED_AT)


def reached_late_in_an_outage(cast: Cast) -> None:
    Outage.objects.create(started_at=when("2026-03-02 11:00"), ended_at=when("2026-03-02 11:30"))
    tried(cast, at=END, outcome="reached")


def tried_in_an_outage(cast: Cast) -> None:
    Outage.objects.create(started_at=when("2026-03-02 11:00"), ended_at=when("2026-03-02 11:30"))
    giving_back.give_back(tried(cast, outcome="wrong"), by=cast.bea, at=END)


STORIES: dict[Callable[[Cast], None], str] = {
    untouched: "late",
    reached_in_time: "in_time",
    reached_late: "late",
    reached_late_after_a_try: "late",
    tried_once: "tried",
    tried_too_late: "late",
    tried_in_time_said_late: "tried",
    only_begun: "late",
    begun_in_time_settled_late: "tried",
    not_reached: "tried",
    given_back: "tried",
    given_back_before_the_deadline: "tried",
    given_back_after_a_late_try: "late",
    requeued_untouched: "ended",
    requeued_late: "late",
    requeued_after_a_try: "tried",
    asked_elsewhere_not_to_be_contacted: "tried",
    accepted_as_sql: "ended",
    reached_late_in_an_outage: "outage",
    tried_in_an_outage: "tried",
}


@pytest.mark.parametrize("story", STORIES)
def test_each_contact_clock_is_judged_once(
    cast: Cast, moment: Moment, story: Callable[[Cast], None]
) -> None:
    """Whether or not the ladder announced the breach before."""
    story(cast)
    check_judged_as(STORIES[story])
    moment.set("2026-03-02 14:22")
    tasks.sweep()
    check_judged_as(STORIES[story])


def check_judged_as(result: str) -> None:
    found = vars(contacts(scope()))
    results = ("in_time", "late", "tried", "running", "outage", "ended")
    assert [name for name in results if found[name]] == [result]
    assert (found["clocks"], found["judged"]) == (1, result in ("in_time", "late"))
    assert list(clock_says_when_it_was_tried(NOW)) == []
    for name, count in found.items():
        assert len(rows(scope(), f"contact_{name}")) == count


def test_contact_that_is_not_due_yet_still_runs(cast: Cast) -> None:
    tried(cast, at=factories.ACCEPTED_AT)
    found = contacts(scope(at=IN_TIME))
    assert (found.running, found.tried) == (1, 0)


@pytest.mark.parametrize("tried_at", [None, LATE])
def test_clock_that_says_otherwise_is_named(cast: Cast, tried_at: datetime | None) -> None:
    tried(cast)
    Clock.objects.filter(metric="first_contact").update(tried_at=tried_at)
    [line] = clock_says_when_it_was_tried(NOW)
    assert "was tried at" in line


def test_own_record_counts_it_neither_way(cast: Cast) -> None:
    kept = []
    for story in (given_back, tried_once, requeued_after_a_try, tried_too_late):
        story(cast)
        record = assignments.own_record(cast.bea, since=factories.LOGGED_AT, at=NOW)
        kept.append((record.met, record.late))
    assert kept == [(0, 0), (0, 0), (0, 0), (0, 1)]


def test_next_owner_has_to_try_in_their_own_time(cast: Cast) -> None:
    handoff = tried(cast)
    handoffs.reassign(handoff, cast.cruz, by=cast.dora, at=END)
    bea, cruz = (
        assignments.own_record(person, since=factories.LOGGED_AT, at=NOW)
        for person in (cast.bea, cast.cruz)
    )
    assert (bea.late, cruz.late) == (0, 1)


def test_page_list_file_and_api_say_the_same(cast: Cast, client: Client, signed_in: Any) -> None:
    for story in (tried_once, given_back, untouched, reached_in_time):
        for _ in range(3):
            story(cast)
    elsa = signed_in(cast.elsa)
    page = elsa.get(f"/alignment/?{MARCH}").content.decode()
    assert "neither kept nor missed" in page
    assert f"show=contact_tried&amp;{MARCH.replace('&', '&amp;')}" in page
    listed = elsa.get(f"/alignment/leads/?show=contact_tried&{MARCH}")
    assert listed.context["listing"].count == len(listed.context["listing"].rows) == 6
    file = elsa.get(f"/alignment/contact.csv?{MARCH}").content.decode("utf-8-sig")
    in_file = {row[0]: row[1] for row in csv.reader(io.StringIO(file))}
    assert in_file["Tried in time, never reached"] == "6"
    printed = io.StringIO()
    call_command("funnel", "--from=2026-03-01", "--to=2026-03-31", stdout=printed)
    assert "6 tried in time, never reached" in printed.getvalue()
    shown = report.as_json(report.read(scope()))["first_contact"]
    assert (shown["tried"], shown["attainment"], shown["judged"]) == (6, 0.5, 6)
    assert shown["promised"] == [{"target": 0.9, "window_minutes": 240}]


@pytest.mark.parametrize(
    ("story", "status"),
    [(given_back, "tried"), (given_back_before_the_deadline, "tried"), (tried_once, "late")],
)
def test_clock_of_the_lead_says_so(
    cast: Cast, signed_in: Any, moment: Moment, story: Callable[[Cast], None], status: str
) -> None:
    story(cast)
    clock = Clock.objects.get(metric="first_contact")
    moment.set(NOW)
    reading = readings.reading(clock, at=NOW)
    assert (reading.standing, reading.was_tried) == (status, True)
    Handoff.objects.update(clock=clock)
    handoff = Handoff.objects.get()
    page = signed_in(cast.dora).get(f"/leads/{handoff.lead_id}/").content.decode()
    assert "Tried in time, never reached: it counts apart, neither kept nor missed." in page
