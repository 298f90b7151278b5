"""What the alignment page shows of the numbers: addresses, charts, words. No number is made here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from crm.dashboard import charts
from crm.dashboard.charts import Mark
from crm.dashboard.numbers import NOT_GIVEN, SLICES, STAGES, Group, Numbers, Scope, Step, Term
from crm.dashboard.templatetags.alignment import share
from crm.lib.bilingual import in_language
from crm.templatetags.relevo import limit_words, number
from sla.states import Metric

LEAST = 10  # with fewer cases a share says nothing


@dataclass(frozen=True)
class Line:
    """A source or a month in its table; ``to``: the lists behind its numbers."""

    label: str
    group: Group
    to: dict[str, str]
    too_few: bool


@dataclass(frozen=True)
class Goal:
    """A promise in words, and how far what became of it lies above or below (trend: up or down; empty: unknown)."""

    words: str
    trend: str = ""
    distance: str = ""


@dataclass(frozen=True)
class Panels:
    """The page: the numbers, ``to`` the list behind each, charts, tables, and the promises (kept, accepted, volume)."""

    numbers: Numbers
    to: dict[str, str]
    funnel: SafeString
    accept: SafeString
    sources: list[Line]
    months: list[Line]
    kept: Goal
    accepted: Goal
    volume: Goal
    least: int = LEAST

    @property
    def has_gaps(self) -> bool:
        return any(step.not_recorded for step in self.numbers.funnel)


def build(numbers: Numbers) -> Panels:
    """Everything that the page needs, in the active language."""
    to, promised = links(numbers.scope), numbers.terms
    return Panels(
        numbers=numbers,
        to=to,
        funnel=funnel(numbers.funnel, to),
        accept=accept(numbers, to),
        sources=[_of_source(numbers.scope, group) for group in numbers.sources],
        months=[_of_month(numbers.scope, group) for group in numbers.months],
        kept=_goal(promised[Metric.ACCEPT], _window_words, numbers.attainment.rate, numbers.attainment.judged),
        accepted=_goal(
            promised[Metric.ACCEPTANCE_RATE], _share_words, numbers.decisions.rate, numbers.decisions.decisions
        ),
        volume=_goal(promised[Metric.MQL_VOLUME], _volume_words),
    )


def links(scope: Scope, page: str = "alignment_leads") -> dict[str, str]:
    """The address of the list behind each number of ``scope``."""
    return {name: f"{reverse(page)}?{urlencode({'show': name, **query(scope)})}" for name in SLICES}


def query(scope: Scope) -> dict[str, str]:
    """``scope`` as it stands in an address."""
    period = {"from": scope.period.start.isoformat(), "to": scope.period.end.isoformat()}
    return period | ({"source": scope.source} if scope.source else {})


def funnel(steps: list[Step], to: dict[str, str]) -> SafeString:
    """The cohort by the stages that it reached."""
    heads = (_("Stage"), _("Leads"), _("Share of the stage before"))
    return charts.bars(
        _("Leads first seen in the period, by stage reached"), [_mark(s, to) for s in steps], heads=heads
    )


def _mark(step: Step, to: dict[str, str]) -> Mark:
    """A stage that nobody has a date for, though some came further, is not recorded; it is not nought."""
    label = str(SLICES[step.stage].title) if step.previous else _("Leads")
    missing = f"unrecorded_{step.stage}"
    if not step.count and step.not_recorded:
        words = ngettext("{n} lead came further", "{n} leads came further", step.not_recorded)
        return Mark(label, None, to[missing], words.format(n=number(step.not_recorded)))
    note: str = ""
    if step.not_recorded:
        words = ngettext("{n} not recorded", "{n} not recorded", step.not_recorded)
        note = charts.linked(words.format(n=number(step.not_recorded)), to[missing])
    elif step.of_previous is not None:
        of = _("{share} of previous") if _follows(step) else _("{share} of {stage}")
        note = of.format(share=share(step.of_previous), stage=SLICES[step.previous].title)
    return Mark(label, step.count, to[step.stage], note)


def _follows(step: Step) -> bool:
    return STAGES.index(step.stage) == STAGES.index(step.previous) + 1


def accept(numbers: Numbers, to: dict[str, str]) -> SafeString:
    """What became of the clocks of the accept commitment."""
    kept = numbers.attainment
    judged = {"in_time": _("In time"), "late": _("Late or overdue")}
    others = {
        "running": _("Still running"),
        "withdrawn": pgettext("handoffs", "Withdrawn"),
        "outage": _("Outage of ours"),
    }
    marks = [
        Mark(
            label,
            getattr(kept, name),
            to[name],
            share(getattr(kept, name) / kept.judged) if name in judged and kept.judged else "",
            late=name == "late",
        )
        for name, label in {**judged, **others}.items()
        if name != "outage" or kept.outage
    ]
    heads = (_("Result"), _("Handoffs"), _("Share of those judged"))
    return charts.bars(_("Handoffs sent in the period, by what became of the clock"), marks, heads=heads)


def _of_source(scope: Scope, group: Group) -> Line:
    label = _("Not given") if group.key == NOT_GIVEN else in_language(group.name)
    return Line(label, group, links(replace(scope, source=group.key)), group.leads < LEAST)


def _of_month(scope: Scope, group: Group) -> Line:
    label = capfirst(date_format(group.name, "M Y"))
    return Line(label, group, links(replace(scope, period=scope.period.month(group.name))), group.leads < LEAST)


def _goal(terms: list[Term], words: Callable[[Term], str], rate: float | None = None, n: int = 0) -> Goal:
    """Compared only where one promise holds for all and there is enough to compare."""
    text = " · ".join(dict.fromkeys(words(term) for term in terms)) or _("nothing for this period")
    targets = {float(term.target) for term in terms}
    if len(targets) != 1 or rate is None or n < LEAST:
        return Goal(text)
    away = 100 * (rate - targets.pop())
    points = round(abs(away))
    if away < 0:
        below = ngettext("{n} point below", "{n} points below", points) if points else _("just below")
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
