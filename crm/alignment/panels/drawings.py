"""The charts of the alignment page, drawn from the numbers that the sheets print."""

from __future__ import annotations

from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from crm.alignment import charts
from crm.alignment.charts import Mark, Series
from crm.alignment.numbers.agreement import Week
from crm.alignment.numbers.cohort import Step
from crm.alignment.numbers.report import Numbers
from crm.alignment.numbers.slices import SLICES, STAGES, STEPS, TOOK
from crm.alignment.panels import addresses, sheets
from crm.lib.bilingual import in_language
from crm.lib.number_formats import share
from crm.templatetags.relevo import number
from sla.states import Metric

LEAST = 10  # with fewer cases a share says nothing


def funnel(found: Numbers) -> SafeString:
    """The cohort by the stages that it reached."""
    to = addresses.links(found.scope)
    heads = (_("Stage"), _("Leads"), _("Share of the stage before"))
    return charts.bars(
        _("Leads first seen in the period, by stage reached"),
        [_stage(s, to) for s in found.funnel],
        heads=heads,
    )


def _stage(step: Step, to: dict[str, str]) -> Mark:
    """A stage that nobody has a date for, though some came further, is not recorded; it is not
    nought.
    """
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


def accept(found: Numbers) -> SafeString:
    """What became of the clocks of the accept commitment."""
    to, kept = addresses.links(found.scope), found.attainment
    marks = [
        Mark(
            label,
            getattr(kept, name),
            to[name],
            (
                share(getattr(kept, name) / kept.judged)
                if name in ("in_time", "late") and kept.judged
                else ""
            ),
            late=name == "late",
        )
        for name, label in sheets.results().items()
        if name != "outage" or kept.outage
    ]
    heads = (_("Result"), _("Handoffs"), _("Share of those judged"))
    return charts.bars(
        _("Handoffs sent in the period, by what became of the clock"), marks, heads=heads
    )


def rejections(found: Numbers) -> SafeString:
    """Why sales said no: the longest bar first, with the share that the reasons explain
    together.
    """
    table, marks = sheets.rejections(found), []
    for reason, row in zip(found.reasons, table.rows, strict=True):
        note = _("{share} so far").format(share=row[-1].text)
        marks.append(Mark(in_language(reason.name), reason.count, row[2].href, note))
    heads = (_("Reason"), _("Rejections"), _("Share so far"))
    return charts.bars(_("Rejections of the period, by reason"), marks, heads=heads, tone="c3")


def agreed_share(found: Numbers) -> float | None:
    """The share to be decided in time, where one promise holds for the whole period."""
    targets = {float(term.target) for term in found.terms[Metric.ACCEPT]}
    return targets.pop() if len(targets) == 1 else None


def agreed_minutes(found: Numbers) -> int | None:
    windows = {term.window_minutes for term in found.terms[Metric.ACCEPT]}
    return windows.pop() if len(windows) == 1 else None


def day(week: Week) -> str:
    return date_format(week.start, pgettext("date format", "j M"))


def worst(found: Numbers) -> Week | None:
    """The week that fell furthest short, of those with enough cases; None where there is no one
    such.
    """
    full = [week for week in found.weeks if week.judged >= LEAST]
    return min(full, key=lambda week: week.rate or 0) if len(full) > 1 else None


def weekly(found: Numbers) -> SafeString:
    """The share decided in time by week; weeks with few cases hollow, the agreed share as a dashed
    line.
    """
    agreed, table = agreed_share(found), sheets.weekly(found)
    series = Series(
        _("Share in time"),
        [week.rate for week in found.weeks],
        hrefs=[
            addresses.of_week(found.scope, week)["late" if week.late else "judged"]
            for week in found.weeks
        ],
        solid=[week.judged >= LEAST for week in found.weeks],
    )
    words = _("Agreed {share}").format(share=share(agreed)) if agreed is not None else ""
    return charts.line(
        _("Share of handoffs decided in time, by week"),
        [day(week) for week in found.weeks],
        [series],
        head=_("Week of"),
        high=1,
        shown=share,
        reference=None if agreed is None else (words, agreed, agreed),
        tick_every=max(1, round(len(found.weeks) / 5)),
        table=table.table(),
    )


def speed(found: Numbers) -> SafeString:
    """Business time to decide in fixed steps; a line stands at the limit where it is the edge of a
    step.
    """
    to, limit = addresses.links(found.scope), agreed_minutes(found)
    at = STEPS.index(limit) if limit in STEPS else None
    marks = [
        Mark(
            sheets.step_label(n),
            count,
            to[TOOK[n]],
            late=limit is not None and n > 0 and STEPS[n - 1] >= limit,
        )
        for n, count in enumerate(found.attainment.took)
    ]
    return charts.columns(
        _("Handoffs decided, by the business time that it took"),
        marks,
        heads=(_("Business minutes above"), _("Handoffs decided")),
        limit_after=at,
        limit_text=_("Limit"),
        table=sheets.speed(found).table(),
    )
