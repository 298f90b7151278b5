"""The outbox: a row now, delivery later, one inbox line for each message."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import IntegrityError, transaction
from pytest_django import DjangoAssertNumQueries

from crm.accounts.models import User
from crm.lib import clock
from crm.notifications import outbox
from crm.notifications.models import Message, Notice
from tests.conftest import Moment
from tests.factories import Cast, when

TEN = when("2026-03-02 10:00")


def notify(*people: User, key: str = "k", at: datetime = TEN, **more: object) -> int:
    return outbox.notify("handoff.new", people, at=at, key=key, **more)  # type: ignore[arg-type]


def inbox(person: User) -> list[str]:
    return list(
        Notice.objects.filter(recipient=person).order_by("id").values_list("kind", flat=True)
    )


# -- Asking


def test_notify_writes_rows_and_delivers_nothing(cast: Cast, moment: Moment) -> None:
    assert notify(cast.bea, cast.cruz) == 2
    assert (Message.objects.count(), Notice.objects.count()) == (2, 0)


def test_same_key_for_the_same_person_is_one_message(cast: Cast, moment: Moment) -> None:
    notify(cast.bea, key="firing:1")
    notify(cast.bea, cast.cruz, key="firing:1")
    assert sorted(Message.objects.values_list("recipient__name", flat=True)) == [
        "Bea Quintero",
        "Cruz Medina",
    ]


def test_another_key_is_another_message(cast: Cast, moment: Moment) -> None:
    notify(cast.bea, key="firing:1")
    notify(cast.bea, key="firing:2")
    assert Message.objects.count() == 2


def test_person_named_twice_is_told_once(cast: Cast, moment: Moment) -> None:
    assert (notify(cast.bea, cast.bea), Message.objects.count()) == (1, 1)


def test_inactive_person_is_not_told(cast: Cast, moment: Moment) -> None:
    cast.bea.is_active = False
    assert (notify(cast.bea, cast.cruz), Message.objects.get().recipient) == (1, cast.cruz)


# -- Delivering


def test_message_becomes_one_notice(cast: Cast, moment: Moment) -> None:
    notify(cast.bea, params={"lead": "Mariana"}, path="/leads/7/")
    outbox.deliver()
    notice = Notice.objects.get()
    found = (
        notice.recipient,
        notice.kind,
        notice.params,
        notice.path,
        notice.created_at,
        notice.read_at,
    )
    assert found == (cast.bea, "handoff.new", {"lead": "Mariana"}, "/leads/7/", TEN, None)


def test_message_sent_is_not_sent_again(cast: Cast, moment: Moment) -> None:
    notify(cast.bea)
    assert [outbox.deliver(), outbox.deliver(), len(inbox(cast.bea))] == [1, 0, 1]


def test_sent_message_says_when(cast: Cast, moment: Moment) -> None:
    notify(cast.bea)
    moment.set("2026-03-02 10:00:07")
    outbox.deliver()
    message = Message.objects.get()
    assert (message.sent_at, message.next_try_at, message.attempts) == (
        when("2026-03-02 10:00:07"),
        None,
        1,
    )


def test_second_notice_of_a_message_is_refused_by_the_database(cast: Cast, moment: Moment) -> None:
    notify(cast.bea)
    outbox.deliver()
    with pytest.raises(IntegrityError), transaction.atomic():
        Notice.objects.create(
            recipient=cast.bea, message=Message.objects.get(), kind="x", created_at=TEN
        )


@pytest.mark.parametrize(("seconds", "told"), [(9.999999, 0), (10, 1)])
def test_message_that_waits_is_told_when_its_time_has_come(
    cast: Cast, moment: Moment, seconds: float, told: int
) -> None:
    notify(cast.bea, wait=outbox.UNDO_WINDOW)
    moment.advance(seconds=seconds)
    assert outbox.deliver() == told


def test_batch_takes_the_longest_waiting_first(cast: Cast, moment: Moment) -> None:
    notify(cast.bea, key="later", at=TEN - timedelta(minutes=1))
    notify(cast.cruz, key="first", at=TEN - timedelta(minutes=2))
    assert (outbox.deliver(batch=1), inbox(cast.bea), inbox(cast.cruz)) == (1, [], ["handoff.new"])


def test_messages_due_at_the_same_instant_keep_their_order(cast: Cast, moment: Moment) -> None:
    notify(cast.bea, cast.cruz, cast.dora)
    # PostgreSQL writes a changed row anew, behind the others: without a second key it comes last.
    Message.objects.filter(recipient=cast.bea).update(path="/leads/7/")
    outbox.deliver()
    delivered = Notice.objects.order_by("id").values_list("recipient__name", flat=True)
    queued = Message.objects.order_by("id").values_list("recipient__name", flat=True)
    assert list(delivered) == list(queued)


# -- Taking back


def test_message_of_a_withdrawn_cause_is_never_told(cast: Cast, moment: Moment) -> None:
    notify(cast.bea, cause="decision:1", wait=outbox.UNDO_WINDOW)
    notify(cast.cruz, cause="decision:2", wait=outbox.UNDO_WINDOW)
    moment.advance(seconds=5)
    assert outbox.withdraw("decision:1", at=clock.now(), reason="undone") == 1
    moment.advance(seconds=60)
    outbox.deliver()
    assert (inbox(cast.bea), inbox(cast.cruz)) == ([], ["handoff.new"])


def test_withdrawn_message_keeps_the_reason(cast: Cast, moment: Moment) -> None:
    notify(cast.bea, cause="decision:1", wait=outbox.UNDO_WINDOW)
    outbox.withdraw("decision:1", at=TEN, reason="undone")
    message = Message.objects.get()
    assert (message.dropped_at, message.last_error, message.next_try_at) == (TEN, "undone", None)


def test_message_that_was_sent_cannot_be_withdrawn(cast: Cast, moment: Moment) -> None:
    notify(cast.bea, cause="decision:1")
    outbox.deliver()
    assert outbox.withdraw("decision:1", at=TEN, reason="undone") == 0


def test_person_who_left_in_the_meantime_gets_no_notice(cast: Cast, moment: Moment) -> None:
    notify(cast.bea, cast.cruz)
    User.objects.filter(pk=cast.bea.pk).update(is_active=False)
    assert (outbox.deliver(), inbox(cast.bea), inbox(cast.cruz)) == (2, [], ["handoff.new"])
    message = Message.objects.get(recipient=cast.bea)
    kept = (message.sent_at, message.dropped_at, message.next_try_at, message.last_error)
    assert kept == (None, TEN, None, "the person is not active any more")


def test_a_batch_is_one_statement(
    cast: Cast, moment: Moment, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    notify(cast.bea, cast.cruz, cast.dora)
    with django_assert_num_queries(4):  # the moment, the savepoint around the statement
        assert outbox.deliver() == 3


# -- Failing


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """Ids of people whom no notice reaches; everybody else is reached."""
    unreachable: set[int] = set()
    real = outbox._deliver_batch

    def deliver_batch(most: int, ids: list[int] | None, *, now: datetime) -> int:
        batch = outbox._due(now, ids)[:most]
        if unreachable & set(batch.values_list("recipient_id", flat=True)):
            raise ConnectionError("no route")
        return real(most, ids, now=now)

    monkeypatch.setattr(outbox, "_deliver_batch", deliver_batch)
    return unreachable


def test_failed_message_does_not_hold_the_others(
    cast: Cast, moment: Moment, broken: set[int]
) -> None:
    broken.add(cast.bea.pk)
    notify(cast.bea, cast.cruz)
    assert (outbox.deliver(), inbox(cast.bea), inbox(cast.cruz)) == (2, [], ["handoff.new"])


def test_many_failed_messages_are_each_tried_once(
    cast: Cast, moment: Moment, broken: set[int]
) -> None:
    broken.add(cast.bea.pk)
    for number in range(5):
        notify(cast.bea, cast.cruz, key=f"k{number}")
    assert (outbox.deliver(), outbox.deliver(), inbox(cast.cruz)) == (10, 0, ["handoff.new"] * 5)
    waiting = Message.objects.filter(next_try_at__isnull=False)
    assert set(waiting.values_list("recipient", "attempts")) == {(cast.bea.pk, 1)}


def test_time_limit_of_the_worker_is_no_fault_of_a_message(
    cast: Cast, moment: Moment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_args: object, **_more: object) -> int:
        raise SoftTimeLimitExceeded

    monkeypatch.setattr(outbox, "_deliver_batch", interrupt)
    notify(cast.bea)
    with pytest.raises(SoftTimeLimitExceeded):
        outbox.deliver()
    assert Message.objects.get().attempts == 0


def test_failed_message_keeps_the_error(cast: Cast, moment: Moment, broken: set[int]) -> None:
    broken.add(cast.bea.pk)
    notify(cast.bea)
    outbox.deliver()
    message = Message.objects.get()
    assert (message.last_error, message.sent_at, message.attempts) == (
        "ConnectionError('no route')",
        None,
        1,
    )


def test_failed_message_is_told_once_the_channel_is_back(
    cast: Cast, moment: Moment, broken: set[int]
) -> None:
    broken.add(cast.bea.pk)
    notify(cast.bea)
    outbox.deliver()
    broken.clear()
    moment.advance(seconds=30)
    outbox.deliver()
    assert inbox(cast.bea) == ["handoff.new"]


def tries(moment: Moment) -> list[datetime]:
    """When the only message is tried, until it is given up."""
    moments = []
    while (at := Message.objects.get().next_try_at) is not None:
        moments.append(moment.set(at))
        assert outbox.deliver() == 1
    return moments


def test_failed_message_is_tried_again_ever_less_often(
    cast: Cast, moment: Moment, broken: set[int]
) -> None:
    broken.add(cast.bea.pk)
    notify(cast.bea)
    found = tries(moment)[:10]
    gaps = [int((later - earlier).total_seconds()) for earlier, later in itertools.pairwise(found)]
    assert gaps == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]


def test_failed_message_is_given_up_after_three_days(
    cast: Cast, moment: Moment, broken: set[int]
) -> None:
    broken.add(cast.bea.pk)
    notify(cast.bea)
    found = tries(moment)
    three_days = when("2026-03-05 10:00")
    assert (found[-2] <= three_days < found[-1], Message.objects.get().dropped_at) == (
        True,
        found[-1],
    )


# -- Reading


def test_reading_marks_only_ones_own(cast: Cast, moment: Moment) -> None:
    notify(cast.bea, cast.cruz)
    outbox.deliver()
    assert outbox.mark_read(cast.bea, at=TEN) == 1
    assert (outbox.unread_count(cast.bea), outbox.unread_count(cast.cruz)) == (0, 1)


def test_reading_again_keeps_the_first_moment(cast: Cast, moment: Moment) -> None:
    notify(cast.bea)
    outbox.deliver()
    outbox.mark_read(cast.bea, at=TEN)
    outbox.mark_read(cast.bea, at=when("2026-03-02 11:00"))
    assert Notice.objects.get().read_at == TEN
