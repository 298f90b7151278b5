"""`migrate`, as the role that owns the tables (DATABASE_OWNER_URL) while the product runs as another."""

from typing import Any

from django.conf import settings
from django.core.management.commands.migrate import Command as MigrateCommand
from django.db import connection

from crm.setup import fresh


class Command(MigrateCommand):
    def handle(self, *args: Any, **options: Any) -> None:
        if settings.OWNER_DATABASE:
            connection.close()
            connection.settings_dict.update(settings.OWNER_DATABASE)
        super().handle(*args, **options)
        if settings.DEMO:
            fresh.mark()
