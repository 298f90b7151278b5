"""Print the state of the installation and exit 1 if something needs attention."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import translation

from crm.operation import facts


class Command(BaseCommand):
    help = (
        "Print ages of heartbeats, length and oldest row of each queue, what failed, space and"
        " versions; lines that need attention begin with '!', then the exit code is 1."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        with translation.override("en"):
            groups = facts.collect()
            for group in groups:
                self.stdout.write(str(group.title))
                for fact in group.facts:
                    mark = "!" if fact.is_wrong else " "
                    self.stdout.write(f"{mark} {fact.label}: {fact.words}")
        if facts.wrong(groups):
            sys.exit(1)
