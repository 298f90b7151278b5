"""Letters: which mails go together, decided once and sent as decided."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import timedelta
from smtplib import SMTPServerDisconnected
from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.core import mail as django_mail
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from crm import invariants, tasks
from crm.accounts.models import User
from crm.lib import clock
from crm.notifications import letters, mail, mail_queue, outbox
from crm.notifications.models import Letter, Message
from sla.clocks import heartbeats
from sla.models import Heartbeat
from tests.conftest import Moment
from tests.factories import Cast, when
from tests.races.parallel import together

TEN = when("2026-03-02 10:00")


@pytest.fixture(autouse=True)
def on(settings: Settings, moment: Moment) -> Iterator[None]:
    """Mails go to Django's list in memory, and every letter keeps its promises in the end."""
    settings.MAIL_ON = True
    settings.BASE_URL = "https://relevo.example"
    yield
    assert list(invariants.letter_holds_mails_of_one_kind(clock.now())) == []


def notify(person: User, number: int, *, after: float = 0, **more: object) -> None:
    """Queue a mail ``after`` so many seconds; equal but for its number."""
    asked: dict[str, Any] = {
        "kind": "agreement.in_force",
        "at": TEN + timedelta(seconds=after),
        "key": f"k{number}",
        "params": {"agreement": f"Acuerdo {number}", "number": number},
        "path": f"/agreement/{number}/",
        "cause": f"cause:{number}",
        **more,
    }
    outbox.notify(recipients=[person], **asked)


def tied() -> list[list[int]]:
    """The numbers of the messages of each letter."""
    rows = Message.objects.filter(letter__isnull=False).order_by("letter", "created_at", "id")
    by_letter = itertools.groupby(rows, key=lambda message: message.letter_id)
    return [[message.params.get("number", 0) for message in group] for _pk, group in by_letter]


def sent() -> list[tuple[str, str, str]]:
    """Address, subject and text of what went out."""
    return [(each.to[0], each.subject, str(each.body)) for each in django_mail.outbox]


def ids() -> list[str]:
    return [each.extra_headers["Message-ID"] for each in django_mail.outbox]


# -- What goes together


@pytest.mark.parametrize(
    ("seconds", "together_"),
    [
        ([0, 0], [[0, 1]]),
        ([0, 300], [[0, 1]]),
        ([0, 300.000001], [[0], [1]]),
        ([0, 200, 400], [[0, 1], [2]]),
        ([0], [[0]]),
    ],
)
def test_mails_of_five_minutes_are_one_letter(
    cast: Cast, moment: Moment, seconds: list[float], together_: list[list[int]]
) -> None:
    for number, after in enumerate(seconds):
        notify(cast.bea, number, after=after)
    moment.advance(minutes=10)
    assert (tasks.mail(), tied(), len(sent())) == (len(together_), together_, len(together_))


def test_other_person_and_other_kind_are_other_letters(cast: Cast) -> None:
    notify(cast.bea, 1)
    notify(cast.bea, 2, kind="agreement.reopened")
    notify(cast.cruz, 3)
    notify(cast.bea, 4)
    assert (tasks.mail(), sorted(tied())) == (3, [[1, 4], [2], [3]])


def again_under_its_id(message: Message) -> None:
    Message.objects.filter(pk=message.pk).update(retry_since=TEN)


def tried_by_the_previous_version(message: Message) -> None:
    Message.objects.filter(pk=message.pk).update(attempts=1)


def personal(message: Message) -> None:
    Message.objects.filter(pk=message.pk).update(personal=True)


@pytest.mark.parametrize("change", [again_under_its_id, tried_by_the_previous_version, personal])
def test_mail_that_must_be_alone_is(cast: Cast, change: Callable[[Message], None]) -> None:
    for number in range(3):
        notify(cast.bea, number)
    message = Message.objects.get(channel="email", params__number=1)
    change(message)
    assert (tasks.mail(), sorted(tied())) == (2, [[0, 2], [1]])
    message.refresh_from_db()
    assert message.letter is not None
    assert (message.letter.uid, len(set(ids()))) == (message.uid, 2)


