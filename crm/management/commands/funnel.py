"""Print the numbers of the alignment page."""

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


def parse_date(text: str) -> date:
    """Return an ISO date; raise ArgumentTypeError, to which argparse adds the option."""
    try:
        parsed = date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(
            f"{text!r} is not a date: write it as year, month, day: 2026-03-31"
        ) from None
    is_full_form = text == parsed.isoformat()  # fromisoformat also takes 20260331
    if not FIRST <= parsed <= LAST or not is_full_form:
        raise ArgumentTypeError(
            f"{text!r} is not accepted: use a date from {FIRST} to {LAST}, as 2026-03-31"
        )
    return parsed


class Command(BaseCommand):
    help = (
        "Print funnel, conversion, the commitments to accept and to contact, and days to won, as"
        " the alignment page shows them."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--from",
            dest="start",
            type=parse_date,
            required=True,
            metavar="DATE",
            help="first date, 2026-01-01",
        )
        parser.add_argument(
            "--to",
            dest="end",
            type=parse_date,
            required=True,
            metavar="DATE",
            help="last date, included",
        )
        parser.add_argument(
            "--source",
            default="",
            help=f"code of one source; {NOT_GIVEN}: leads without one",
        )
        parser.add_argument("--json", action="store_true", help="machine-readable")

    def handle(self, *args: Any, start: date, end: date, source: str, **options: Any) -> None:
        if start > end:
            raise CommandError(f"--to: {end} lies before --from {start}")
        is_code = source not in ("", NOT_GIVEN)
        # An unknown source would print a funnel of zeros, which looks like a true one.
        if is_code and not Source.objects.filter(code=source).exists():
            raise CommandError(f"--source: there is no source {source!r}")
        # Dates are those of the organisation: the page shows the same numbers to everybody.
        zone = people.organisation().time_zone
        scope = Scope(Period(start, end), zone, clock.now(), source)
        numbers = report.read(scope)
        if options["json"]:
            text = json.dumps(report.as_json(numbers), indent=2, ensure_ascii=False)
        else:
            # The rest of the table is English, as every command; names of sources follow.
            with translation.override("en"):
                text = "\n".join(table_lines(numbers))
        self.stdout.write(text)


def table_lines(numbers: Numbers) -> list[str]:
    """Return the numbers as lines for a terminal."""
    scope = numbers.scope
    return [
        f"{scope.period.start} to {scope.period.end}, dates of {scope.zone}",
        "",
        "Leads first seen in the period, by stage reached",
        *[_stage_line(step) for step in numbers.funnel],
        *_group_lines("By source", numbers.sources, _source_name),
        *_group_lines("By month of first sight", numbers.months, _month_name),
        *_attainment_lines(numbers),
        *_contact_lines(numbers),
        *_delivery_lines(numbers),
    ]


def _stage_line(step: FunnelStep) -> str:
    count = _count_or_not_recorded(step.count, step.not_recorded)
    line = f"  {step.stage:<14}{count:>13}   {_stage_note(step)}"
    return line.rstrip()


def _stage_note(step: FunnelStep) -> str:
    if step.not_recorded:
        return f"{step.not_recorded} came further without a date for it"
    if step.of_previous is None:
        return ""
    return f"{share(step.of_previous)} of {step.previous}"


def _source_name(group: Group) -> str:
    return in_language(group.name) or "not given"


def _month_name(group: Group) -> str:
    return group.key


def _group_lines(title: str, groups: list[Group], name: Callable[[Group], str]) -> list[str]:
    lines = ["", title]
    lines.append(f"  {'':<24}{'leads':>8}{'MQL':>14}{'SQL':>14}{'won':>8}{'conversion':>12}")
    for group in groups:
        mql = _count_or_not_recorded(group.mql, group.unrecorded_mql)
        sql = _count_or_not_recorded(group.sql, group.unrecorded_sql)
        conversion = share(group.conversion)
        lines.append(
            f"  {name(group)[:23]:<24}{group.leads:>8}{mql:>14}{sql:>14}"
            f"{group.won:>8}{conversion:>12}"
        )
    return lines


def _attainment_lines(numbers: Numbers) -> list[str]:
    attainment = numbers.attainment
    rate = share(attainment.rate)
    median = _duration(attainment.median)
    p90 = _duration(attainment.p90)
    return [
        "",
        "Handoffs sent in the period: decided in time",
        f"  attainment    {rate:>8}  ({attainment.in_time} in time, {attainment.late} late or"
        " overdue)",
        f"  left out      {attainment.running} still running, {attainment.withdrawn} withdrawn,"
        f" {attainment.outage} in an outage of ours",
        f"  time          median {median}, p90 {p90} of business time (n={attainment.decided})",
    ]


def _contact_lines(numbers: Numbers) -> list[str]:
    contacts = numbers.contacts
    return [
        "",
        "Handoffs accepted in the period: contacted in time",
        f"  attainment    {share(contacts.rate):>8}  ({contacts.in_time} in time, {contacts.late}"
        " late or overdue)",
        f"  left out      {contacts.tried} tried in time, never reached; {contacts.running} still"
        f" running, {contacts.ended} ended in time without a try, {contacts.outage} in an outage of"
        " ours",
    ]


def _delivery_lines(numbers: Numbers) -> list[str]:
    decisions = numbers.decisions
    days = numbers.days
    median = _days(days.median)
    p90 = _days(days.p90)
    return [
        "",
        f"MQLs delivered  {numbers.delivered}",
        f"Accepted        {decisions.accepted_by_sales} of {decisions.decisions} decisions"
        f" ({share(decisions.rate)})",
        f"Days to won     median {median}, p90 {p90} (n={days.n};"
        f" {days.before_first_seen} dated before first seen)",
    ]


def _count_or_not_recorded(count: int, lacking: int) -> str:
    # Zero would say that no lead came so far; the imported file only has no dates for it.
    if lacking and not count:
        return "not recorded"
    return str(count)


def _duration(seconds: int | None) -> str:
    if seconds is None:
        return "–"
    return duration_words(seconds)


def _days(days: int | None) -> str:
    if days is None:
        return "–"
    return str(days)
