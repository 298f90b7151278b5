"""The charts of the alignment page, drawn from the same numbers as its tables."""

from __future__ import annotations

from math import ceil

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from crm.alignment.charts import figures, tables
from crm.alignment.charts.marks import Mark, Series, linked
from crm.alignment.numbers.agreement import Week
from crm.alignment.numbers.cohort import FunnelStep
from crm.alignment.numbers.report import Numbers
from crm.alignment.numbers.slices import CONTACT, SLICES, STAGES, STEPS, TOOK
from crm.alignment.panels import addresses, sheets
from crm.lib import number_formats
from crm.lib.bilingual import in_language
from crm.lib.number_formats import share
from crm.templatetags.relevo import number
from sla.states import Metric

LEAST = 10  # a share of fewer cases says nothing


def funnel(numbers: Numbers) -> SafeString:
    """Return the leads of the period by the stages that they reached."""
    to = addresses.links(numbers.scope)
    marks = [_stage(step, to) for step in numbers.funnel]
    heads = (_("Stage"), _("Leads"), _("Share of the stage before"))
    title = _("Leads first seen in the period, by stage reached")
    return tables.bars(title, marks, heads=heads)


def _stage(step: FunnelStep, to: dict[str, str]) -> Mark:
    """Return the bar of one stage.

    A stage without any date, which some leads have passed, is "not recorded" and not zero.
    """
    label = _("Leads")
    if step.previous:
        label = str(SLICES[step.stage].title)
    href_of_missing = to.get(f"unrecorded_{step.stage}", "")
    missing = step.not_recorded
    shown_missing = number(missing)
    if missing and not step.count:
        text = ngettext("{n} lead came further", "{n} leads came further", missing)
        note = text.format(n=shown_missing)
        return Mark(label, None, href_of_missing, note)
    note = _share_of_previous(step)
    if missing:
        text = ngettext("{n} not recorded", "{n} not recorded", missing)
        note = linked(text.format(n=shown_missing), href_of_missing)
    return Mark(label, step.count, to[step.stage], note)


def _share_of_previous(step: FunnelStep) -> str:
    """Return the share of the last recorded stage as text.

    The stage is named unless it is the one before.
    """
    if step.of_previous is None:
        return ""
    position = STAGES.index(step.stage)
    text = _("{share} of {stage}")
    if position == STAGES.index(step.previous) + 1:
        text = _("{share} of previous")
    title = SLICES[step.previous].title
    return text.format(share=share(step.of_previous), stage=title)


def accept(numbers: Numbers) -> SafeString:
    """Return the results of the clocks of the commitment to accept or reject."""
    to = addresses.links(numbers.scope)
    attainment = numbers.attainment
    marks = []
    for name, label in sheets.results().items():
        count = getattr(attainment, name)
        # Most periods have none; its bar would stand at zero.
        if name == "outage" and not count:
            continue
        note = ""
        # The other results are not judged, so they are no share of it.
        if name in ("in_time", "late") and attainment.judged:
            note = share(count / attainment.judged)
        is_late = name == "late"
        marks.append(Mark(label, count, to[name], note, late=is_late))
    heads = (_("Result"), _("Handoffs"), _("Share of those judged"))
    title = _("Handoffs sent in the period, by what became of the clock")
    return tables.bars(title, marks, heads=heads)


def contact(numbers: Numbers) -> SafeString:
    """Return the results of the clocks of the first contact."""
    to = addresses.links(numbers.scope)
    contacts = numbers.contacts
    marks = []
    for name, label in sheets.contact_results().items():
        count = getattr(contacts, name)
        if name == "outage" and not count:
            continue
        note = ""
        if name in ("in_time", "late") and contacts.judged:
            note = share(count / contacts.judged)
        marks.append(Mark(label, count, to[f"{CONTACT}{name}"], note, late=name == "late"))
    heads = (_("Result"), _("First contacts"), _("Share of those judged"))
    title = _("First contacts owed in the period, by what became of the clock")
    return tables.bars(title, marks, heads=heads)


