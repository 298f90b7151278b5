"""Sending mails through a real mail server that is there, away, hanging, refusing, or cut off in
the middle.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from pytest_django import Settings

from crm import tasks
from crm.accounts.models import User
from crm.lib import clock
from crm.notifications import letters, mail, mail_queue, outbox
from crm.notifications.models import Letter, Message, Notice
from crm.notifications.states import Lane
from tests import factories
from tests.conftest import Moment
from tests.factories import Cast, when
from tests.notifications.mailserver import Server, serving
from tests.races.parallel import together

TEN = when("2026-03-02 10:00")
Meanwhile = Callable[[Callable[[], object]], list[object]]


@pytest.fixture(autouse=True)
def server(settings: Settings, moment: Moment) -> Iterator[Server]:
    with serving() as found:
        settings.MAIL_ON = True
        settings.BASE_URL = "https://relevo.example"
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = (
            "127.0.0.1",
            found.port,
            1,
        )
        settings.DEFAULT_FROM_EMAIL = "Relevo <relevo@relevo.example>"
        yield found


def notify(*people: User, agreement: str = "Acuerdo Norte", **more: object) -> None:
    params = {"agreement": agreement, "number": 3}
    asked = {
        "kind": "agreement.in_force",
        "at": TEN,
        "key": "k",
        "params": params,
        "path": "/agreement/7/",
        **more,
    }
    outbox.notify(recipients=people, **asked)  # type: ignore[arg-type]


def row(person: User) -> Message:
    return Message.objects.get(recipient=person, channel="email")


def holder(person: User) -> Letter | Message:
    """The letter of the person's mail; the mail itself while it is in none, or when withdrawn."""
    message = row(person)
    if message.letter is None or message.dropped_at is not None:
        return message
    return message.letter


def fate(person: User) -> tuple[bool, bool, str]:
    """Sent, dropped, and why."""
    found = holder(person)
    return found.sent_at is not None, found.dropped_at is not None, found.last_error


SENT = (True, False, "")


# -- Going


def test_mail_arrives_whole(cast: Cast, server: Server) -> None:
    notify(cast.bea)
    assert tasks.mail() == 1
    ((to, letter),) = server.letters
    heads = ("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted")
    assert (to, [letter[head].strip() for head in heads]) == (
        "bea@relevo.test",
        [
            "Relevo <relevo@relevo.example>",
            "bea@relevo.test",
            "Now in force: Acuerdo Norte, version 3",
            "Mon, 02 Mar 2026 16:00:00 +0000",
            f"<{row(cast.bea).uid}@relevo.example>",
            "auto-generated",
        ],
    )
    kinds = [part.get_content_type() for part in letter.walk()]
    assert (kinds, fate(cast.bea)) == (["multipart/alternative", "text/plain", "text/html"], SENT)


def test_mails_of_a_round_share_one_line(cast: Cast, server: Server) -> None:
    notify(cast.bea, cast.cruz, cast.dora)
    assert (tasks.mail(), len(server.letters), server.connections) == (3, 3, 1)


def test_mail_is_sent_once(cast: Cast, server: Server) -> None:
    notify(cast.bea)
    assert (tasks.mail(), tasks.mail(), len(server.letters)) == (1, 0, 1)


def test_inbox_and_mail_queue_take_only_what_is_theirs(cast: Cast, server: Server) -> None:
    notify(cast.bea)
    assert (outbox.deliver(), Notice.objects.count(), server.letters) == (1, 1, [])
    assert (tasks.mail(), Notice.objects.count(), len(server.letters)) == (1, 1, 1)


@pytest.mark.django_db(transaction=True)
def test_rounds_at_once_send_each_mail_once(cast: Cast, server: Server) -> None:
    server.slow = 0.1
    notify(cast.bea, cast.cruz, cast.dora)
    assert sum(together(*[tasks.mail] * 3)) == 3
    assert server.to() == ["bea@relevo.test", "cruz@relevo.test", "dora@relevo.test"]


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """Lets another process act while the first mail is on its way; what that came to is in the
    list.
    """
    real, found = mail.send, []

    def during(act: Callable[[], object]) -> list[object]:
        def send(*given: Any, **more: Any) -> None:
            monkeypatch.setattr(mail, "send", real)
            found.extend(together(act))
            real(*given, **more)

        monkeypatch.setattr(mail, "send", send)
        return found

    return during


@pytest.mark.django_db(transaction=True)
def test_mail_on_its_way_is_nobody_elses(cast: Cast, server: Server, meanwhile: Meanwhile) -> None:
    notify(cast.bea)
    found = meanwhile(tasks.mail)
    assert (tasks.mail(), found, len(server.letters)) == (1, [0], 1)


