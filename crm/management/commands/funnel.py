"""Prints the numbers of the alignment page."""

from __future__ import annotations

import json
from argparse import ArgumentTypeError
from collections.abc import Callable
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import translation

from crm.accounts import people
from crm.alignment.numbers import report
from crm.alignment.numbers.cohort import FunnelStep, Group
from crm.alignment.numbers.report import Numbers
from crm.alignment.numbers.scope import FIRST, LAST, NOT_GIVEN, Period, Scope
from crm.lib import clock
from crm.lib.bilingual import in_language
from crm.lib.number_formats import duration_words, share
from leads.models import Source


def day(text: str) -> date:
    """An ISO date; argparse names the option in front of the message."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(
            f"{text!r} is not a date: write it as year, month, day: 2026-03-31"
        ) from None
    if not FIRST <= found <= LAST or text != found.isoformat():
        raise ArgumentTypeError(
            f"{text!r} is not accepted: use a date from {FIRST} to {LAST}, as 2026-03-31"
        )
    return found


class Command(BaseCommand):
    help = (
        "Print funnel, conversion, accept commitment and days to won, as the alignment page shows"
        " them."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--from",
            dest="start",
            type=day,
            required=True,
            metavar="DATE",
            help="first date, 2026-01-01",
        )
        parser.add_argument(
            "--to", dest="end", type=day, required=True, metavar="DATE", help="last date, included"
        )
        parser.add_argument(
            "--source", default="", help=f"code of one source; {NOT_GIVEN}: leads without one"
        )
        parser.add_argument("--json", action="store_true", help="machine-readable")

    def handle(self, *args: Any, start: date, end: date, source: str, **options: Any) -> None:
        if start > end:
            raise CommandError(f"--to: {end} lies before --from {start}")
        if source and source != NOT_GIVEN and not Source.objects.filter(code=source).exists():
            raise CommandError(f"--source: there is no source {source!r}")
        zone = people.organisation().time_zone
        found = report.read(Scope(Period(start, end), zone, clock.now(), source))
        if options["json"]:
            self.stdout.write(json.dumps(report.as_json(found), indent=2, ensure_ascii=False))
            return
        with translation.override("en"):
            lines = write_table(found)
        self.stdout.write("\n".join(lines))


def write_table(found: Numbers) -> list[str]:
    """The numbers as lines for a terminal."""
    kept, made, days = found.attainment, found.decisions, found.days
    head = f"{found.scope.period.start} to {found.scope.period.end}, dates of {found.scope.zone}"
    funnel = [
        (
            f"  {step.stage:<14}{_recorded(step.count, step.not_recorded):>13}   {_beside(step)}"
        ).rstrip()
        for step in found.funnel
    ]
    return [
        head,
        "",
        "Leads first seen in the period, by stage reached",
        *funnel,
        *_table("By source", found.sources, lambda group: in_language(group.name) or "not given"),
        *_table("By month of first sight", found.months, lambda group: group.key),
        "",
        "Handoffs sent in the period: decided in time",
        (
            f"  attainment    {share(kept.rate):>8}  ({kept.in_time} in time, {kept.late} late or"
            " overdue)"
        ),
        (
            f"  left out      {kept.running} still running, {kept.withdrawn} withdrawn,"
            f" {kept.outage} in an outage of ours"
        ),
        (
            f"  time          median {_time(kept.median)}, p90 {_time(kept.p90)} of business time"
            f" (n={kept.decided})"
        ),
        "",
        f"MQLs delivered  {found.delivered}",
        (
            f"Accepted        {made.accepted_by_sales} of {made.decisions} decisions"
            f" ({share(made.rate)})"
        ),
        (
            f"Days to won     median {_known(days.median)}, p90 {_known(days.p90)} (n={days.n};"
            f" {days.before_first_seen} dated before first seen)"
        ),
    ]


def _beside(step: FunnelStep) -> str:
    if step.not_recorded:
        return f"{step.not_recorded} came further without a date for it"
    return "" if step.of_previous is None else f"{share(step.of_previous)} of {step.previous}"


def _table(title: str, groups: list[Group], name: Callable[[Group], str]) -> list[str]:
    head = f"  {'':<24}{'leads':>8}{'MQL':>14}{'SQL':>14}{'won':>8}{'conversion':>12}"
    lines = [
        f"  {name(group)[:23]:<24}{group.leads:>8}"
        f"{_recorded(group.mql, group.unrecorded_mql):>14}"
        f"{_recorded(group.sql, group.unrecorded_sql):>14}"
        f"{group.won:>8}{share(group.conversion):>12}"
        for group in groups
    ]
    return ["", title, head, *lines]


def _recorded(count: int, lacking: int) -> str:
    return "not recorded" if lacking and not count else str(count)


def _time(seconds: int | None) -> str:
    return "–" if seconds is None else duration_words(seconds)


def _known(days: int | None) -> str:
    return "–" if days is None else str(days)
