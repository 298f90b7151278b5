"""An invitation in the middle of 40,000 waiting mails of the ladder; `make soak`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from crm import tasks
from crm.lib import clock
from crm.notifications import letters, mail_queue, outbox
from tests.factories import Cast
from tests.notifications.mailserver import serving

WAITING, WITHIN = 40_000, timedelta(seconds=30)
BURST = """
INSERT INTO notifications_message (uid, recipient_id, channel, kind, params, path, lane, cause,
    dedup_key, created_at, next_try_at, attempts, last_error)
SELECT gen_random_uuid(), (%s::bigint[])[1 + n %% 4], 'email', 'handoff.breached', '{}', '', 2, '',
    'burst' || n, relevo_now() - interval '10 minutes', relevo_now() - interval '10 minutes', 0, ''
FROM generate_series(1, %s) AS n
"""


@pytest.mark.soak
@pytest.mark.django_db
@pytest.mark.parametrize("in_lists", [True, False])
def test_invitation_overtakes_a_burst(
    cast: Cast, settings: Settings, monkeypatch: pytest.MonkeyPatch, in_lists: bool
) -> None:
    settings.MAIL_ON = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = "127.0.0.1"
    # Not in lists: the worst of all bursts, every mail is a letter.
    monkeypatch.setattr(letters, "MOST_MESSAGES", 1000 if in_lists else 1)
    people = [person.pk for person in (cast.ana, cast.bea, cast.dora, cast.elsa)]
    with connection.cursor() as cursor:
        cursor.execute(BURST, [people, WAITING])
    real, batches = mail_queue.claim, []

    def claim(**how: Any) -> mail_queue.Batch:
        batches.append(clock.wall())
        if len(batches) == 2:
            outbox.queue_mail("password_reset", cast.cruz, at=clock.now(), key="reset")
        return real(**how)

    monkeypatch.setattr(mail_queue, "claim", claim)
    with serving() as server:
        settings.EMAIL_PORT = server.port
        while cast.cruz.email not in server.to():
            tasks.mail()
        sent = [to for to, _letter in server.letters]
    assert clock.wall() - batches[1] < WITHIN
    # The burst was not over: in lists it takes three seconds, and the rest came after.
    comes_after = len(sent) - 1 - sent.index(cast.cruz.email)
    assert comes_after or letters.waiting_mails().exists()
