"""Import what became of leads, won or lost, from a file (README, "Bring your own data")."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from crm.lib import clock
from crm.lib.errors import DomainError
from leads.imports.history import command_line


class Command(BaseCommand):
    help = (
        "Import outcomes of leads from a CSV or XLSX file by a mapping. Rows that cannot be taken"
        " go to the rejects file."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the CSV or XLSX file")
        parser.add_argument("--mapping", type=Path, required=True, help="the mapping, a JSON file")
        parser.add_argument(
            "--rejects", type=Path, help="for rejected rows (default: ./<file>.rejects.csv)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = command_line.import_outcomes(
                options["file"],
                options["mapping"],
                by=None,
                at=clock.now(),
                rejects=options["rejects"],
            )
        except DomainError as error:
            raise CommandError(str(error.message)) from error
        self.stdout.write(command_line.report_text(report))
