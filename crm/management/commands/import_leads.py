"""Import leads from a file (README, "Bring your own data").

With a mapping: the leads of another system with their history. Without one: as in the browser.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from crm.lib import clock
from crm.lib.errors import DomainError
from crm.management import file_import
from leads.imports.history import command_line

ANSWERS = tuple(file_import.OPTIONS)


class Command(BaseCommand):
    help = (
        "Import leads from a CSV or XLSX file: by a mapping, or without one with the columns and"
        " questions of the browser. Rows that cannot be taken go to the rejects file."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the CSV or XLSX file")
        parser.add_argument("--mapping", type=Path, help="the mapping, a JSON file")
        parser.add_argument(
            "--team", help="the marketing team that brought the leads (default: the only one)"
        )
        parser.add_argument(
            "--rejects", type=Path, help="for rejected rows (default: ./<file>.rejects.csv)"
        )
        self._add_answers(parser)

    def _add_answers(self, parser: CommandParser) -> None:
        """Add the options that answer what the browser asks; they go without a mapping."""
        group = parser.add_argument_group("without --mapping")
        group.add_argument(
            "--by", help="e-mail of the person of the team who imports (default: its lead)"
        )
        order = group.add_mutually_exclusive_group()
        order.add_argument(
            "--day-first",
            dest="month_first",
            action="store_false",
            default=None,
            help="10/5 is 10 May",
        )
        order.add_argument(
            "--month-first",
            dest="month_first",
            action="store_true",
            default=None,
            help="10/5 is 5 October",
        )
        group.add_argument("--decimal", choices=[".", ","], help="the sign before decimals")
        group.add_argument("--system", help="the system that external ids are of, as HubSpot")
        group.add_argument("--source", help="the source of rows that name none: code or name")
        group.add_argument(
            "--first-action", help="the valuable action of rows that name none: code or name"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["mapping"]:
                report = self._by_mapping(options)
            else:
                report = self._as_in_browser(options)
        except DomainError as error:
            raise CommandError(str(error.message)) from error
        self.stdout.write(report)

    def _by_mapping(self, options: dict[str, Any]) -> str:
        given = [name for name in (*ANSWERS, "by") if options[name] is not None]
        if given:
            raise CommandError("The mapping answers this itself: " + ", ".join(given))
        report = command_line.import_leads(
            options["file"],
            options["mapping"],
            # A command line has no signed-in person whom the audit could name.
            by=None,
            at=clock.now(),
            team=command_line.marketing_team(options["team"]),
            rejects=options["rejects"],
        )
        return command_line.report_text(report)

    def _as_in_browser(self, options: dict[str, Any]) -> str:
        path = options["file"]
        team = file_import.team_called(options["team"])
        by = file_import.person_of(team, options["by"])
        rejects = options["rejects"] or command_line.default_rejects(path)
        run = file_import.carry_out(
            path,
            team=team,
            by=by,
            options={name: options[name] for name in ANSWERS},
            rejects=rejects,
        )
        return file_import.report_text(run, by, rejects)