@pytest.mark.django_db(transaction=True)
def test_mail_is_sent_outside_any_transaction(
    cast: Cast, server: Server, meanwhile: Meanwhile
) -> None:
    """Nobody waits for its row while a mail server takes its time; what has gone counts as sent."""
    notify(cast.bea, cause="decision:1")
    found = meanwhile(lambda: outbox.withdraw("decision:1", at=TEN, reason="undone"))
    assert (tasks.mail(), found, fate(cast.bea)) == (1, [2], SENT)


def test_no_mail_goes_to_a_lead(cast: Cast, server: Server, moment: Moment) -> None:
    handoff = factories.handed_off(cast)
    moment.set("2026-03-02 12:00")
    tasks.sweep()
    tasks.mail()
    people = {person.email for person in User.objects.all()}
    assert (
        handoff.lead.person.email != "",
        len(server.letters) > 3,
        set(server.to()) <= people,
    ) == (
        True,
        True,
        True,
    )


# -- In lanes


def queue_lanes(person: User, other: User) -> None:
    """Queue three escalations, then the act of a person, then a link to a new password."""
    for number in range(3):
        notify(person, kind="handoff.breached", key=f"firing:{number}")
    notify(other, key="act", at=TEN + timedelta(seconds=1))
    outbox.queue_mail("password_reset", other, at=TEN + timedelta(seconds=2), key="reset")


def test_urgent_lanes_go_first(
    cast: Cast, server: Server, moment: Moment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_queue, "turns", itertools.count(1))
    queue_lanes(cast.bea, cast.cruz)
    moment.advance(seconds=5)
    tasks.mail()
    subjects = [letter["Subject"].strip() for _to, letter in server.letters]
    assert subjects[:2] == ["Your link to a new password", "Now in force: Acuerdo Norte, version 3"]


def test_each_fifth_batch_is_the_oldest_of_all_lanes(
    cast: Cast, moment: Moment, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue_lanes(cast.bea, cast.cruz)
    moment.advance(seconds=5)
    monkeypatch.setattr(mail_queue, "BATCH", 1)
    monkeypatch.setattr(mail_queue, "turns", itertools.count(1))
    for number in range(5):
        key = f"reset:{number}"
        outbox.queue_mail("password_reset", cast.dora, at=clock.now(), key=key)
    tasks.mail()
    kinds = Letter.objects.order_by("id").values_list("kind", flat=True)
    assert list(kinds)[:6] == [*["password_reset"] * 4, "handoff.breached", "password_reset"]


def test_lane_is_written_with_the_message(cast: Cast) -> None:
    queue_lanes(cast.bea, cast.cruz)
    found = Message.objects.filter(channel="email").values_list("kind", "lane")
    assert set(found) == {
        ("handoff.breached", Lane.LADDER),
        ("agreement.in_force", Lane.ACT),
        ("password_reset", Lane.PERSONAL),
    }


# -- Failing


def test_server_that_is_away_is_tried_again(
    cast: Cast, server: Server, moment: Moment, settings: Settings
) -> None:
    notify(cast.bea, cast.cruz)
    settings.EMAIL_PORT = 1
    assert (
        tasks.mail(),
        holder(cast.bea).attempts,
        "ConnectionRefusedError" in holder(cast.bea).last_error,
    ) == (
        1,  # the rest waits for a server that answers
        1,
        True,
    )
    settings.EMAIL_PORT = server.port
    moment.advance(seconds=30)
    assert (tasks.mail(), fate(cast.bea), fate(cast.cruz)) == (2, SENT, SENT)


def test_server_that_hangs_holds_up_mails_only(cast: Cast, server: Server, moment: Moment) -> None:
    server.hangs = True
    notify(cast.bea, cast.cruz)
    before = clock.wall()
    assert (tasks.mail(), server.connections, "timed out" in holder(cast.bea).last_error) == (
        1,
        1,
        True,
    )
    assert clock.wall() - before < timedelta(seconds=5)
    assert (outbox.deliver(), Notice.objects.count()) == (2, 2)
    server.hangs = False
    moment.advance(seconds=30)
    assert (tasks.mail(), fate(cast.bea), fate(cast.cruz)) == (2, SENT, SENT)


def test_line_that_is_cut_sends_again_with_the_same_id(
    cast: Cast, server: Server, moment: Moment
) -> None:
    notify(cast.bea)
    server.cuts = True
    tasks.mail()
    server.cuts = False
    moment.advance(seconds=30)
    tasks.mail()
    assert (server.ids(), fate(cast.bea)) == ([f"<{row(cast.bea).uid}@relevo.example>"] * 2, SENT)


def test_death_before_the_mark_sends_again_after_the_lease(
    cast: Cast, server: Server, moment: Moment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object, **_more: object) -> None:
        raise KeyboardInterrupt

    notify(cast.bea)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(letters, "mark_sent", die)
        tasks.mail()
    moment.advance(seconds=letters.LEASE.total_seconds() - 1)
    assert (tasks.mail(), len(server.letters)) == (0, 1)
    moment.advance(seconds=1)
    assert (tasks.mail(), len(set(server.ids())), len(server.letters), fate(cast.bea)) == (
        1,
        1,
        2,
        SENT,
    )


@pytest.mark.parametrize(
    ("answer", "dropped"), [("550 no such mailbox", True), ("451 later", False)]
)
def test_refused_mailbox_does_not_hold_the_others(
    cast: Cast, server: Server, answer: str, dropped: bool
) -> None:
    server.answers["bea@relevo.test"] = answer
    notify(cast.bea, cast.cruz)
    assert (tasks.mail(), fate(cast.cruz), fate(cast.bea)[:2]) == (
        2,
        SENT,
        (False, dropped),
    )
    assert answer[:3] in holder(cast.bea).last_error


def test_mail_that_cannot_be_written_does_not_hold_the_others(
    cast: Cast, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(mail.PATHS, "agreement.proposed", lambda message: 1 // 0)
    notify(cast.bea, kind="agreement.proposed")
    notify(cast.cruz)
    assert (
        tasks.mail(),
        fate(cast.cruz),
        "ZeroDivisionError" in holder(cast.bea).last_error,
    ) == (2, SENT, True)


def test_mail_is_tried_ever_less_often_and_given_up_after_three_days(
    cast: Cast, moment: Moment, settings: Settings
) -> None:
    settings.EMAIL_PORT = 1
    notify(cast.bea)
    gaps, last = [], TEN
    while (at := holder(cast.bea).next_try_at) is not None:
        gaps.append(int((at - last).total_seconds()))
        last = moment.set(at)
        tasks.mail()
    assert gaps[:9] == [0, 30, 60, 120, 240, 480, 960, 1920, 3600]
    words = holder(cast.bea).last_error
    assert (
        words.startswith("not sent within three days; Connection"),
        last > when("2026-03-05 10:00"),
        holder(cast.bea).is_dead,
    ) == (True, True, True)


# -- Not going


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"is_active": False}, "the person is not active any more"),
        ({"mails": False}, "the person wants no mails"),
        ({"email": None}, "the person has no e-mail address"),
        ({"email": ""}, "the person has no e-mail address"),
        ({"email": "bea"}, "the person's e-mail address is not valid"),
        ({"email": "bea@relevo.test\nbcc: x@x.test"}, "the person's e-mail address is not valid"),
        ({"is_demo": True}, "people of the demo have no mailbox"),
    ],
)
def test_mail_that_must_not_go_is_an_error_row_at_once(
    cast: Cast, server: Server, change: dict[str, object], why: str
) -> None:
    notify(cast.bea, cast.cruz)
    User.objects.filter(pk=cast.bea.pk).update(**change)
    tasks.mail()
    assert (fate(cast.bea), fate(cast.cruz), server.to()) == (
        (False, True, why),
        SENT,
        ["cruz@relevo.test"],
    )


