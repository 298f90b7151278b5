"""The panels as rows and columns; "Show as table" and the CSV file print the same sheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from crm.alignment.charts import figures
from crm.alignment.charts.marks import linked
from crm.alignment.numbers.cohort import Group
from crm.alignment.numbers.report import Numbers
from crm.alignment.numbers.scope import NOT_GIVEN
from crm.alignment.numbers.slices import CONTACT, SLICES, STEPS, TOOK
from crm.alignment.panels import addresses, submitters
from crm.lib.bilingual import in_language
from crm.lib.files.csv import neutral
from crm.lib.number_formats import day_words, duration_words, share, when
from crm.templatetags.relevo import number
from sla.states import RejectionClass

Value = str | int | float | Decimal | date | None


@dataclass(frozen=True)
class Cell:
    """One cell. The file has ``value``, the page ``text``; ``href`` is the list behind it."""

    value: Value
    text: str = ""
    href: str = ""

    @property
    def shown(self) -> str:
        if self.text:
            return self.text
        if isinstance(self.value, int):
            return number(self.value)
        if self.value is None:
            return "–"
        return str(self.value)


@dataclass(frozen=True)
class Sheet:
    """The table of one panel."""

    heads: Sequence[str]
    rows: Sequence[Sequence[Cell]]

    def table(self) -> SafeString:
        rows = []
        for row in self.rows:
            rows.append([linked(cell.shown, cell.href) for cell in row])
        return figures.numbers(self.heads, rows)

    def csv(self) -> str:
        """Return the sheet as CSV.

        Dates are ISO, rates run from 0 to 1, decimals have a point. No cell runs as a formula in a
        spreadsheet.
        """
        # The csv module writes its own ends of lines.
        file = io.StringIO(newline="")
        writer = csv.writer(file)
        writer.writerow(neutral(head) for head in self.heads)
        for row in self.rows:
            # Names of sources, reasons and people may begin like a formula.
            writer.writerow(neutral(_plain(cell.value)) for cell in row)
        return file.getvalue()


def _plain(value: Value) -> str:
    if isinstance(value, float):
        return f"{value:.4f}"
    if value is None:
        return ""
    # A date is written as ISO, a Decimal with a point, whatever the reader's region.
    return str(value)


def rate(value: float | None) -> Cell:
    return Cell(value, share(value))


def headline(numbers: Numbers) -> Sheet:
    """Return the four numbers on top, each with the number of its cases."""
    to = addresses.links(numbers.scope)
    accept = numbers.attainment
    decisions = numbers.decisions
    minutes = None
    time = ""
    if accept.median is not None:
        # A file is for arithmetic, the page for reading: "95.5" there, "1 h 35 min" here.
        minutes = round(accept.median / 60, 1)
        time = duration_words(accept.median)
    delivered = numbers.delivered
    values = (
        (_("Decided in time"), rate(accept.rate), accept.judged, "judged"),
        (_("MQLs delivered"), Cell(delivered), delivered, "delivered"),
        (_("Accepted by sales"), rate(decisions.rate), decisions.decisions, "decisions"),
        (_("Median minutes to decide"), Cell(minutes, time), accept.decided, "decided"),
    )
    rows = []
    for label, value, cases, name in values:
        rows.append([Cell(label), value, Cell(cases, href=to[name])])
    heads = [_("Number"), _("Value"), _("Cases")]
    return Sheet(heads, rows)


def weekly(numbers: Numbers) -> Sheet:
    """Return the commitment to accept or reject by week."""
    rows = []
    for week in numbers.weeks:
        to = addresses.of_week(numbers.scope, week)
        # With the year, which the dates of the drawing have no room for.
        start = day_words(week.start)
        row = [
            Cell(week.start, start),
            Cell(week.judged, href=to["judged"]),
            Cell(week.in_time, href=to["in_time"]),
            Cell(week.late, href=to["late"]),
            rate(week.rate),
        ]
        rows.append(row)
    heads = [
        _("Week of"),
        _("Judged"),
        _("In time"),
        _("Late or overdue"),
        _("Share in time"),
    ]
    return Sheet(heads, rows)


def step_label(step: int) -> str:
    """Return the label of a step of the histogram: minutes below two hours, hours above."""
    if step == len(STEPS):
        return _("> {hours} h").format(hours=STEPS[-1] // 60)
    edges = (0, *STEPS)
    low = edges[step]
    high = edges[step + 1]
    if low < 120:
        return f"{low}–{high}"
    text = _("{low}–{high} h")
    return text.format(low=low // 60, high=high // 60)


def speed(numbers: Numbers) -> Sheet:
    """Return the steps of the histogram: above and up to so many business minutes."""
    to = addresses.links(numbers.scope)
    edges = (0, *STEPS, None)
    rows = []
    for step, count in enumerate(numbers.attainment.took):
        above = Cell(edges[step])
        up_to = Cell(edges[step + 1])
        href = to[TOOK[step]]
        rows.append([above, up_to, Cell(count, href=href)])
    heads = [_("Business minutes above"), _("up to"), _("Handoffs decided")]
    return Sheet(heads, rows)


def funnel(numbers: Numbers) -> Sheet:
    """Return the stages of the funnel."""
    to = addresses.links(numbers.scope)
    rows = []
    for step in numbers.funnel:
        label = _("Leads")
        if step.previous:
            label = str(SLICES[step.stage].title)
        count = Cell(step.count, href=to[step.stage])
        # The first row, all leads, has no such list: every lead has a date of first seen.
        href = to.get(f"unrecorded_{step.stage}", "")
        missing = Cell(step.not_recorded, href=href)
        rows.append([Cell(label), count, missing, rate(step.of_leads)])
    heads = [
        _("Stage"),
        _("Leads"),
        _("Not recorded"),
        _("Share of all leads"),
    ]
    return Sheet(heads, rows)


def rejections(numbers: Numbers) -> Sheet:
    """Return the reasons of rejections, each with the share of all rejections so far."""
    total = sum(reason.count for reason in numbers.reasons)
    so_far = 0
    rows = []
    for reason in numbers.reasons:
        so_far += reason.count
        name = in_language(reason.name)
        kind = str(RejectionClass(reason.kind).label)
        href = addresses.of_reason(numbers.scope, reason)
        row = [
            Cell(name),
            Cell(kind),
            Cell(reason.count, href=href),
            rate(so_far / total),
        ]
        rows.append(row)
    heads = [
        _("Reason"),
        _("Class"),
        _("Rejections"),
        _("Share so far"),
    ]
    return Sheet(heads, rows)


def accept(numbers: Numbers) -> Sheet:
    """Return the results of the clocks of the commitment to accept or reject."""
    to = addresses.links(numbers.scope)
    rows = []
    for name, label in results().items():
        count = getattr(numbers.attainment, name)
        rows.append([Cell(label), Cell(count, href=to[name])])
    return Sheet([_("Result"), _("Handoffs")], rows)


def results() -> dict[str, str]:
    """Return the labels of the results of an accept clock."""
    return {
        "in_time": _("In time"),
        "late": _("Late or overdue"),
        "running": _("Still running"),
        "withdrawn": pgettext("handoffs", "Withdrawn"),
        "outage": _("Outage of ours"),
    }


def contact(numbers: Numbers) -> Sheet:
    """Return the results of the clocks of the first contact."""
    to = addresses.links(numbers.scope)
    rows = []
    for name, label in contact_results().items():
        count = getattr(numbers.contacts, name)
        rows.append([Cell(label), Cell(count, href=to[f"{CONTACT}{name}"])])
    return Sheet([_("Result"), _("First contacts")], rows)


def contact_results() -> dict[str, str]:
    """Return the labels of the results of a contact clock."""
    return {
        "in_time": _("In time"),
        "late": _("Late or overdue"),
        "tried": _("Tried in time, never reached"),
        "running": _("Still running"),
        "ended": _("Ended in time without a try"),
        "outage": _("Outage of ours"),
    }


def days(numbers: Numbers) -> Sheet:
    """Return the days from first seen to won."""
    to = addresses.links(numbers.scope)
    won = numbers.days
    # Imported wins may be dated before the lead was first seen; they are counted, and shown.
    early = Cell(won.before_first_seen, href=to["won_early"])
    rows = [
        [Cell(_("Wins")), Cell(won.n, href=to["won"])],
        [Cell(_("Median days")), Cell(won.median)],
        [Cell(_("Nine of ten within days")), Cell(won.p90)],
        [Cell(_("Won before first seen")), early],
    ]
    heads = [_("Number"), _("Value")]
    return Sheet(heads, rows)


def sources(numbers: Numbers) -> Sheet:
    """Return one row per source."""
    rows = []
    for group in numbers.sources:
        scope = replace(numbers.scope, source=group.key)
        to = addresses.links(scope)
        rows.append([Cell(source_label(group)), *_grouped(to, group)])
    return Sheet([_("Source"), *_group_heads()], rows)


def months(numbers: Numbers) -> Sheet:
    """Return one row per month."""
    rows = []
    for group in numbers.months:
        period = numbers.scope.period.month(group.name)
        scope = replace(numbers.scope, period=period)
        to = addresses.links(scope)
        month = Cell(group.key, month_label(group))
        rows.append([month, *_grouped(to, group)])
    return Sheet([_("Month"), *_group_heads()], rows)


def source_label(group: Group) -> str:
    if group.key == NOT_GIVEN:
        return _("Not given")
    return in_language(group.name)


def month_label(group: Group) -> str:
    # Django's Spanish names of months are in lower case.
    month = when(group.name, "M Y")
    return capfirst(month)


def _group_heads() -> list[str]:
    # The glossary has the same word for an MQL and for an SQL in both languages.
    return [
        _("Leads"),
        "MQL",
        _("Handed off"),
        pgettext("share of the handed off", "Accepted"),
        _("Share accepted"),
        "SQL",
        _("Won"),
        _("Amount"),
        _("Conversion"),
    ]


def _grouped(to: dict[str, str], group: Group) -> list[Cell]:
    """Return the cells of a source or month, in the order of :func:`_group_heads`."""

    def count(name: str) -> Cell:
        return Cell(getattr(group, name), href=to[name])

    return [
        count("leads"),
        count("mql"),
        count("handed_off"),
        count("accepted"),
        rate(group.acceptance),
        count("sql"),
        count("won"),
        Cell(group.amount, number(group.amount)),
        rate(group.conversion),
    ]


def scores(numbers: Numbers) -> Sheet:
    """Return one row per band of each score."""
    to = addresses.links(numbers.scope)
    labels = {"fit": _("Fit"), "engagement": _("Engagement")}
    rows = []
    for band in numbers.bands:
        row = [
            Cell(labels[band.score]),
            Cell(band.low),
            Cell(band.high),
            Cell(band.ended, href=to[band.slice]),
            Cell(band.won, href=to[band.won_slice]),
            rate(band.rate),
        ]
        rows.append(row)
    heads = [
        _("Score"),
        _("From"),
        _("To"),
        _("Ended"),
        _("Won"),
        _("Win rate"),
    ]
    return Sheet(heads, rows)


def overrides(numbers: Numbers) -> Sheet:
    """Return one row per person or team that handed off."""
    rows = []
    for line in submitters.people(numbers):
        row = [
            Cell(line.name),
            Cell(line.person.handed, href=line.to.get("handed", "")),
            Cell(line.person.overridden, href=line.to.get("overridden", "")),
            rate(line.person.rate),
        ]
        rows.append(row)
    heads = [
        _("Handed off by"),
        _("Handoffs"),
        _("On a person's word"),
        _("Share"),
    ]
    return Sheet(heads, rows)


# The keys stand in the addresses of the files.
SHEETS: dict[str, Callable[[Numbers], Sheet]] = {
    "headline": headline,
    "weekly": weekly,
    "speed": speed,
    "funnel": funnel,
    "rejections": rejections,
    "accept": accept,
    "contact": contact,
    "days": days,
    "sources": sources,
    "months": months,
    "scores": scores,
    "overrides": overrides,
}
