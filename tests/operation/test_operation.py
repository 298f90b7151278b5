"""Operation in sight: the same facts on the page, by the command and for Prometheus."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core import mail
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from crm import tasks
from crm.accounts.models import PasswordRequest, User
from crm.audit.models import Entry
from crm.lib import clock
from crm.notifications import letters, outbox
from crm.notifications.models import Letter, Message
from crm.notifications.states import Lane
from crm.operation import facts
from leads.bulk.states import BulkKind
from leads.imports.states import ImportState
from leads.models import BulkAct, ImportRun
from sla.clocks import heartbeats
from sla.models import Clock, Heartbeat
from tests import factories
from tests.conftest import Moment
from tests.factories import Cast, when

SignedIn = Callable[[User], Client]
PAGE = "/setup/operation/"
TEN = when("2026-03-02 10:00")
TOKEN = "a-token-that-only-prometheus-knows"


@pytest.fixture(autouse=True)
def alive(cast: Cast, moment: Moment) -> None:
    """Every process has beaten just now."""
    for name in facts.PROCESSES:
        heartbeats.beat(name)


@pytest.fixture
def parked(cast: Cast) -> Clock:
    """A clock whose step raised an error that names the lead."""
    factories.handed_off(cast)
    found = Clock.objects.get()
    Clock.objects.update(
        failures=3,
        last_error="ValueError('Mariana Peña')",
        parked_until=found.next_step_at + timedelta(hours=1),
    )
    found.refresh_from_db()
    return found


GIVEN_UP = {
    "dropped_at": TEN,
    "next_try_at": None,
    "attempts": 9,
    "is_dead": True,
    "last_error": "not sent within three days; ConnectionRefusedError(111)",
}


@pytest.fixture
def dead_message(cast: Cast) -> Message:
    """A notice that was given up, five days old."""
    return Message.objects.create(
        recipient=cast.bea,
        kind="agreement.in_force",
        params={"agreement": "Acuerdo", "number": 3},
        dedup_key="dead",
        created_at=TEN - timedelta(days=5),
        **GIVEN_UP,
    )


@pytest.fixture
def dead(cast: Cast) -> Letter:
    """A letter that was given up, five days old."""
    since = TEN - timedelta(days=5)
    return Letter.objects.create(
        recipient=cast.bea,
        kind="agreement.in_force",
        lane=Lane.ACT,
        decided_at=since,
        retry_since=since,
        **GIVEN_UP,
    )


def doctor() -> tuple[int, list[str]]:
    """The exit code of the command and its lines."""
    out = io.StringIO()
    code = 0
    try:
        call_command("doctor", stdout=out)
    except SystemExit as end:
        code = int(str(end.code))
    return code, out.getvalue().splitlines()


def words_of(label: str) -> tuple[str, bool]:
    """What the facts say beside the English label, and whether it needs attention."""
    [fact] = [each for group in facts.collect() for each in group.facts if each.label == label]
    return fact.words, fact.is_wrong


@pytest.fixture
def english() -> Iterator[None]:
    with translation.override("en"):
        yield


# -- The facts


def test_doctor_of_a_quiet_installation_has_nothing_to_say(cast: Cast) -> None:
    code, lines = doctor()
    assert (code, [line for line in lines if line.startswith("!")]) == (0, [])
    assert "  Mails to send: empty" in lines
    assert [line for line in lines if not line.startswith(" ")] == [
        "Processes",
        "Queues",
        "What failed",
        "Space",
        "Versions",
    ]


@pytest.mark.parametrize(
    ("age", "words", "is_wrong"),
    [(29, "29 s ago", False), (31, "31 s ago", True), (None, "", True)],
)
def test_silent_process_needs_attention(
    cast: Cast, english: None, age: int | None, words: str, is_wrong: bool
) -> None:
    if age is None:
        Heartbeat.objects.filter(pk=heartbeats.CELERY).delete()
        words = "has never run"
    else:
        beat_at = clock.wall() - timedelta(seconds=age)
        Heartbeat.objects.filter(pk=heartbeats.CELERY).update(beat_at=beat_at)
    assert words_of("Celery, with beat and broker") == (words, is_wrong)


def fill_deadlines(cast: Cast, at: Any) -> None:
    factories.handed_off(cast)
    Clock.objects.update(next_step_at=at)


def fill_inbox(cast: Cast, at: Any) -> None:
    outbox.notify("agreement.in_force", [cast.bea], at=at, key="k")


def fill_mails(cast: Cast, at: Any, key: str = "k") -> None:
    Message.objects.create(
        recipient=cast.bea, channel="email", kind="k", dedup_key=key, created_at=at
    )


def fill_passwords(cast: Cast, at: Any) -> None:
    PasswordRequest.objects.create(email="x@relevo.test", asked_at=at)


def fill_acts(cast: Cast, at: Any) -> None:
    BulkAct.objects.create(by=cast.ana, kind=BulkKind.values[0], total=1, started_at=at)


def fill_imports(cast: Cast, at: Any) -> None:
    ImportRun.objects.create(
        created_by=cast.ana,
        team=cast.marketing,
        state=ImportState.CHECKING,
        name="fair.csv",
        size=1,
        started_at=at,
    )


@pytest.mark.parametrize(
    ("fill", "label", "minutes"),
    [
        (fill_deadlines, "Due steps of clocks", 1),
        (fill_inbox, "Notices to deliver", 1),
        (fill_mails, "Mails to send", 60),
        (fill_passwords, "Requests for a new password", 5),
        (fill_acts, "Acts on many leads", 60),
        (fill_imports, "Imports", 60),
    ],
)
def test_queue_shows_its_length_and_its_oldest_row(
    cast: Cast, moment: Moment, english: None, fill: Any, label: str, minutes: int
) -> None:
    assert words_of(label) == ("empty", False)
    moment.set("2026-03-02 18:00")
    now = clock.now()
    fill(cast, now - timedelta(minutes=minutes) + timedelta(seconds=20))
    seconds = minutes * 60 - 20
    age = f"{seconds} s" if seconds < 120 else f"{seconds // 60} min"
    assert words_of(label) == (f"1 waits, for {age}", False)
    moment.advance(seconds=21)
    assert words_of(label)[1]


def test_parked_clock_is_no_due_step(parked: Clock, moment: Moment, english: None) -> None:
    moment.set(parked.next_step_at + timedelta(minutes=5))
    assert words_of("Due steps of clocks") == ("empty", False)
    assert words_of("Parked clocks") == ("1", True)


def test_dead_letters_are_counted_and_ring_no_alarm(
    dead: Letter, dead_message: Message, english: None
) -> None:
    assert words_of("Dead letters") == ("2", False)


def test_mails_to_send_are_letters_and_what_is_in_none(
    cast: Cast, moment: Moment, english: None
) -> None:
    fill_mails(cast, TEN - timedelta(seconds=20))
    letters.tie(20, at=TEN, by_lane=True)
    fill_mails(cast, TEN - timedelta(seconds=10), key="later")
    assert words_of("Mails to send") == ("2 wait, the oldest for 20 s", False)
    letters.tie(20, at=TEN, by_lane=True)
    Letter.objects.update(next_try_at=None, sent_at=TEN)
    assert words_of("Mails to send") == ("empty", False)


@pytest.mark.parametrize("is_on", [True, False])
def test_sender_of_mails_is_a_process_where_mails_are_sent(settings: Settings, is_on: bool) -> None:
    settings.MAIL_ON = is_on
    labels = {str(fact.label) for group in facts.collect() for fact in group.facts}
    assert (str(facts.PROCESSES[heartbeats.MAILS]) in labels) == is_on


def test_newest_migration_of_each_app_is_named() -> None:
    folder = Path(apps.get_app_config("leads").path) / "migrations"
    newest = max(path.name for path in folder.glob("0*.py"))
    with translation.override("en"):
        words, _is_wrong = words_of("Newest migrations")
    assert f"leads {newest[:4]}," in words


@pytest.mark.parametrize(
    ("size", "words"),
    [(23_040_000, "23.0 MB"), (999_940_000, "999.9 MB"), (61_912_900_000, "61.9 GB")],
)
def test_size_is_in_words(size: int, words: str) -> None:
    with translation.override("en"):
        assert facts._size_words(size) == words


# -- The same for everybody


def test_page_and_doctor_print_the_same(
    cast: Cast, parked: Clock, dead: Letter, signed_in: SignedIn
) -> None:
    cast.root.language = "en"
    cast.root.save()
    page = signed_in(cast.root).get(PAGE)
    code, lines = doctor()
    shown = [
        f"{'!' if fact.is_wrong else ' '} {fact.label}: {fact.words}"
        for group in page.context["groups"]
        for fact in group.facts
    ]
    steady = [line for line in shown if not re.search(r" ago| [MG]B$", line)]
    assert [line for line in steady if line not in lines] == []
    assert (code, "1 line needs attention." in page.content.decode()) == (1, True)


def test_page_costs_the_same_with_many_rows(
    cast: Cast,
    parked: Clock,
    dead: Letter,
    signed_in: SignedIn,
) -> None:
    client = signed_in(cast.root)
    client.get(PAGE)
    with CaptureQueriesContext(connection) as few:
        client.get(PAGE)
    for person in (cast.ana, cast.cruz):
        Message.objects.create(recipient=person, kind="k", dedup_key=f"{person.pk}", **GIVEN_UP)
        Letter.objects.create(
            recipient=person, kind="k", lane=0, decided_at=TEN, retry_since=TEN, **GIVEN_UP
        )
    with CaptureQueriesContext(connection) as many:
        client.get(PAGE)
    assert len(few) == len(many)


def test_only_admins_see_and_act(cast: Cast, signed_in: SignedIn, client: Client) -> None:
    acts = [f"{PAGE}clocks/retry/", f"{PAGE}clocks/1/retry/", f"{PAGE}letters/send/"]
    for person in (cast.ana, cast.bea, cast.dora, cast.elsa):
        other = signed_in(person)
        found = {other.get(PAGE).status_code, *(other.post(path).status_code for path in acts)}
        assert found == {403}
    assert client.get(PAGE).status_code == 302


def test_page_names_no_lead(cast: Cast, parked: Clock, signed_in: SignedIn) -> None:
    page = signed_in(cast.root).get(PAGE).content.decode()
    assert ("ValueError" in page, "Mariana" in page) == (True, False)


# -- Metrics


def metrics(client: Client, token: str) -> Any:
    return client.get("/metrics", headers={"Authorization": f"Bearer {token}"})


def test_metrics_are_those_facts(
    cast: Cast, parked: Clock, dead: Letter, client: Client, settings: Settings
) -> None:
    settings.RELEVO_METRICS_TOKEN = TOKEN
    fill_mails(cast, clock.now())
    answer = metrics(client, TOKEN)
    assert answer["Content-Type"].startswith("text/plain")
    families = list(text_string_to_metric_families(answer.content.decode()))
    values = {
        (sample.name, *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }
    names = ["parked_clocks", "dead_letters", "problems"]
    assert [values[(f"relevo_{name}",)] for name in names] == [1, 1, 1]
    assert values[("relevo_queue_length", "mails")] == 1
    assert values[("relevo_heartbeat_age_seconds", "sweep")] < 30
    collected = {
        s.metric for group in facts.collect() for fact in group.facts for s in fact.samples
    }
    assert {f"relevo_{name}" for name in collected} <= {family.name for family in families}


@pytest.mark.parametrize(
    ("configured", "sent", "status"),
    [
        ("", "", 404),
        ("", TOKEN, 404),
        (TOKEN, "", 401),
        (TOKEN, "ñ" * 20, 401),
        (TOKEN, TOKEN, 200),
    ],
)
def test_metrics_need_the_token(
    cast: Cast, client: Client, settings: Settings, configured: str, sent: str, status: int
) -> None:
    settings.RELEVO_METRICS_TOKEN = configured
    answer = metrics(client, sent)
    assert (answer.status_code, b"relevo_queue" in answer.content) == (status, status == 200)


# -- Trying again


@pytest.mark.parametrize("path", ["clocks/{pk}/retry/", "clocks/retry/"])
def test_parked_clock_is_swept_at_once_after_a_retry(
    cast: Cast, parked: Clock, signed_in: SignedIn, path: str
) -> None:
    client = signed_in(cast.root)
    path = PAGE + path.format(pk=parked.pk)
    assert client.post(path).url == PAGE
    parked.refresh_from_db()
    assert (parked.parked_until, parked.failures) == (None, 3)
    entry = Entry.objects.get(verb="parked_clocks_retried")
    assert (entry.actor, entry.payload["count"]) == (cast.root, 1)
    # Twice: there is nothing left, and nothing is recorded.
    client.post(path)
    assert Entry.objects.filter(verb="parked_clocks_retried").count() == 1


@pytest.mark.parametrize("path", ["letters/{pk}/send/", "letters/send/"])
def test_dead_letter_is_sent_again_under_its_id_for_three_days(
    cast: Cast, dead: Letter, signed_in: SignedIn, moment: Moment, path: str
) -> None:
    client = signed_in(cast.root)
    uid = dead.uid
    assert client.post(PAGE + path.format(pk=dead.pk)).url == PAGE
    dead.refresh_from_db()
    assert (dead.uid, dead.is_dead, dead.dropped_at, dead.attempts) == (uid, False, None, 0)
    assert dead.next_try_at is not None
    moment.set(TEN + timedelta(days=2))
    assert letters.drop_old(clock.now()) == 0
    moment.set(TEN + timedelta(days=3, minutes=1))
    assert letters.drop_old(clock.now()) == 1
    dead.refresh_from_db()
    assert dead.is_dead
    assert Entry.objects.get(verb="dead_letters_sent_again").actor == cast.root


@pytest.mark.parametrize("path", ["messages/{pk}/send/", "letters/send/"])
def test_dead_notice_is_delivered_after_all(
    cast: Cast, dead_message: Message, signed_in: SignedIn, path: str
) -> None:
    page = signed_in(cast.root).get(PAGE).content.decode()
    signed_in(cast.root).post(PAGE + path.format(pk=dead_message.pk))
    assert f"{PAGE}messages/{dead_message.pk}/send/" in page
    assert outbox.deliver() == 1


def test_dead_letter_of_several_goes_again_as_it_was(
    cast: Cast, signed_in: SignedIn, settings: Settings, moment: Moment
) -> None:
    for key in ("a", "b"):
        fill_mails(cast, TEN, key)
    letters.tie(20, at=TEN, by_lane=True)
    Letter.objects.update(**GIVEN_UP)
    signed_in(cast.root).post(f"{PAGE}letters/send/")
    settings.MAIL_ON = True
    fill_mails(cast, TEN, "c")
    moment.advance(seconds=5)
    assert tasks.mail() == 2
    assert Letter.objects.earliest("id").messages.count() == 2
    assert len(mail.outbox) == 2


def test_dropped_on_purpose_is_no_dead_letter(
    cast: Cast, dead: Letter, signed_in: SignedIn
) -> None:
    Letter.objects.update(is_dead=False, last_error="undone")
    client = signed_in(cast.root)
    client.post(f"{PAGE}letters/{dead.pk}/send/")
    client.post(f"{PAGE}letters/send/")
    dead.refresh_from_db()
    assert (dead.next_try_at, dead.dropped_at) == (None, TEN)


def test_page_gives_the_reason_of_a_dead_letter(
    cast: Cast, dead: Letter, signed_in: SignedIn
) -> None:
    [letter] = signed_in(cast.root).get(PAGE).context["letters"]
    assert letter.error == "ConnectionRefusedError(111)"
    assert re.search("tres días|three days", letter.reason)
