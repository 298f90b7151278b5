"""The sections of an agreement about time: the ladder, the calendar, and pauses of clocks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from crm.lib.moments import city
from crm.lib.number_formats import day_words
from sla.clocks.pauses import LONGEST_TOTAL
from sla.states import CLOCK_METRICS, Metric, StepKind
from sla.text import commitments
from sla.text.commitments import Names, name_of
from sla.text.obligations import key_of
from sla.text.sections import Content, SectionBody, SectionLine, TimelineStep
from sla.text.weekly_hours import weekly

# The icon and the tone of each kind of step in the timeline.
LOOKS = {
    StepKind.WARN: ("bell", "warn"),
    StepKind.BREACH: ("x", "bad"),
    StepKind.NOTIFY_TEAM_LEAD: ("user", "accent"),
    StepKind.REQUEUE: ("undo-2", "accent"),
    StepKind.NOTIFY_DIRECTOR: ("users", "bad"),
}


def ladder(content: Content, names: Names) -> SectionBody:
    """Write what happens as a clock runs out, once for commitments with the same steps."""
    lines: list[SectionLine] = []
    seen: set[tuple[str, str]] = set()
    for commitment in content["commitments"]:
        metric = commitment["metric"]
        steps = commitment["steps"]
        # A variant whose ladder reads the same as one before it is not repeated.
        mark = (metric, repr(steps))
        if metric in CLOCK_METRICS and steps and mark not in seen:
            seen.add(mark)
            lines.append(_ladder_line(commitment, names))
    if not lines:
        return SectionBody(_("Nobody is warned when a time runs out."))
    intro = _("What happens as a promised time runs out. All times are business time.")
    return SectionBody(intro, lines)


def _ladder_line(commitment: Mapping[str, Any], names: Names) -> SectionLine:
    title = str(Metric(commitment["metric"]).label)
    if commitments.is_variant(commitment):
        title = f"{title} ({commitments.audience(commitment['conditions'], names)})"
    steps = []
    for kind, offset in commitment["steps"]:
        icon, tone = LOOKS[StepKind(kind)]
        sentence = commitments.step_sentence(kind, offset, commitment["metric"])
        steps.append(TimelineStep(sentence, icon, tone))
    return SectionLine(key_of(commitment), title, steps=steps)


def calendar(content: Content, names: Names) -> SectionBody:
    """Write when clocks run: the weekly hours, those of later dates, and the days off."""
    signed = content["calendar"]
    lines = _week_lines(signed["windows"], "week")
    for since, windows in sorted(signed.get("changes", {}).items()):
        key = f"from {since}"
        day = day_words(date.fromisoformat(since))
        text = _("From %(date)s:") % {"date": day}
        lines.append(SectionLine(key, text, _week_lines(windows, key)))
    days_off = _(
        "Days off and shortened days are those of this calendar; its admins keep them, and no"
        " change moves a clock."
    )
    lines.append(SectionLine("days", days_off))
    lines.append(SectionLine("own", _("A team with working hours of its own counts by those.")))
    intro = _(
        "A promised hour counts only while the calendar “%(name)s” is open, by the time of"
        " %(city)s."
    )
    named = {
        "name": signed["name"],
        "city": city(signed["zone"]),
    }
    return SectionBody(intro % named, lines)


def _week_lines(windows: list[list[int]], key: str) -> list[SectionLine]:
    texts = weekly(windows)
    return [SectionLine(f"{key} {number}", text) for number, text in enumerate(texts)]


def pauses(content: Content, names: Names) -> SectionBody:
    """Write for which reasons a clock may pause, and for how long."""
    agreed = content.get("pauses")
    if agreed is None:
        # Signed before agreements had pauses.
        return SectionBody(
            _(
                "Nothing is agreed about pauses: a clock may stand still for any reason that Relevo"
                " lists."
            )
        )
    if not agreed:
        return SectionBody(
            _(
                "No clock stands still: a lead that asks for time is worked within the promised"
                " hours."
            )
        )
    longest_first = sorted(agreed.items(), key=lambda pair: (-pair[1], pair[0]))
    lines = []
    for code, minutes in longest_first:
        text = _("%(reason)s: %(days)s at most") % {
            "reason": name_of("pauses", code, names),
            "days": commitments.wall_time(minutes),
        }
        lines.append(SectionLine(code, text))
    limit = commitments.wall_time(round(LONGEST_TOTAL.total_seconds()) // 60)
    together = _(
        "All pauses of one clock together last %(days)s at most; nights and weekends count."
    )
    lines.append(SectionLine("all", together % {"days": limit}))
    intro = _(
        "When the lead asks for time, its rep may pause the first contact or the SQL decision for"
        " these reasons:"
    )
    return SectionBody(intro, lines)
