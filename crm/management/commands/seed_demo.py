"""Create the demo data once, as the owner of the tables (DATABASE_OWNER_URL)."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from crm.demo import remove, seeding
from crm.lib import clock
from crm.management.owner import connect_as_owner


class Command(BaseCommand):
    help = "Make the demo organisation (RELEVO_MODE=demo only, never beside a real one)."

    def handle(self, *args: Any, **options: Any) -> None:
        # Triggers are switched off while the past is loaded, which takes the owner of the tables.
        connect_as_owner()
        if remove.has_happened():
            self.stdout.write("This installation has started fresh: no demo data.")
            return
        try:
            made = seeding.seed(at=clock.now())
        except seeding.NotADemo as error:
            raise CommandError(str(error)) from error
        self.stdout.write("Demo data are ready." if made else "Demo data are there already.")
