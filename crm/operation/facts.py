"""The state of the installation, computed from the database when somebody asks.

The page for admins, ``manage.py doctor`` and ``/metrics`` print these facts. Queues are rows of our
own tables: the broker carries only their ids, and whether it works is judged by heartbeats.
"""

from __future__ import annotations

import platform
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import django
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.db.models import Count, F, Min, QuerySet
from django.db.models.functions import Coalesce
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from crm.accounts.models import PasswordRequest
from crm.lib import clock
from crm.lib.number_formats import duration_words, number
from crm.notifications import dead_letters, letters, mail
from crm.notifications.models import Channel, Message
from leads.imports.states import IMPORT_WORK
from leads.models import BulkAct, ImportRun
from sla.clocks import heartbeats, parked
from sla.models import Clock, Heartbeat

Text = str | Promise

# Processes beat every few seconds when they work.
BEATS_WITHIN = timedelta(seconds=30)
PROCESSES: dict[str, Text] = {
    heartbeats.SWEEP: gettext_lazy("Sweep of deadlines"),
    heartbeats.CELERY: gettext_lazy("Celery, with beat and broker"),
    heartbeats.WATCHDOG: gettext_lazy("Watchdog"),
    heartbeats.MAILS: gettext_lazy("Sender of mails"),
}
BIG_TABLES = 5
SIZES = """
    SELECT relname, pg_total_relation_size(oid) FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 2 DESC, 1 LIMIT %s
"""
CONNECTED = """
    SELECT application_name, count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND usename = current_user GROUP BY 1 ORDER BY 1
"""
# By name: of a new installation, a squashed migration is noted after those that it stands for.
MIGRATIONS = """
    SELECT app || ' ' || left(max(name), 4) FROM django_migrations
    WHERE app = ANY(%s) GROUP BY app ORDER BY app
"""


@dataclass(frozen=True)
class Sample:
    """One value of a metric (crm.operation.metrics)."""

    metric: str
    value: float
    labels: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Fact:
    """One fact in words, with the samples that it is made of."""

    label: Text
    words: str
    samples: tuple[Sample, ...] = ()
    is_wrong: bool = False


@dataclass(frozen=True)
class Group:
    title: Text
    facts: list[Fact]


def collect() -> list[Group]:
    """Return all facts of this moment. The number of queries is constant."""
    at = clock.now()
    return [
        Group(_("Processes"), list(_processes())),
        Group(_("Queues"), list(_queues(at))),
        Group(_("What failed"), list(_failures())),
        Group(_("Space"), list(_space())),
        Group(_("Versions"), list(_versions())),
    ]


def wrong(groups: Iterable[Group]) -> list[Fact]:
    """Return the facts that need somebody's attention."""
    return [fact for group in groups for fact in group.facts if fact.is_wrong]


def _processes() -> Iterator[Fact]:
    wall = clock.wall()
    beats = dict(Heartbeat.objects.values_list("name", "beat_at"))
    for name, label in PROCESSES.items():
        if name == heartbeats.MAILS and not mail.is_on():
            continue
        if name not in beats:
            yield Fact(label, _("has never run"), is_wrong=True)
            continue
        age = max(wall - beats[name], timedelta(0))
        seconds = age.total_seconds()
        yield Fact(
            label,
            _("{duration} ago").format(duration=_short(seconds)),
            (Sample("heartbeat_age_seconds", seconds, {"process": name}),),
            is_wrong=age > BEATS_WITHIN,
        )


@dataclass(frozen=True)
class _Queue:
    """Rows that wait, of one table or of two; it is wrong when one is alone for longer than
    ``most``.
    """

    name: str
    label: Text
    tables: tuple[QuerySet, ...]
    most: timedelta


def _waiting(rows: QuerySet, since: F | Coalesce, alone: F | Coalesce | None = None) -> QuerySet:
    """Return ``rows`` with the moment since which each waits, and since which nobody works on it:
    the same, if ``alone`` is not given.
    """
    return rows.annotate(waits_since=since, alone_since=alone or since)


def _queues(at: datetime) -> Iterator[Fact]:
    for queue in _all_queues(at):
        found = [
            rows.aggregate(n=Count("pk"), oldest=Min("waits_since"), alone=Min("alone_since"))
            for rows in queue.tables
        ]
        filled = [table for table in found if table["n"]]
        length = sum(table["n"] for table in filled)
        seconds = 0.0
        is_wrong = False
        if filled:
            oldest = min(table["oldest"] for table in filled)
            alone = min(table["alone"] for table in filled)
            seconds = max((at - oldest).total_seconds(), 0)
            is_wrong = at - alone > queue.most
        words = _("empty")
        if length:
            words = ngettext(
                "{count} waits, for {duration}",
                "{count} wait, the oldest for {duration}",
                length,
            ).format(count=number(length), duration=_short(seconds))
        labels = {"queue": queue.name}
        samples = (
            Sample("queue_length", length, labels),
            Sample("queue_oldest_seconds", seconds, labels),
        )
        yield Fact(queue.label, words, samples, is_wrong=is_wrong)


