"""Migrate as the role that owns the tables (DATABASE_OWNER_URL); the product runs as another."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError, CommandParser
from django.core.management.commands.migrate import Command as MigrateCommand
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from crm.demo import remove
from crm.management import old_columns
from crm.management.owner import connect_as_owner

LAST_BEFORE_SQUASH = "147612c"  # the last commit that still has the replaced migrations


def refuse_half_upgraded() -> None:
    """Raise CommandError when only some of the migrations that a squashed one replaces are applied.

    The replaced files are gone, so nothing here could apply the rest of them.
    """
    applied = set(MigrationRecorder(connection).applied_migrations())
    for (app, _name), migration in sorted(MigrationLoader(None).disk_migrations.items()):
        missing = [name for _app, name in migration.replaces if (app, name) not in applied]
        is_partly_applied = 0 < len(missing) < len(migration.replaces)
        if is_partly_applied:
            raise CommandError(
                f"This database was made by an older version of Relevo: the app {app!r} still lacks"
                f" {', '.join(missing)}. The last commit that can upgrade it is"
                f" {LAST_BEFORE_SQUASH}. Check that commit out, run `migrate` there, then come back"
                " and run it again. Nothing was changed."
            )


class Command(MigrateCommand):
    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--demo", action="store_true", help="in demo mode, make the demo data as well"
        )

    def handle(self, *args: Any, demo: bool = False, **options: Any) -> None:
        # The product's own role may not create or change tables.
        connect_as_owner()
        refuse_half_upgraded()
        super().handle(*args, **options)
        if not (options["app_label"] or options["plan"] or options["check_unapplied"]):
            self._drop_old_columns()
        if settings.DEMO:
            remove.mark()
            if demo:
                call_command("seed_demo")

    def _drop_old_columns(self) -> None:
        sessions = old_columns.drop()
        if sessions:
            self.stdout.write(
                f"{sessions} sessions of an earlier version, or of other programs, are open: the"
                " columns that only that version reads stay. Run migrate again when they are gone."
            )
