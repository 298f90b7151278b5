"""Import leads of another system from a file (README, "Bring your own data")."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from crm.lib import clock
from crm.lib.errors import DomainError
from leads.imports.history import command_line


class Command(BaseCommand):
    help = (
        "Import leads from a CSV or XLSX file by a mapping. Rows that cannot be taken go to the"
        " rejects file."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the CSV or XLSX file")
        parser.add_argument("--mapping", type=Path, required=True, help="the mapping, a JSON file")
        parser.add_argument(
            "--team", help="the marketing team that brought the leads (default: the only one)"
        )
        parser.add_argument(
            "--rejects", type=Path, help="for rejected rows (default: ./<file>.rejects.csv)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            team = command_line.marketing_team(options["team"])
            report = command_line.import_leads(
                options["file"],
                options["mapping"],
                # A command line has no signed-in person whom the audit could name.
                by=None,
                at=clock.now(),
                team=team,
                rejects=options["rejects"],
            )
        except DomainError as error:
            raise CommandError(str(error.message)) from error
        self.stdout.write(command_line.report_text(report))