def test_mail_alone_keeps_its_message_id(cast: Cast) -> None:
    notify(cast.bea, 1)
    tasks.mail()
    message = Message.objects.get(channel="email")
    assert ids() == [f"<{message.uid}@relevo.example>"]


def test_mail_is_never_in_two_letters(cast: Cast) -> None:
    notify(cast.bea, 1)
    letters.tie(20, at=TEN, by_lane=True)
    before = tied()
    letters.tie(20, at=TEN, by_lane=False)
    assert (before, tied(), Letter.objects.count()) == ([[1]], [[1]], 1)


@pytest.mark.django_db(transaction=True)
def test_workers_at_once_tie_and_send_each_mail_once(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(letters, "MOST_MESSAGES", 3)
    for number in range(20):
        notify(cast.bea if number % 2 else cast.cruz, number)
    tried = sum(together(*[tasks.mail] * 4)) + tasks.mail()
    assert sorted(itertools.chain(*tied())) == list(range(20))
    assert tried == len(ids()) == len(set(ids())) == Letter.objects.count()
    assert max(map(len, tied())) <= 3


def test_mail_that_the_previous_version_has_claimed_waits_for_its_lease(
    cast: Cast, moment: Moment
) -> None:
    notify(cast.bea, 1)
    claimed = Message.objects.filter(channel="email")
    claimed.update(attempts=1, next_try_at=TEN + letters.LEASE)
    assert (tasks.mail(), tied()) == (0, [])
    moment.advance(minutes=5)
    assert (tasks.mail(), tied(), ids()) == (
        1,
        [[1]],
        [f"<{claimed.get().uid}@relevo.example>"],
    )


def test_previous_version_neither_claims_nor_wakes_what_is_tied(cast: Cast) -> None:
    notify(cast.bea, 1)
    letters.tie(20, at=TEN, by_lane=True)
    mails = Message.objects.filter(channel="email")
    assert not mails.filter(next_try_at__lte=TEN).exists()
    with pytest.raises(IntegrityError), transaction.atomic():
        mails.update(next_try_at=TEN)


MANY = """
INSERT INTO notifications_message (uid, recipient_id, channel, kind, params, path, lane, cause,
    dedup_key, created_at, next_try_at, sent_at, attempts, last_error)
SELECT gen_random_uuid(), %s, 'email', 'kind' || n %% 50, '{}', '', n %% 3, '', 'many' || n,
    relevo_now(), CASE WHEN n %% 2 = 0 THEN relevo_now() END,
    CASE WHEN n %% 2 = 1 THEN relevo_now() END, 0, ''
FROM generate_series(1, 4000) AS n
"""


def test_beginnings_of_letters_are_found_by_index(cast: Cast) -> None:
    with connection.cursor() as cursor:
        cursor.execute(MANY, [cast.bea.pk])
        cursor.execute("ANALYZE notifications_message")
    with CaptureQueriesContext(connection) as queries:
        assert letters.tie(20, at=TEN, by_lane=True) == 20
    plans = []
    for query in queries.captured_queries:
        if "SELECT" in query["sql"] and "notifications_message" in query["sql"]:
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN {query['sql']}")
                plans.append(" ".join(line for (line,) in cursor.fetchall()))
    names = ["message_mail_lanes", "message_mail_kinds"]
    assert [name in plan for name, plan in zip(names, plans, strict=False)] == [True, True]


# -- What it says


def test_list_says_how_many_and_links_to_each(cast: Cast) -> None:
    cast.bea.language = "en"
    cast.bea.save()
    for number in (1, 2):
        notify(cast.bea, number)
    tasks.mail()
    [(to, subject, text)] = sent()
    assert (to, subject) == ("bea@relevo.test", "2 notices of Relevo")
    assert text.split("\n\n--\n")[0].splitlines() == [
        "2 notices of Relevo",
        "Mon 2 Mar 2026, 10:00 (Mexico City)",
        "",
        "- Now in force: Acuerdo 1, version 1",
        "  https://relevo.example/agreement/1/",
        "- Now in force: Acuerdo 2, version 2",
        "  https://relevo.example/agreement/2/",
        "",
        "Open in Relevo: https://relevo.example/notices/",
    ]
    [(page, _kind)] = django_mail.outbox[0].alternatives  # type: ignore[attr-defined]
    for number in (1, 2):
        words = f"Now in force: Acuerdo {number}, version {number}"
        item = f'<li><a href="https://relevo.example/agreement/{number}/">{words}</a></li>'
        assert item in page


def test_lead_out_of_sight_is_counted_and_not_named(cast: Cast) -> None:
    cast.bea.language = "en"
    cast.bea.save()
    for number in (1, 2):
        path = f"/leads/{number}/"
        notify(cast.bea, number, kind="handoff.breached", path=path, params={"team": "Ventas"})
    tasks.mail()
    [(_to, subject, text)] = sent()
    assert (subject, "- 2 leads that are no longer with you" in text) == (
        "2 leads are overdue",
        True,
    )
    assert "/leads/" not in text


def test_long_list_is_cut_and_says_so(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(letters, "MOST_LISTED", 2)
    cast.bea.language = "en"
    cast.bea.save()
    for number in range(5):
        notify(cast.bea, number)
    assert tasks.mail() == 1
    [(_to, subject, text)] = sent()
    assert (subject, text.count("Acuerdo"), "- 3 more in your notices" in text) == (
        "5 notices of Relevo",
        2,
        True,
    )


def test_long_list_costs_no_more_queries(cast: Cast) -> None:
    counts = []
    tasks.mail()  # the first beat is another statement
    for person, length in ((cast.bea, 2), (cast.cruz, 12)):
        for number in range(length):
            params = {"team": "Ventas", "owner_id": cast.dora.pk}
            path = f"/leads/{number}/"
            notify(person, number, kind="handoff.breached", path=path, params=params)
        with CaptureQueriesContext(connection) as queries:
            assert tasks.mail() == 1
        counts.append(len(queries))
    assert counts[0] == counts[1]


# -- Sent as decided


def test_second_try_sends_the_same_letter(cast: Cast, moment: Moment) -> None:
    for number in (1, 2, 3):
        notify(cast.bea, number)
    letters.tie(20, at=TEN, by_lane=True)  # and the process is killed
    notify(cast.bea, 4)
    outbox.withdraw("cause:2", at=TEN, reason="undone")
    assert (tasks.mail(), tied()) == (2, [[1, 2, 3], [4]])
    named = [[n for n in range(1, 5) if f"Acuerdo {n}" in text] for _to, _subject, text in sent()]
    assert named == [[1, 3], [4]]
    first = Letter.objects.earliest("id")
    assert (ids()[0], first.sent_at) == (f"<{first.uid}@relevo.example>", TEN)


def test_failed_letter_is_tried_again_under_its_id(
    cast: Cast, moment: Moment, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2):
        notify(cast.bea, number)

    def fail(*_args: object, **_more: object) -> None:
        raise OSError("away")

    with monkeypatch.context() as patch:
        patch.setattr(mail, "send", fail)
        assert (tasks.mail(), tasks.mail()) == (1, 0)
    letter = Letter.objects.get()
    assert (letter.attempts, letter.last_error) == (1, "OSError('away')")
    moment.advance(seconds=30)
    assert (tasks.mail(), ids()) == (1, [f"<{letter.uid}@relevo.example>"])


def test_letter_of_which_all_was_withdrawn_is_dropped(cast: Cast) -> None:
    for number in (1, 2):
        notify(cast.bea, number)
    letters.tie(20, at=TEN, by_lane=True)
    for number in (1, 2):
        assert outbox.withdraw(f"cause:{number}", at=TEN, reason="undone") == 2
    assert (tasks.mail(), sent()) == (1, [])
    letter = Letter.objects.get()
    assert (letter.dropped_at, letter.is_dead, letter.last_error) == (
        TEN,
        False,
        letters.WITHDRAWN,
    )


def test_sent_letter_cannot_be_withdrawn(cast: Cast) -> None:
    notify(cast.bea, 1)
    outbox.deliver()
    tasks.mail()
    assert outbox.withdraw("cause:1", at=TEN, reason="undone") == 0
    assert [message.is_sent for message in Message.objects.all()] == [True, True]


# -- A batch that ends early


def ending(real: Callable[..., None], after: int, error: Exception) -> Callable[..., None]:
    """``real``, but it raises ``error`` once it was called ``after`` times."""
    calls = itertools.count(1)

    def send(*args: Any, **more: Any) -> None:
        if next(calls) == after + 1:
            raise error
        real(*args, **more)

    return send


@pytest.fixture
def four(cast: Cast) -> None:
    """Letters to four people."""
    for number, person in enumerate((cast.ana, cast.bea, cast.cruz, cast.dora)):
        notify(person, number, at=TEN - timedelta(seconds=10 - number))


def outcomes() -> list[tuple[bool, int, float]]:
    """Sent, attempts, and in how many seconds each letter is due, in their order."""
    found = []
    for letter in Letter.objects.order_by("id"):
        due_in = (letter.next_try_at - TEN).total_seconds() if letter.next_try_at else 0
        found.append((letter.sent_at is not None, letter.attempts, due_in))
    return found


@pytest.mark.parametrize(
    ("after", "tried", "left"),
    [
        # A server that ends a connection after some letters takes a new one.
        (2, 4, [(True, 1, 0), (True, 1, 0), (False, 1, 30), (True, 1, 0)]),
        # One that takes no letter at all is left alone until the next round.
        (0, 1, [(False, 1, 30), (False, 0, -9), (False, 0, -8), (False, 0, -7)]),
    ],
)
def test_broken_connection_costs_one_letter_its_turn(
    four: None,
    moment: Moment,
    monkeypatch: pytest.MonkeyPatch,
    after: int,
    tried: int,
    left: list[object],
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(mail, "send", ending(mail.send, after, SMTPServerDisconnected("gone")))
        assert tasks.mail() == tried
    assert outcomes() == left
    moment.advance(seconds=30)
    tasks.mail()
    assert len(ids()) == len(set(ids())) == 4


def test_time_limit_of_the_worker_is_no_fault_of_a_letter(
    four: None, moment: Moment, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch, pytest.raises(SoftTimeLimitExceeded):
        patch.setattr(mail, "send", ending(mail.send, 2, SoftTimeLimitExceeded()))
        tasks.mail()
    # The one at hand may have gone: it waits for its lease.
    lease = letters.LEASE.total_seconds()
    assert outcomes() == [(True, 1, 0), (True, 1, 0), (False, 0, lease), (False, 0, -7)]


def test_round_ends_with_its_time_and_the_next_goes_on(
    four: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    wall = [clock.wall()]
    real = mail.send

    def slow(*args: Any, **more: Any) -> None:
        wall[0] += timedelta(seconds=3)
        real(*args, **more)

    monkeypatch.setattr(clock, "wall", lambda: wall[0])
    monkeypatch.setattr(mail, "send", slow)
    assert [tasks.mail(), tasks.mail(), tasks.mail()] == [3, 1, 0]
    assert outcomes() == [(True, 1, 0)] * 4


def test_sender_beats_for_each_batch(four: None, monkeypatch: pytest.MonkeyPatch) -> None:
    beats: list[str] = []
    monkeypatch.setattr(mail_queue, "BATCH", 2)
    monkeypatch.setattr(heartbeats, "beat", beats.append)
    tasks.mail()
    # The last batch is empty: the end of the round.
    assert beats == [heartbeats.MAILS] * 3


def test_sender_without_a_mail_server_does_not_beat(cast: Cast, settings: Settings) -> None:
    settings.MAIL_ON = False
    tasks.mail()
    assert not Heartbeat.objects.exists()
