"""Remove the whole demo; the next visitor creates the first admin."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from crm.demo import remove
from crm.lib import clock
from crm.lib.errors import DomainError


class Command(BaseCommand):
    help = (
        "Remove all demo data in one step and begin with an empty Relevo. Refuses anything but a"
        " demo."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["yes"] and not self._confirm():
            raise CommandError("nothing was removed")
        try:
            remove.start(at=clock.now())
        except DomainError as error:
            raise CommandError(str(error.message)) from error
        self.stdout.write("The demo is gone. Open Relevo in the browser to create the first admin.")

    def _confirm(self) -> bool:
        # The whole word, in English in every language: a habitual "y" must not be enough.
        typed = input("Remove ALL demo data: people, leads, history? Type yes: ")
        return typed.strip() == "yes"
