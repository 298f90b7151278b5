"""Create the demo data once; `make run` calls it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from crm import demo
from crm.demo import remove
from crm.lib import clock


class Command(BaseCommand):
    help = "Make the demo organisation (RELEVO_MODE=demo only, never beside a real one)."

    def handle(self, *args: Any, **options: Any) -> None:
        if remove.has_happened():
            self.stdout.write("This installation has started fresh: no demo data.")
            return
        try:
            made = demo.seed(at=clock.now())
        except demo.NotADemo as error:
            raise CommandError(str(error)) from error
        self.stdout.write("Demo data are ready." if made else "Demo data are there already.")
