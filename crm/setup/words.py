"""An agreement in words: what each side promises and what happens as a clock runs out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm.templatetags.relevo import limit_words
from leads import facts
from sla.models import AgreementVersion
from sla.states import Metric, StepKind


@dataclass(frozen=True)
class InWords:
    """Sentences for a page."""

    sales: list[str]
    marketing: list[str]
    ladder: list[str]
    package: str


def of_terms(commitments: Iterable[Mapping[str, Any]], package: Iterable[str]) -> InWords:
    """``commitments`` as agreements.draft takes them."""
    promises = list(commitments)
    accept = next((p for p in promises if p["metric"] == Metric.ACCEPT), {})
    return InWords(
        sales=[_promise(p) for p in promises if p["side"] == "sales"],
        marketing=[_promise(p) for p in promises if p["side"] == "marketing"],
        ladder=[_step(kind, offset) for kind, offset in accept.get("steps", ())],
        package=", ".join(facts.labels(package).values()),
    )


def of_version(version: AgreementVersion) -> InWords:
    promises = [
        {
            "side": p.side,
            "metric": p.metric,
            "target": p.target,
            "window_minutes": p.window_minutes,
            "steps": [(step.kind, step.offset_minutes) for step in p.steps.all()],
        }
        for p in version.commitments.prefetch_related("steps")
    ]
    return of_terms(promises, version.package_fields)


def _promise(promise: Mapping[str, Any]) -> str:
    target = Decimal(str(promise["target"]))
    share, number = f"{target * 100:.0f}", int(target)
    within = limit_words((promise.get("window_minutes") or 0) * 60)
    texts = {
        Metric.ACCEPT: _("Accepts or rejects within %(within)s, %(share)s times out of 100."),
        Metric.FIRST_CONTACT: _("First contact within %(within)s of accepting, %(share)s times out of 100."),
        Metric.SQL_DECISION: _("Says whether it is an SQL within %(within)s of the contact, %(share)s out of 100."),
        Metric.RETURN_ANSWER: _("Answers a return within %(within)s, %(share)s times out of 100."),
        Metric.ACCEPTANCE_RATE: _("At least %(share)s of 100 leads are good enough to be accepted."),
        Metric.PACKAGE_COMPLETE: _("At least %(share)s of 100 packages are complete."),
        Metric.FEEDBACK: _("Says what became of the lead, %(share)s times out of 100."),
    }
    if promise["metric"] == Metric.ATTEMPTS:
        text = ngettext("Tries to reach a lead %(number)s time", "Tries to reach a lead %(number)s times", number)
        return _("%(tries)s within %(within)s.") % {"tries": text % {"number": number}, "within": within}
    if promise["metric"] == Metric.MQL_VOLUME:
        text = ngettext("Hands off %(number)s MQL a month.", "Hands off %(number)s MQLs a month.", number)
        return text % {"number": number}
    return texts[Metric(promise["metric"])] % {"within": within, "share": share}


def _step(kind: str, offset: int) -> str:
    within = limit_words(abs(offset) * 60)
    texts = {
        StepKind.WARN: _("%(within)s before the deadline: the team is warned."),
        StepKind.BREACH: _("At the deadline: the promise is broken, and both sides hear of it."),
        StepKind.TELL_LEAD: _("%(within)s later: the team lead of sales hears of it."),
        StepKind.REQUEUE: _("%(within)s later: back to the head of the queue, for everybody."),
        StepKind.TELL_DIRECTOR: _("%(within)s later: the director hears of it."),
    }
    return texts[StepKind(kind)] % {"within": within}
