"""A backup of the running database, loaded into a new one."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from psycopg2.extensions import make_dsn

from crm import invariants
from crm.accounts.models import User
from crm.deploy.backups import archive, backup
from crm.deploy.backups.archive import Archive, BackupError
from crm.deploy.backups.postgres_tools import Database
from crm.lib import clock
from crm.notifications import password_requests
from crm.notifications.models import Letter, Message
from leads.models import Handoff
from sla.clocks import heartbeats
from sla.models import Heartbeat, Outage
from tests import factories
from tests.conftest import Moment
from tests.factories import Cast, when
from tests.upgrades.test_upgrades import counted, run, use

CHANGED = {"audit_entry": 1, "django_session": -1, "sla_outage": 1, "sla_heartbeat": 1}
CHANGED |= {"accounts_passwordrequest": -1}


def database() -> Database:
    connection.ensure_connection()
    parameters = connection.connection.get_dsn_parameters()
    return Database(make_dsn(**parameters), is_embedded=True)


@contextlib.contextmanager
def new_database() -> Iterator[None]:
    """Connect Django to a new, empty database of the same server while it lasts."""
    usual = connection.settings_dict["NAME"]
    scratch = f"{usual}_restored"
    run(f"DROP DATABASE IF EXISTS {scratch} WITH (FORCE)")
    run(f"CREATE DATABASE {scratch} TEMPLATE template0")
    try:
        use(scratch)
        yield
    finally:
        use(usual)
        run(f"DROP DATABASE {scratch} WITH (FORCE)")


def finished(taken_at: str) -> str:
    out = StringIO()
    call_command("finish_restore", "--taken-at", taken_at, stdout=out)
    return out.getvalue()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_backup_restores_into_a_new_database(
    cast: Cast, signed_in, moment: Moment, tmp_path: Path
) -> None:
    factories.won(cast)
    factories.withdrawn(cast)
    signed_in(cast.ana).get("/")
    moment.restore()
    waiting = {"recipient": cast.bea, "kind": "requeued", "channel": "email"}
    Message.objects.create(dedup_key="waiting", **waiting)
    letter = Letter.objects.create(
        recipient=cast.bea,
        kind="requeued",
        lane=1,
        decided_at=clock.now(),
        next_try_at=clock.now(),
        retry_since=clock.now(),
    )
    tied = {**waiting, "letter": letter, "next_try_at": None}
    Message.objects.create(dedup_key="tied", **tied)
    password_requests.ask(cast.bea.email, at=clock.now())
    Message.objects.filter(channel="in_app").update(next_try_at=clock.now() + timedelta(hours=1))
    before = counted(connection.introspection.table_names())
    rounds = list(User.objects.order_by("pk").values_list("session_round", flat=True))
    taken_at = clock.now()
    path = tmp_path / "b.zip"
    with backup.private_file(path) as out, database().dump() as dump:
        archive.write(out, dump, key="the key", taken_at=taken_at)
    with pytest.raises(BackupError, match="already exists"):
        database().load(Archive(path).pieces())
    with new_database():
        database().load(Archive(path).pieces())
        call_command("migrate", verbosity=0)
        words = finished(taken_at.isoformat())
        after = counted(connection.introspection.table_names())
        outage = Outage.objects.get()
        mail = Message.objects.get(dedup_key="waiting")
        letter.refresh_from_db()
        broken = list(invariants.violated(at=taken_at))
        rounds_after = list(User.objects.order_by("pk").values_list("session_round", flat=True))
        handoffs = list(Handoff.objects.order_by("pk").values_list("state", flat=True))
    assert before["django_session"] == 1
    assert {
        table: after[table] - rows for table, rows in before.items() if after[table] != rows
    } == CHANGED
    assert rounds_after == [number + 1 for number in rounds]
    for each in (mail, letter):
        assert (each.next_try_at, each.last_error) == (None, "not sent again: restored")
    assert outage.started_at == taken_at < outage.ended_at
    assert broken == []
    assert sorted(handoffs) == ["withdrawn", "won"]
    assert "3 waiting mails are not sent again" in words


@pytest.mark.django_db
def test_gap_begins_with_the_last_sweep_before_the_backup(moment: Moment) -> None:
    heartbeats.note_sweep()
    Heartbeat.objects.update(beat_at="2026-03-01T09:00:00+00:00")
    outage = heartbeats.note_restore(when("2026-03-02 12:00"))
    heartbeats.note_sweep()
    assert outage.started_at == when("2026-03-01 03:00")
    assert list(Outage.objects.all()) == [outage]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("taken_at", "words"),
    [
        ("2026-03-02T12:00:00", "--taken-at needs an offset"),
        ("2999-01-01T00:00:00+00:00", "Look at the clock of this machine"),
    ],
)
def test_moment_that_cannot_be_is_refused(taken_at: str, words: str) -> None:
    with pytest.raises(CommandError, match=words):
        finished(taken_at)


@pytest.mark.django_db
def test_backup_of_a_newer_version_is_refused() -> None:
    run(
        "INSERT INTO django_migrations (app, name, applied)"
        " VALUES ('leads', '9999_future', relevo_now())"
    )
    with pytest.raises(CommandError, match=r"newer version .* Unknown here: leads\.9999_future"):
        finished("2026-03-02T12:00:00+00:00")
