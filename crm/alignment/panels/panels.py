"""What the alignment page shows of the numbers: addresses, charts, tables, words.

No number is made here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm.alignment.charts import figures
from crm.alignment.forms import SORTS, USUAL_SORT
from crm.alignment.numbers.agreement import Term
from crm.alignment.numbers.cohort import Group
from crm.alignment.numbers.report import Numbers
from crm.alignment.numbers.scope import Scope
from crm.alignment.panels import addresses, drawings, sheets, worth
from crm.alignment.panels.addresses import links
from crm.alignment.panels.drawings import LEAST
from crm.alignment.panels.worth import PersonLine, ScoreTable
from crm.lib.number_formats import limit_words, share
from crm.lib.text import fold
from crm.templatetags.relevo import number
from sla.states import Metric


@dataclass(frozen=True)
class Column:
    """A head of the source table.

    ``order``: ascending, descending or empty; ``sort``: what a press asks for.
    """

    label: str
    order: str
    sort: str


@dataclass(frozen=True)
class Line:
    """A source or a month in its table; ``to``: the lists behind its numbers."""

    label: str
    group: Group
    to: dict[str, str]

    @property
    def too_few(self) -> bool:
        return self.group.leads < LEAST

    @property
    def too_few_handed_off(self) -> bool:
        return self.group.handed_off < LEAST


@dataclass(frozen=True)
class Goal:
    """A promise in words, and how far what became of it lies above or below (trend: up or down;
    empty: unknown).
    """

    words: str
    trend: str = ""
    distance: str = ""


@dataclass(frozen=True)
class Panels:
    """The page: the numbers, ``to`` the list behind each, ``files`` the CSV of each panel,
    ``tables`` each as a table, the charts, and the promises (kept, accepted, volume).
    """

    numbers: Numbers
    to: dict[str, str]
    files: dict[str, str]
    tables: dict[str, SafeString]
    funnel: SafeString
    accept: SafeString
    weekly: SafeString
    speed: SafeString
    rejections: SafeString
    worst: str
    columns: list[Column]
    sources: list[Line]
    months: list[Line]
    kept: Goal
    accepted: Goal
    volume: Goal
    worth: list[ScoreTable]
    people: list[PersonLine]
    least: int = LEAST

    @property
    def has_gaps(self) -> bool:
        return any(step.not_recorded for step in self.numbers.funnel)


def ordered(numbers: Numbers, sort: str) -> Numbers:
    """The same numbers with the sources in the order that the reader asked for."""
    return (
        numbers if sort == USUAL_SORT else replace(numbers, sources=_sorted(numbers.sources, sort))
    )


def build(numbers: Numbers, sort: str = USUAL_SORT) -> Panels:
    """Everything that the page needs, in the active language; ``sort``: a column of SORTS, with a
    minus downwards.
    """
    numbers = ordered(numbers, sort)
    scope, promised = numbers.scope, numbers.terms
    folded = {
        "funnel": _("Leads by stage"),
        "rejections": _("Rejections by reason"),
        "accept": _("Handoffs by result"),
    }
    return Panels(
        numbers=numbers,
        to=links(scope),
        files={
            name: addresses.of_file(scope, name, **_asked(name, sort)) for name in sheets.SHEETS
        },
        tables={
            name: figures.folded(label, sheets.SHEETS[name](numbers).table())
            for name, label in folded.items()
        },
        funnel=drawings.funnel(numbers),
        accept=drawings.accept(numbers),
        weekly=drawings.weekly(numbers),
        speed=drawings.speed(numbers),
        rejections=drawings.rejections(numbers),
        worst=_worst(numbers),
        columns=_columns(sort),
        sources=[_of_source(scope, group) for group in numbers.sources],
        months=[_of_month(scope, group) for group in numbers.months],
        kept=_goal(
            promised[Metric.ACCEPT],
            _window_words,
            numbers.attainment.rate,
            numbers.attainment.judged,
        ),
        accepted=_goal(
            promised[Metric.ACCEPTANCE_RATE],
            _share_words,
            numbers.decisions.rate,
            numbers.decisions.decisions,
        ),
        volume=_goal(promised[Metric.MQL_VOLUME], _volume_words),
        worth=worth.score_tables(numbers),
        people=worth.people(numbers),
    )


def _asked(panel: str, sort: str) -> dict[str, str]:
    return {"sort": sort} if panel == "sources" and sort != USUAL_SORT else {}


def _worst(numbers: Numbers) -> str:
    week = drawings.worst(numbers)
    if week is None:
        return ""
    return _("Lowest in the week of {day}: {share}.").format(
        day=drawings.day(week), share=share(week.rate)
    )


def _sorted(groups: list[Group], sort: str) -> list[Group]:
    """By the column ``sort``, downwards with a minus before it; what is unknown comes last both
    ways.
    """
    name, downwards = sort.removeprefix("-"), sort.startswith("-")
    if name == "source":
        return sorted(groups, key=lambda group: fold(sheets.source_label(group)), reverse=downwards)
    known = [group for group in groups if getattr(group, name) is not None]
    unknown = [group for group in groups if getattr(group, name) is None]
    return sorted(known, key=lambda group: getattr(group, name), reverse=downwards) + unknown


def _columns(sort: str) -> list[Column]:
    """The heads of the source table; a second press on a column turns the order round."""
    words = (
        _("Source"),
        _("Leads"),
        "MQL",
        _("Share accepted"),
        "SQL",
        _("Won"),
        _("Amount"),
        _("Conversion"),
    )
    heads = zip(SORTS, words, strict=True)
    return [
        Column(
            label,
            "descending" if sort == f"-{name}" else "ascending" if sort == name else "",
            name if sort == f"-{name}" or (name == "source" and sort != name) else f"-{name}",
        )
        for name, label in heads
    ]


def _of_source(scope: Scope, group: Group) -> Line:
    return Line(sheets.source_label(group), group, links(replace(scope, source=group.key)))


def _of_month(scope: Scope, group: Group) -> Line:
    return Line(
        sheets.month_label(group),
        group,
        links(replace(scope, period=scope.period.month(group.name))),
    )


def _goal(
    terms: list[Term], words: Callable[[Term], str], rate: float | None = None, n: int = 0
) -> Goal:
    """Compared only where one promise holds for all and there is enough to compare."""
    text = " · ".join(dict.fromkeys(words(term) for term in terms)) or _("nothing for this period")
    targets = {float(term.target) for term in terms}
    if len(targets) != 1 or rate is None or n < LEAST:
        return Goal(text)
    away = 100 * (rate - targets.pop())
    points = round(abs(away))
    if away < 0:
        below = (
            ngettext("{n} point below", "{n} points below", points) if points else _("just below")
        )
        return Goal(text, "down", below.format(n=points))
    above = ngettext("{n} point above", "{n} points above", points) if points else _("just reached")
    return Goal(text, "up", above.format(n=points))


def _window_words(term: Term) -> str:
    if not term.window_minutes:
        return _share_words(term)
    words = _("{share} within {limit}")
    return words.format(share=_share_words(term), limit=limit_words(60 * term.window_minutes))


def _share_words(term: Term) -> str:
    return share(float(term.target))


def _volume_words(term: Term) -> str:
    return _("{n} a month").format(n=number(term.target.normalize()))
