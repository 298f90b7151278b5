"""What an agreement promises, in sentences: for its own pages and for those of the set-up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm.lib.bilingual import in_language
from crm.lib.number_formats import limit_words
from leads.records import fields
from sla.models import AgreementVersion
from sla.states import Metric, StepKind

Names = Mapping[str, Mapping[str, Mapping[str, str]]]  # {"sources": {code: {"es", "en"}}, …}

DAY = 24 * 60  # minutes


@dataclass(frozen=True)
class InWords:
    """Sentences for a page of the set-up."""

    sales: list[str]
    marketing: list[str]
    ladder: list[str]
    package: str


def of_terms(commitments: Iterable[Mapping[str, Any]], package: Iterable[str]) -> InWords:
    """``commitments`` as drafts.create takes them."""
    promises = list(commitments)
    accept = next((p for p in promises if p["metric"] == Metric.ACCEPT), {})
    return InWords(
        sales=[promise(p) for p in promises if p["side"] == "sales"],
        marketing=[promise(p) for p in promises if p["side"] == "marketing"],
        ladder=[step(kind, offset) for kind, offset in accept.get("steps", ())],
        package=", ".join(fields.labels(package).values()),
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


def promise(promised: Mapping[str, Any]) -> str:
    """One commitment in a sentence without its subject: the side stands in the heading above it."""
    target = Decimal(str(promised["target"]))
    share, number = f"{target * 100:.0f}", int(target)
    within = limit_words((promised.get("window_minutes") or 0) * 60)
    texts = {
        Metric.ACCEPT: _("Accepts or rejects within %(within)s, %(share)s times out of 100."),
        Metric.FIRST_CONTACT: _(
            "First contact within %(within)s of accepting, %(share)s times out of 100."
        ),
        Metric.SQL_DECISION: _(
            "Says whether it is an SQL within %(within)s of the contact, %(share)s times out of"
            " 100."
        ),
        Metric.RETURN_ANSWER: _("Answers a return within %(within)s, %(share)s times out of 100."),
        Metric.ACCEPTANCE_RATE: _(
            "At least %(share)s of 100 leads are good enough to be accepted."
        ),
        Metric.PACKAGE_COMPLETE: _("At least %(share)s of 100 packages are complete."),
        Metric.FEEDBACK: _("Says what became of the lead, %(share)s times out of 100."),
    }
    if promised["metric"] == Metric.ATTEMPTS:
        text = ngettext(
            "Tries to reach a lead %(number)s time",
            "Tries to reach a lead %(number)s times",
            number,
        )
        return _("%(tries)s within %(within)s.") % {
            "tries": text % {"number": number},
            "within": within,
        }
    if promised["metric"] == Metric.MQL_VOLUME:
        text = ngettext(
            "Hands off %(number)s MQL a month.", "Hands off %(number)s MQLs a month.", number
        )
        return text % {"number": number}
    return texts[Metric(promised["metric"])] % {"within": within, "share": share}


def variant(promised: Mapping[str, Any], names: Names) -> str:
    """A commitment that differs for some leads: for which, then what."""
    said = promise(promised)
    return _("%(which)s: %(promise)s") % {
        "which": which(promised["conditions"], names),
        "promise": said if said[1:2].isupper() else said[:1].lower() + said[1:],
    }


def which(conditions: Mapping[str, list[str]], names: Names) -> str:
    """The leads that a variant is for: "Source Event or Referral, valuable action Asked for a
    demo".
    """
    texts = {
        "sources": _("source %(names)s"),
        "actions": _("valuable action %(names)s"),
        "personas": _("buyer persona %(names)s"),
    }
    said = [
        texts[key] % {"names": either(key, conditions[key], names)}
        for key in texts
        if conditions.get(key)
    ]
    return capfirst(", ".join(said))


def either(kind: str, codes: Iterable[str], names: Names) -> str:
    """What ``codes`` are called: "Event, Referral or Web"."""
    said = [called(kind, code, names) for code in codes]
    if len(said) < 2:
        return "".join(said)
    return _("%(most)s or %(last)s") % {"most": ", ".join(said[:-1]), "last": said[-1]}


def called(kind: str, code: str, names: Names) -> str:
    """What people call ``code``; the code itself where nobody knows it any more."""
    return in_language(names.get(kind, {}).get(code)) or code


def days(minutes: int) -> str:
    """Time on the wall, nights and weekends included: "14 days", "36 hours" where it is no whole
    number of days.
    """
    if minutes % DAY:
        hours = round(minutes / 60)
        return ngettext("%(n)s hour", "%(n)s hours", hours) % {"n": hours}
    return ngettext("%(n)s day", "%(n)s days", minutes // DAY) % {"n": minutes // DAY}


def step(kind: str, offset: int) -> str:
    """One step of a ladder; ``offset``: business minutes from the deadline."""
    within = limit_words(abs(offset) * 60)
    texts = {
        StepKind.WARN: _("%(within)s before the deadline: the team is warned."),
        StepKind.BREACH: _("At the deadline: the promise is broken, and both sides hear of it."),
        StepKind.NOTIFY_TEAM_LEAD: _("%(within)s later: the team lead of sales hears of it."),
        StepKind.REQUEUE: _("%(within)s later: back to the head of the queue, for everybody."),
        StepKind.NOTIFY_DIRECTOR: _("%(within)s later: the director hears of it."),
    }
    return texts[StepKind(kind)] % {"within": within}
