"""Print one line for each broken promise and exit 1; exit 0 without output if there is none."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from crm import invariants
from crm.lib import clock


class Command(BaseCommand):
    help = "Check that the product keeps its promises: one line for each broken one, exit code 1."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--moved-time", action="store_true", help="accept that relevo_now() was replaced"
        )
        parser.add_argument(
            "--at",
            type=datetime.fromisoformat,
            help="judge what is late at this moment, that of a backup (2026-11-30T09:00:00+00:00)",
        )

    def handle(
        self, *args: Any, moved_time: bool, at: datetime | None = None, **options: Any
    ) -> None:
        is_broken = False
        for line in invariants.violated(at=at or clock.now(), moved_time=moved_time):
            # All of them, not the first one: after a fault one look has to show everything.
            self.stdout.write(line)
            is_broken = True
        if is_broken:
            sys.exit(1)