def test_mail_that_was_taken_back_does_not_go(cast: Cast, server: Server) -> None:
    notify(cast.bea, cause="decision:1")
    outbox.withdraw("decision:1", at=TEN, reason="undone")
    assert (tasks.mail(), server.letters, fate(cast.bea)) == (
        0,
        [],
        (False, True, "undone"),
    )


def test_mail_whose_link_is_over_does_not_go(
    cast: Cast, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(mail.PATHS, "agreement.proposed", lambda message: "")
    outbox.queue_mail("agreement.proposed", cast.bea, at=TEN, key="k")
    tasks.mail()
    assert (server.letters, fate(cast.bea)) == ([], (False, True, "what it leads to is over"))


def test_mail_switched_off_lets_the_mails_wait(
    cast: Cast, server: Server, settings: Settings
) -> None:
    notify(cast.bea)
    settings.MAIL_ON = False
    assert (tasks.mail(), fate(cast.bea)) == (0, (False, False, ""))


# -- Not saying


def test_name_with_line_breaks_adds_no_header(cast: Cast, server: Server) -> None:
    notify(cast.bea, agreement="Eva\r\nBcc: x@x.test\r\n\r\nHi")
    tasks.mail()
    ((to, letter),) = server.letters
    assert (to, letter["Bcc"]) == ("bea@relevo.test", None)
    assert letter["Subject"].strip() == "Now in force: Eva Bcc: x@x.test Hi, version 3"


def test_log_says_nothing_of_the_mail(
    cast: Cast, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "relevo")
    server.answers["bea@relevo.test"] = "451 bea@relevo.test is busy"
    server.answers["dora@relevo.test"] = "550 dora@relevo.test is unknown"
    notify(cast.bea, cast.cruz, cast.dora)
    tasks.mail()
    assert [record.getMessage() for record in caplog.records] == [
        f"letter {holder(cast.bea).pk} failed, try 1: SMTPRecipientsRefused",
        f"letter {holder(cast.dora).pk} dropped: the mail server knows no such mailbox",
    ]
