"""What follows after a backup was loaded: `make restore` calls it, after `migrate`."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from crm.accounts.sign_in import sessions
from crm.audit.entries import record
from crm.lib import clock
from crm.notifications import letters, password_requests
from sla.clocks import heartbeats


def refuse_newer() -> None:
    """Raise CommandError when a newer version made the backup: this one cannot know its tables."""
    known = set()
    for key, migration in MigrationLoader(None).disk_migrations.items():
        known |= {key, *migration.replaces}
    apps = {app for app, _name in known}
    applied = MigrationRecorder(connection).applied_migrations()
    newer = sorted(f"{app}.{name}" for app, name in set(applied) - known if app in apps)
    if newer:
        raise CommandError(
            "A newer version of Relevo made this backup: restore it with that version. Unknown"
            f" here: {', '.join(newer)}."
        )


class Command(BaseCommand):
    help = "Finish a restore: end sessions, drop mails that waited, record the gap as an outage."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--taken-at",
            type=datetime.fromisoformat,
            required=True,
            help="the moment of the backup, with its offset from UTC",
        )

    def handle(self, *args: Any, taken_at: datetime, **options: Any) -> None:
        if taken_at.tzinfo is None:
            raise CommandError("--taken-at needs an offset: 2026-11-30T09:00:00+00:00")
        refuse_newer()
        with transaction.atomic():
            at = clock.now()
            sessions.clear()
            mails = letters.drop_restored(taken_at, at=at)
            mails += password_requests.drop_restored(taken_at)
            try:
                outage = heartbeats.note_restore(taken_at)
            except ValueError as problem:
                raise CommandError(f"Look at the clock of this machine: {problem}") from problem
            payload = {"taken_at": taken_at.isoformat(), "mails": mails}
            record("restored", "organisation", by=None, at=at, payload=payload)
        self.stdout.write(
            f"Restored the backup of {taken_at:%Y-%m-%d %H:%M} UTC. Everybody has to sign in"
            f" again. {mails} waiting mails are not sent again. The time from"
            f" {outage.started_at:%Y-%m-%d %H:%M} to {outage.ended_at:%Y-%m-%d %H:%M} UTC counts"
            " as an outage. People and API keys are as they were then: look through them."
        )
