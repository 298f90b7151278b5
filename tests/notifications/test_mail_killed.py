"""A sender of mails that is killed in the middle of a batch; `make faults`."""

from __future__ import annotations

import multiprocessing
import time
from collections import Counter

import pytest
from django.db import connection
from pytest_django import Settings

from crm import invariants, tasks
from crm.lib import clock
from crm.notifications import letters, mail_queue, outbox
from crm.notifications.models import Letter, Message
from tests.conftest import Moment
from tests.factories import Cast, when
from tests.notifications.mailserver import serving

TEN = when("2026-03-02 10:00")
MAILS = 40
KINDS = ("agreement.in_force", "agreement.reopened", "agreement.signed", "agreement.comment")


def tied() -> set[tuple[int, int]]:
    rows = Message.objects.filter(channel="email", letter__isnull=False)
    return {(pk, letter) for pk, letter in rows.values_list("pk", "letter") if letter is not None}


def is_claimed() -> bool:
    """Whether the sender has leased its batch; killed before, its letters go out at once."""
    return Letter.objects.filter(next_try_at__gt=TEN).exists()


@pytest.mark.long_faults
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("arrived", [0, 1, 5])
def test_killed_sender_loses_no_mail_and_changes_no_letter(
    cast: Cast, moment: Moment, settings: Settings, arrived: int
) -> None:
    settings.MAIL_ON = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = "127.0.0.1"
    people = [cast.ana, cast.bea, cast.cruz, cast.dora]
    for number in range(MAILS):
        person, kind = people[number % 4], KINDS[number // 4 % 4]
        outbox.notify(kind, [person], at=TEN, key=f"k{number}")
    connection.close()
    with serving() as server:
        settings.EMAIL_PORT = server.port
        server.slow = 0.1
        sender = multiprocessing.get_context("fork").Process(target=tasks.mail)
        sender.start()
        while len(server.letters) < arrived or not is_claimed():
            time.sleep(0.01)
        sender.kill()
        sender.join()
        before = tied()
        server.slow = 0.0
        # The others of the batch are still leased.
        assert tasks.mail() == 0
        moment.set(TEN + letters.LEASE)
        assert tasks.mail() == Letter.objects.count() == 16
        copies = Counter(server.ids())
    assert (tied(), len(copies), len(before)) == (before, 16, MAILS)
    # What had arrived came a second time, under its Message-ID.
    assert sum(copies.values()) <= 16 + arrived + 1 <= 16 + mail_queue.BATCH
    assert not Letter.objects.filter(sent_at__isnull=True).exists()
    assert list(invariants.letter_holds_mails_of_one_kind(clock.now())) == []