def rejections(numbers: Numbers) -> SafeString:
    """Return rejections by reason, the most frequent first, each with the share so far."""
    # Addresses and shares are those of the table below, so that the two cannot differ.
    rows = sheets.rejections(numbers).rows
    marks = []
    for reason, row in zip(numbers.reasons, rows, strict=True):
        name = in_language(reason.name)
        _name, _kind, count, so_far = row
        note = _("{share} so far").format(share=so_far.text)
        marks.append(Mark(name, reason.count, count.href, note))
    heads = (_("Reason"), _("Rejections"), _("Share so far"))
    title = _("Rejections of the period, by reason")
    return tables.bars(title, marks, heads=heads, tone="c3")


def agreed_share(numbers: Numbers) -> float | None:
    """Return the agreed share in time, None unless one promise holds for the whole period."""
    targets = {float(term.target) for term in numbers.terms[Metric.ACCEPT]}
    if len(targets) != 1:
        return None
    return targets.pop()


def agreed_minutes(numbers: Numbers) -> int | None:
    """Return the agreed window in business minutes, None unless one promise holds throughout."""
    windows = {term.window_minutes for term in numbers.terms[Metric.ACCEPT]}
    if len(windows) != 1:
        return None
    return windows.pop()


def day(week: Week) -> str:
    """Return the first day of ``week`` as the charts write it: "2 Mar"."""
    pattern = pgettext("date format", "j M")
    return number_formats.when(week.start, pattern)


def worst(numbers: Numbers) -> Week | None:
    """Return the week with the lowest share in time among those with enough cases.

    Return None where fewer than two weeks have enough.
    """
    judged = [week for week in numbers.weeks if week.judged >= LEAST]
    # The only week is not the worst of anything.
    if len(judged) < 2:
        return None
    return min(judged, key=lambda week: week.rate or 0)


def weekly(numbers: Numbers) -> SafeString:
    """Return the share decided in time by week, with the agreed share as a dashed line.

    Weeks with few cases are hollow.
    """
    weeks = numbers.weeks
    agreed = agreed_share(numbers)
    reference = None
    if agreed is not None:
        text = _("Agreed {share}").format(share=share(agreed))
        reference = (text, agreed, agreed)
    series = Series(
        _("Share in time"),
        [week.rate for week in weeks],
        hrefs=[_list_of_week(numbers, week) for week in weeks],
        solid=[week.judged >= LEAST for week in weeks],
        tips=[_tip_of_week(week) for week in weeks],
    )
    sheet = sheets.weekly(numbers)
    return figures.line(
        _("Share of handoffs decided in time, by week"),
        [day(week) for week in weeks],
        [series],
        head=_("Week of"),
        high=1,
        shown=share,
        reference=reference,
        tick_every=tick_every(len(weeks)),
        table=sheet.table(),
    )


def tick_every(weeks: int) -> int:
    """Return which dates are written: about five fit side by side on a narrow screen."""
    return max(1, ceil(weeks / 5))


def _tip_of_week(week: Week) -> str:
    text = _("Week of {day}: {share}, {n} of {all} in time")
    return text.format(
        day=day(week), share=share(week.rate), n=number(week.in_time), all=number(week.judged)
    )


def _list_of_week(numbers: Numbers, week: Week) -> str:
    """Return the list of the late handoffs of a week; without any, of all that were judged."""
    to = addresses.of_week(numbers.scope, week)
    if week.late:
        return to["late"]
    return to["judged"]


def speed(numbers: Numbers) -> SafeString:
    """Return the business time to decide in fixed steps.

    A line marks the agreed limit where it is the edge of a step.
    """
    to = addresses.links(numbers.scope)
    limit = agreed_minutes(numbers)
    limit_after = None
    if limit in STEPS:
        limit_after = STEPS.index(limit)
    marks = []
    # Each step with its lower end; the first one has none and is never late.
    lower_ends = (0, *STEPS)
    for index, count in enumerate(numbers.attainment.took):
        is_late = limit is not None and index > 0 and lower_ends[index] >= limit
        label = sheets.step_label(index)
        href = to[TOOK[index]]
        marks.append(Mark(label, count, href, late=is_late))
    return figures.columns(
        _("Handoffs decided, by the business time that it took"),
        marks,
        heads=(_("Business minutes above"), _("Handoffs decided")),
        limit_after=limit_after,
        limit_text=_("Limit"),
        table=sheets.speed(numbers).table(),
    )
