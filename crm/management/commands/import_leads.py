"""Imports leads of another system from a CSV file (README: Bring your own data)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from crm.lib import clock
from crm.lib.errors import DomainError
from leads.imports import csv_job, history


class Command(BaseCommand):
    help = (
        "Import leads from a CSV file by a mapping. Rows that cannot be taken go to the rejects"
        " file."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the CSV file")
        parser.add_argument("--mapping", type=Path, required=True, help="the mapping, a JSON file")
        parser.add_argument(
            "--team", help="the marketing team that brought the leads (default: the only one)"
        )
        parser.add_argument(
            "--rejects", type=Path, help="for rejected rows (default: ./<file>.rejects.csv)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            team = history.marketing_team(options["team"])
            report = history.import_leads(
                options["file"],
                options["mapping"],
                by=None,
                at=clock.now(),
                team=team,
                rejects=options["rejects"],
            )
        except DomainError as error:
            raise CommandError(str(error.message)) from error
        self.stdout.write(csv_job.in_words(report))
