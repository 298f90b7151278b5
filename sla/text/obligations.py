"""The sections of an agreement about what each side commits to, and how much of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm.accounts.states import Side
from crm.lib import number_formats
from sla.agreements import default_terms
from sla.states import SIDE_OF, Metric
from sla.text import commitments
from sla.text.commitments import Names
from sla.text.sections import Content, SectionBody, SectionLine, marked


def marketing(content: Content, names: Names) -> SectionBody:
    """Write what marketing promises."""
    return SectionBody(
        _("Marketing promises sales:"), _commitment_lines(content, Side.MARKETING, names)
    )


def sales(content: Content, names: Names) -> SectionBody:
    """Write what sales promises."""
    return SectionBody(
        _("Sales promises marketing:"), _commitment_lines(content, Side.SALES, names)
    )


def _commitment_lines(
    content: Content,
    side: str,
    names: Names,
) -> list[SectionLine]:
    """Write each commitment of ``side``, and below it the leads for which it differs."""
    own = [commitment for commitment in content["commitments"] if commitment["side"] == side]
    general = [commitment for commitment in own if not commitments.is_variant(commitment)]
    variants = [commitment for commitment in own if commitments.is_variant(commitment)]
    lines = []
    for commitment in general:
        below = [
            _variant_line(variant, names)
            for variant in variants
            if variant["metric"] == commitment["metric"]
        ]
        text = commitments.sentence(commitment)
        lines.append(SectionLine(key_of(commitment), text, below))
    # A metric that is promised for some leads only has no line to stand below.
    metrics = {commitment["metric"] for commitment in general}
    for variant in variants:
        if variant["metric"] not in metrics:
            lines.append(_variant_line(variant, names))
    return [*lines, *_not_promised(content, side)]


def _not_promised(content: Content, side: str) -> Iterator[SectionLine]:
    """Write what ``side`` could promise and the text does not say: it is not judged."""
    promised = content["commitments"]
    said = {each["metric"] for each in promised if not commitments.is_variant(each)}
    for_some = {each["metric"] for each in promised} - said
    for metric in Metric:
        if SIDE_OF[metric] != side or metric in said:
            continue
        if metric == Metric.ATTEMPTS:
            yield SectionLine(str(metric), _usual_attempts())
            continue
        text = _("%(metric)s: not agreed, so it is not judged.")
        if metric in for_some:
            text = _("%(metric)s: not agreed for other leads, so it is not judged for them.")
        text %= {"metric": metric.label}
        yield SectionLine(str(metric), text, promises=str(metric))


def _usual_attempts() -> str:
    attempts = ngettext(
        "Tries to reach a lead %(number)s time",
        "Tries to reach a lead %(number)s times",
        default_terms.ATTEMPTS,
    )
    days = ngettext(
        "%(attempts)s within %(days)s working day.",
        "%(attempts)s within %(days)s working days.",
        default_terms.ATTEMPT_DAYS,
    )
    values = {
        "attempts": attempts % {"number": default_terms.ATTEMPTS},
        "days": default_terms.ATTEMPT_DAYS,
    }
    return marked(days % values, is_default=True)


def _variant_line(variant: Mapping[str, Any], names: Names) -> SectionLine:
    return SectionLine(key_of(variant), commitments.variant_sentence(variant, names))


def key_of(commitment: Mapping[str, Any]) -> str:
    """Return the same key for commitments on the same metric and the same leads.

    "accept", "accept actions=asked_for_demo".
    """
    parts = [str(commitment["metric"])]
    conditions = commitment.get("conditions") or {}
    # In a fixed order: the same key in every version, however its form was filled in.
    for key, codes in sorted(conditions.items()):
        if codes:
            parts.append(f"{key}={','.join(sorted(codes))}")
    return " ".join(parts)


def capacity(content: Content, names: Names) -> SectionBody:
    """Write how many leads sales can work, and how many MQLs marketing promises."""
    volumes = [
        float(commitment["target"])
        for commitment in content["commitments"]
        if key_of(commitment) == Metric.MQL_VOLUME
    ]
    volume = max(volumes, default=None)
    workable = content["capacity"]
    lines = []
    if workable is not None:
        text = ngettext(
            "Sales says that it can work %(count)s lead a month.",
            "Sales says that it can work %(count)s leads a month.",
            workable,
        )
        text = text % {"count": number_formats.number(workable)}
        lines.append(SectionLine("capacity", text))
    if volume is not None:
        count = int(volume)
        text = ngettext(
            "Marketing promises %(count)s MQL a month.",
            "Marketing promises %(count)s MQLs a month.",
            count,
        )
        text = text % {"count": number_formats.number(count)}
        lines.append(SectionLine("volume", text))
    if not lines:
        return SectionBody(_("Nobody has said how much sales can work."))
    if workable is not None and volume is not None:
        lines.append(SectionLine("fits", _fits(volume, workable)))
    return SectionBody("", lines)


def _fits(volume: float, workable: int) -> str:
    if volume <= workable:
        return _("That fits.")
    return _("That is more than sales can work.")


def index(content: Content, names: Names) -> SectionBody:
    """Write how much each commitment weighs in the alignment index."""
    weights = sorted(content["index_weights"].items(), key=lambda pair: -pair[1])
    if not weights:
        return SectionBody(_("No weights are agreed: every promise weighs the same."))
    lines = []
    for metric, weight in weights:
        if weight:
            text = f"{Metric(metric).label}: {weight}\u00a0%"
            lines.append(SectionLine(metric, text))
    intro = _("When both sides look at how well the agreement is kept, the promises weigh:")
    return SectionBody(intro, lines)
