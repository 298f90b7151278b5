"""Taking back an accept or a reject: for 10 s, by oneself, as if nothing had happened."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from crm import tasks
from crm.notifications.models import Message
from leads import handoffs
from leads.follow_up import attempts
from leads.handoffs import outcomes, undo
from leads.models import Handoff, Lead
from sla.models import Clock
from tests import factories
from tests.conftest import Moment
from tests.factories import ACCEPTED_AT, Cast, when

SOON_AFTER = ACCEPTED_AT + timedelta(seconds=10)


def stored(handoff: Handoff) -> Handoff:
    return Handoff.objects.get(pk=handoff.pk)


def clock_row(handoff: Handoff, metric: str = "accept") -> dict[str, object]:
    return Clock.objects.filter(subject_id=handoff.pk, metric=metric).values().get()


def undone(handoff: Handoff, cast: Cast, *, at: datetime = SOON_AFTER) -> Handoff:
    return stored(undo.undo(stored(handoff), by=cast.bea, at=at))


@pytest.mark.parametrize("decide", [factories.accepted, factories.rejected])
def test_undone_decision_leaves_everything_as_it_was_before(
    cast: Cast, decide: Callable[..., Handoff]
) -> None:
    handoff = factories.handed_off(cast)
    before = (
        Handoff.objects.filter(pk=handoff.pk).values().get(),
        Lead.objects.filter(pk=handoff.lead_id).values().get(),
        clock_row(handoff),
    )
    if decide is factories.accepted:
        handoffs.accept(handoff, by=cast.bea, at=ACCEPTED_AT)
    else:
        handoffs.reject(handoff, factories.rejection(), by=cast.bea, at=ACCEPTED_AT)
    undone(handoff, cast)
    after = (
        Handoff.objects.filter(pk=handoff.pk).values().get(),
        Lead.objects.filter(pk=handoff.lead_id).values().get(),
        clock_row(handoff),
    )
    assert after == before


def test_undone_decision_stays_in_the_history(cast: Cast) -> None:
    handoff = undone(factories.accepted(cast, by=cast.bea), cast)
    decision = handoff.decisions.get()
    event = handoff.events.order_by("-id")[0]
    assert (decision.kind, decision.by, decision.undone_at) == ("accept", cast.bea, SOON_AFTER)
    assert (event.kind, event.from_state, event.to_state, event.actor) == (
        "undone",
        "accepted",
        "pending",
        cast.bea,
    )


def test_undone_accept_ends_the_contact_clock(cast: Cast) -> None:
    handoff = undone(factories.accepted(cast, by=cast.bea), cast)
    assert clock_row(handoff, "first_contact")["state"] == "cancelled"


def test_undone_decision_is_not_told(cast: Cast) -> None:
    undone(factories.accepted(cast, by=cast.bea), cast)
    message = Message.objects.get(kind="handoff.accepted")
    assert (message.next_try_at, message.dropped_at, message.last_error) == (
        None,
        SOON_AFTER,
        "undone",
    )


def test_undone_lead_is_accepted_by_somebody_else(cast: Cast) -> None:
    handoff = undone(factories.accepted(cast, by=cast.bea), cast)
    handoffs.accept(handoff, by=cast.cruz, at=when("2026-03-02 10:30"))
    assert (stored(handoff).owner, stored(handoff).clock.metric) == (cast.cruz, "first_contact")


def test_undo_after_ten_seconds_is_too_late(cast: Cast) -> None:
    handoff = factories.accepted(cast, by=cast.bea)
    with pytest.raises(undo.TooLate):
        undone(handoff, cast, at=SOON_AFTER + timedelta(microseconds=1))
    assert stored(handoff).state == "accepted"


def test_undo_is_for_the_one_who_decided(cast: Cast) -> None:
    handoff = factories.accepted(cast, by=cast.bea)
    with pytest.raises(undo.TooLate):
        undo.undo(stored(handoff), by=cast.cruz, at=SOON_AFTER)


def test_undo_of_what_others_have_built_on_is_too_late(cast: Cast) -> None:
    handoff = factories.accepted(cast, by=cast.bea)
    attempts.record(
        handoff, "phone", outcome="no_answer", by=cast.bea, at=ACCEPTED_AT + timedelta(seconds=3)
    )
    with pytest.raises(undo.TooLate):
        undone(handoff, cast)
    assert (stored(handoff).state, stored(handoff).owner) == ("accepted", cast.bea)


def test_undo_of_accept_as_sql_is_refused(cast: Cast) -> None:
    handoff = factories.proven(cast)
    outcomes.accept_as_sql(handoff, by=cast.bea, at=ACCEPTED_AT)
    with pytest.raises(handoffs.AlreadyTaken):
        undone(handoff, cast)


def test_undo_twice_is_once(cast: Cast) -> None:
    handoff = undone(factories.accepted(cast, by=cast.bea), cast)
    with pytest.raises(undo.TooLate):
        undone(handoff, cast)
    assert handoff.events.filter(kind="undone").count() == 1


def test_date_of_an_earlier_acceptance_stays(cast: Cast) -> None:
    handoff = factories.accepted(cast, by=cast.cruz)
    handoffs.requeue(handoff, by=cast.dora, at=when("2026-03-03 09:00"), cause="test")
    handoffs.accept(handoff, by=cast.bea, at=when("2026-03-03 09:10"))
    undone(handoff, cast, at=when("2026-03-03 09:10"))
    assert str(Lead.objects.get().accepted_on) == "2026-03-02"


@pytest.mark.parametrize(
    ("fired", "state"), [(["11:30"], "running"), (["11:30", "12:00"], "breached")]
)
def test_clock_goes_on_from_the_step_that_has_fired(
    cast: Cast, moment: Moment, fired: list[str], state: str
) -> None:
    handoff = factories.handed_off(cast)
    for time in fired:
        moment.set(f"2026-03-02 {time}:05")
        tasks.sweep()
    before = clock_row(handoff)
    decided_at = when(f"2026-03-02 {fired[-1]}:20")
    handoffs.accept(stored(handoff), by=cast.bea, at=decided_at)
    undone(handoff, cast, at=decided_at + timedelta(seconds=5))
    assert (before["state"], clock_row(handoff)) == (state, before)


def test_undo_in_the_queue_answers_with_the_row_and_the_lead_pages_toast_offers_it(
    cast: Cast, client: Client
) -> None:
    handoff = factories.handed_off(cast)
    client.force_login(cast.bea)
    page = client.post(f"/handoffs/{handoff.pk}/accept/", follow=True).content.decode()
    assert f'action="/handoffs/{handoff.pk}/undo/"' in page
    row = client.post(
        f"/handoffs/{handoff.pk}/undo/", headers={"HX-Request": "true"}
    ).content.decode()
    assert (f"/handoffs/{handoff.pk}/accept/" in row, stored(handoff).state) == (True, "pending")


def test_undo_of_a_colleagues_decision_is_forbidden(cast: Cast, client: Client) -> None:
    handoff = factories.accepted(cast, by=cast.bea)
    client.force_login(cast.dora)
    assert client.post(f"/handoffs/{handoff.pk}/undo/").status_code == 403


@pytest.mark.parametrize("time", ["10:20", "13:00"])
@pytest.mark.parametrize("headers", [{"HX-Request": "true"}, {}])
def test_accept_needs_six_queries(
    cast: Cast, client: Client, moment: Moment, time: str, headers: dict[str, str]
) -> None:
    factories.accepted(cast)  # the ladder of the next clock is stored once, with the first
    handoff = factories.handed_off(cast)
    moment.set(f"2026-03-02 {time}")
    client.force_login(cast.bea)
    with CaptureQueriesContext(connection) as captured:
        client.post(f"/handoffs/{handoff.pk}/accept/", headers=headers)
    statements = [
        query["sql"] for query in captured if "SAVEPOINT" not in query["sql"]
    ]  # the test's own transaction
    assert (stored(handoff).state, len(statements)) == ("accepted", 6), "\n".join(
        s[:150] for s in statements
    )


def test_undo_of_a_rejection_after_the_next_hand_off_is_a_conflict(
    cast: Cast, moment: Moment, signed_in: Callable[..., Client]
) -> None:
    """Marketing was faster than the ten seconds."""
    handoff = factories.rejected(cast)
    again = factories.handed_off(cast, of=handoff.lead, at=ACCEPTED_AT + timedelta(seconds=4))
    moment.set(ACCEPTED_AT + timedelta(seconds=5))
    answer = signed_in(cast.bea).post(f"/handoffs/{handoff.pk}/undo/")
    assert answer.status_code == 409
    assert (stored(handoff).state, stored(again).state) == ("rejected", "pending")
    assert handoff.decisions.get().undone_at is None
