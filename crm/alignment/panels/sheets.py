"""What each panel says, as rows and columns: "Show as table" and the CSV are two ways to print the
same sheet.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from crm.alignment.charts import figures
from crm.alignment.charts.marks import linked
from crm.alignment.numbers.cohort import Group
from crm.alignment.numbers.report import Numbers
from crm.alignment.numbers.scope import NOT_GIVEN
from crm.alignment.numbers.slices import SLICES, STEPS, TOOK
from crm.alignment.panels import addresses
from crm.lib.bilingual import in_language
from crm.lib.files.csv import neutral
from crm.lib.number_formats import duration_words, share
from crm.templatetags.relevo import number
from sla.states import RejectionClass

Value = str | int | float | Decimal | date | None


@dataclass(frozen=True)
class Cell:
    """``value`` goes into the file as it is, ``text`` on the page; ``href``: the list behind it."""

    value: Value
    text: str = ""
    href: str = ""

    @property
    def shown(self) -> str:
        if self.text:
            return self.text
        return (
            number(self.value)
            if isinstance(self.value, int)
            else str("–" if self.value is None else self.value)
        )


@dataclass(frozen=True)
class Sheet:
    """The table of one panel."""

    heads: Sequence[str]
    rows: Sequence[Sequence[Cell]]

    def table(self) -> SafeString:
        return figures.numbers(
            self.heads, ([linked(c.shown, c.href) for c in row] for row in self.rows)
        )

    def csv(self) -> str:
        """Dates are ISO, rates run from 0 to 1, decimals have a point; no cell runs as a
        formula.
        """
        file = io.StringIO(newline="")
        writer = csv.writer(file)
        writer.writerow(neutral(head) for head in self.heads)
        writer.writerows([neutral(_plain(cell.value)) for cell in row] for row in self.rows)
        return file.getvalue()


def _plain(value: Value) -> str:
    if isinstance(value, float):
        return f"{value:.4f}"
    return "" if value is None else str(value)  # a date writes itself as ISO


def rate(value: float | None) -> Cell:
    return Cell(value, share(value))


def headline(found: Numbers) -> Sheet:
    """The four numbers on top, each with the cases that it is of."""
    to, kept, made = addresses.links(found.scope), found.attainment, found.decisions
    minutes = None if kept.median is None else round(kept.median / 60, 1)
    time = "" if kept.median is None else duration_words(kept.median)
    return Sheet(
        [_("Number"), _("Value"), _("Cases")],
        [
            [
                Cell(_("Decided inside the SLA")),
                rate(kept.rate),
                Cell(kept.judged, href=to["judged"]),
            ],
            [
                Cell(_("MQLs delivered")),
                Cell(found.delivered),
                Cell(found.delivered, href=to["delivered"]),
            ],
            [
                Cell(_("Accepted by sales")),
                rate(made.rate),
                Cell(made.decisions, href=to["decisions"]),
            ],
            [
                Cell(_("Median minutes to decide")),
                Cell(minutes, time),
                Cell(kept.decided, href=to["decided"]),
            ],
        ],
    )


def weekly(found: Numbers) -> Sheet:
    rows = []
    for week in found.weeks:
        to = addresses.of_week(found.scope, week)
        kept = [Cell(getattr(week, name), href=to[name]) for name in ("judged", "in_time", "late")]
        rows.append(
            [
                Cell(week.start, date_format(week.start, pgettext("date format", "j M Y"))),
                *kept,
                rate(week.rate),
            ]
        )
    return Sheet(
        [_("Week of"), _("Judged"), _("In time"), _("Late or overdue"), _("Share in time")], rows
    )


def step_label(step: int) -> str:
    """Minutes below two hours, hours above."""
    if step == len(STEPS):
        return _("> {hours} h").format(hours=STEPS[-1] // 60)
    low, high = (STEPS[step - 1] if step else 0), STEPS[step]
    return (
        _("{low}–{high} h").format(low=low // 60, high=high // 60)
        if low >= 120
        else f"{low}–{high}"
    )


def speed(found: Numbers) -> Sheet:
    """From (not included) and to in business minutes."""
    to, edges = addresses.links(found.scope), (0, *STEPS, None)
    rows = [
        [Cell(edges[n]), Cell(edges[n + 1]), Cell(count, href=to[TOOK[n]])]
        for n, count in enumerate(found.attainment.took)
    ]
    return Sheet([_("Business minutes above"), _("up to"), _("Handoffs decided")], rows)


def funnel(found: Numbers) -> Sheet:
    to, rows = addresses.links(found.scope), []
    for step in found.funnel:
        label = str(SLICES[step.stage].title) if step.previous else _("Leads")
        missing = Cell(step.not_recorded, href=to.get(f"unrecorded_{step.stage}", ""))
        rows.append(
            [Cell(label), Cell(step.count, href=to[step.stage]), missing, rate(step.of_leads)]
        )
    return Sheet([_("Stage"), _("Leads"), _("Not recorded"), _("Share of all leads")], rows)


def rejections(found: Numbers) -> Sheet:
    """Sorted, with what the reasons explain together."""
    total, so_far, rows = sum(reason.count for reason in found.reasons), 0, []
    for reason in found.reasons:
        so_far += reason.count
        kind = str(RejectionClass(reason.kind).label)
        href = addresses.of_reason(found.scope, reason)
        rows.append(
            [
                Cell(in_language(reason.name)),
                Cell(kind),
                Cell(reason.count, href=href),
                rate(so_far / total),
            ]
        )
    return Sheet([_("Reason"), _("Class"), _("Rejections"), _("Share so far")], rows)


def accept(found: Numbers) -> Sheet:
    to, kept = addresses.links(found.scope), found.attainment
    labels = results()
    rows = [
        [Cell(label), Cell(getattr(kept, name), href=to[name])] for name, label in labels.items()
    ]
    return Sheet([_("Result"), _("Handoffs")], rows)


def results() -> dict[str, str]:
    """What became of the clocks of the accept commitment, in words."""
    return {
        "in_time": _("In time"),
        "late": _("Late or overdue"),
        "running": _("Still running"),
        "withdrawn": pgettext("handoffs", "Withdrawn"),
        "outage": _("Outage of ours"),
    }


def days(found: Numbers) -> Sheet:
    to, won = addresses.links(found.scope), found.days
    return Sheet(
        [_("Number"), _("Value")],
        [
            [Cell(_("Wins")), Cell(won.n, href=to["won"])],
            [Cell(_("Median days")), Cell(won.median)],
            [Cell(_("Nine of ten within days")), Cell(won.p90)],
            [Cell(_("Won before first seen")), Cell(won.before_first_seen, href=to["won_early"])],
        ],
    )


def sources(found: Numbers) -> Sheet:
    rows = [
        [
            Cell(source_label(group)),
            *_grouped(addresses.links(replace(found.scope, source=group.key)), group),
        ]
        for group in found.sources
    ]
    return Sheet([_("Source"), *_group_heads()], rows)


def months(found: Numbers) -> Sheet:
    rows = []
    for group in found.months:
        to = addresses.links(replace(found.scope, period=found.scope.period.month(group.name)))
        rows.append([Cell(group.key, month_label(group)), *_grouped(to, group)])
    return Sheet([_("Month"), *_group_heads()], rows)


def source_label(group: Group) -> str:
    return _("Not given") if group.key == NOT_GIVEN else in_language(group.name)


def month_label(group: Group) -> str:
    return capfirst(date_format(group.name, "M Y"))


def _group_heads() -> list[str]:
    accepted = [
        _("Handed off"),
        pgettext("share of the handed off", "Accepted"),
        _("Share accepted"),
    ]
    return [_("Leads"), "MQL", *accepted, "SQL", _("Won"), _("Amount"), _("Conversion")]


def _grouped(to: dict[str, str], group: Group) -> list[Cell]:
    def count(name: str) -> Cell:
        return Cell(getattr(group, name), href=to[name])

    return [
        *(count(name) for name in ("leads", "mql", "handed_off", "accepted")),
        rate(group.acceptance),
        *(count(name) for name in ("sql", "won")),
        Cell(group.amount, number(group.amount)),
        rate(group.conversion),
    ]


def scores(found: Numbers) -> Sheet:
    """One row for each band of each score."""
    to, rows = addresses.links(found.scope), []
    for band in found.bands:
        score = _("Fit") if band.score == "fit" else _("Engagement")
        counted = [Cell(band.ended, href=to[band.slice]), Cell(band.won, href=to[band.won_slice])]
        rows.append([Cell(score), Cell(band.low), Cell(band.high), *counted, rate(band.rate)])
    return Sheet([_("Score"), _("From"), _("To"), _("Ended"), _("Won"), _("Win rate")], rows)


def overrides(found: Numbers) -> Sheet:
    rows = []
    for each in found.submitters:
        to = addresses.links(replace(found.scope, person=each.pk))
        counted = [
            Cell(each.handed, href=to["handed"]),
            Cell(each.overridden, href=to["overridden"]),
        ]
        rows.append([Cell(each.name), *counted, rate(each.rate)])
    return Sheet([_("Handed off by"), _("Handoffs"), _("On a person’s word"), _("Share")], rows)


SHEETS: dict[str, Callable[[Numbers], Sheet]] = {
    "headline": headline,
    "weekly": weekly,
    "speed": speed,
    "funnel": funnel,
    "rejections": rejections,
    "accept": accept,
    "days": days,
    "sources": sources,
    "months": months,
    "scores": scores,
    "overrides": overrides,
}