def _all_queues(at: datetime) -> list[_Queue]:
    due = Clock.objects.filter(next_step_at__lt=at, parked_until__isnull=True)
    inbox = Message.objects.filter(channel=Channel.IN_APP, next_try_at__isnull=False)
    queued = Coalesce("retry_since", "created_at")
    # A mail that is in no letter yet counts as one: it may be alone in it.
    mails = (
        _waiting(letters.waiting(), F("retry_since")),
        _waiting(letters.waiting_mails(), queued),
    )
    asked = PasswordRequest.objects.all()
    acts = BulkAct.objects.filter(started_at__isnull=False, finished_at__isnull=True)
    imports = ImportRun.objects.filter(state__in=IMPORT_WORK)
    begun = Coalesce("undone_at", "started_at", "created_at")
    # A worker that is at work promises until when.
    free = Coalesce("busy_until", "undone_at", "started_at", "created_at")
    minute = timedelta(minutes=1)
    hour = timedelta(hours=1)
    steps = (_waiting(due, F("next_step_at")),)
    notices = (_waiting(inbox, queued),)
    passwords = (_waiting(asked, F("asked_at")),)
    bulk = (_waiting(acts, F("started_at")),)
    files = (_waiting(imports, begun, free),)
    return [
        _Queue("deadlines", _("Due steps of clocks"), steps, minute),
        _Queue("inbox", _("Notices to deliver"), notices, minute),
        _Queue("mails", _("Mails to send"), mails, hour),
        _Queue("passwords", _("Requests for a new password"), passwords, 5 * minute),
        _Queue("bulk", _("Acts on many leads"), bulk, hour),
        _Queue("imports", _("Imports"), files, hour),
    ]


def _failures() -> Iterator[Fact]:
    count = parked.rows().count()
    sample = Sample("parked_clocks", count)
    yield Fact(_("Parked clocks"), str(number(count)), (sample,), is_wrong=count > 0)
    count = dead_letters.count()
    yield Fact(_("Dead letters"), str(number(count)), (Sample("dead_letters", count),))


def _space() -> Iterator[Fact]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        ((size,),) = cursor.fetchall()
        cursor.execute(SIZES, [BIG_TABLES])
        tables = cursor.fetchall()
    yield Fact(_("Database"), _size_words(size), (Sample("database_bytes", size),))
    for name, size in tables:
        sample = Sample("table_bytes", size, {"table": name})
        label = _("Table {name}").format(name=name)
        yield Fact(label, _size_words(size), (sample,))
    # Only `make run` has such a folder; elsewhere PostgreSQL has its own disk.
    if settings.RELEVO_DATA.is_dir():
        free = shutil.disk_usage(settings.RELEVO_DATA).free
        label = _("Free on the disk of the data folder")
        yield Fact(label, _size_words(free), (Sample("disk_free_bytes", free),))


def _versions() -> Iterator[Fact]:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        ((server,),) = cursor.fetchall()
        cursor.execute(MIGRATIONS, [_own_apps()])
        migrations = ", ".join(name for (name,) in cursor.fetchall())
        cursor.execute(CONNECTED)
        connected = cursor.fetchall()
    versions = {
        "Relevo": settings.RELEVO_VERSION,
        _("Newest migrations"): migrations,
        "PostgreSQL": server,
        "Django": django.get_version(),
        "Python": platform.python_version(),
    }
    labels = {
        "relevo": settings.RELEVO_VERSION,
        "migrations": migrations,
        "postgresql": server,
        "django": django.get_version(),
        "python": platform.python_version(),
    }
    for label, words in versions.items():
        yield Fact(label, words)
    # During an upgrade also those of the previous version.
    connections = ", ".join(f"{name}: {number(count)}" for name, count in connected)
    yield Fact(_("Connections by version"), connections, (Sample("info", 1, labels),))


def _own_apps() -> list[str]:
    """Return the labels of the product's own apps."""
    roots = ("crm", "leads", "sla", "personas")
    configs = apps.get_app_configs()
    return [config.label for config in configs if config.name.partition(".")[0] in roots]


def _short(seconds: float) -> str:
    """Return a duration in words; under two minutes in seconds."""
    if seconds < 120:
        return _("{seconds} s").format(seconds=int(seconds))
    return duration_words(seconds, days=True)


def _size_words(size: int) -> str:
    """Return a size in bytes as "23.0 MB", from a thousand on as "61.9 GB"."""
    if size < 1_000_000_000:
        return _("{size} MB").format(size=number(size / 1_000_000, 1))
    return _("{size} GB").format(size=number(size / 1_000_000_000, 1))
