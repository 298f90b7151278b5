"""The commitments of an agreement in sentences, for its own pages and for those of the setup."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm.accounts.states import Side
from crm.lib.bilingual import in_language
from crm.lib.number_formats import limit_words
from leads.records import fields
from sla.agreements.drafts import commitments_of
from sla.models import AgreementVersion
from sla.states import REQUEUED, SIDE_OF, Metric, StepKind

CommitmentData = Mapping[str, Any]  # as drafts.create takes it
BilingualName = Mapping[str, str]
Names = Mapping[str, Mapping[str, BilingualName]]  # {"sources": {code: {"es", "en"}}, …}

DAY = 24 * 60  # minutes


@dataclass(frozen=True)
class CommitmentSummary:
    """The commitments of both sides, the ladder of the accept clock, and the package, as text."""

    sales: list[str]
    marketing: list[str]
    ladder: list[str]
    package: str


def summary(commitments: Iterable[CommitmentData], package: Iterable[str]) -> CommitmentSummary:
    """Return ``commitments`` and the fields of the package in sentences."""
    sides: dict[str, list[str]] = {side: [] for side in Side.values}
    ladders = []
    for commitment in commitments:
        sides[commitment["side"]].append(sentence(commitment))
        if commitment["metric"] == Metric.ACCEPT:
            ladders.append(_ladder(commitment))
    labels = fields.labels(package).values()
    return CommitmentSummary(
        sales=sides[Side.SALES],
        marketing=sides[Side.MARKETING],
        # Of the accept clock only, whatever the leads: the other ladders read alike.
        ladder=ladders[0] if ladders else [],
        package=", ".join(labels),
    )


def _ladder(commitment: CommitmentData) -> list[str]:
    steps = commitment.get("steps", ())
    return [step_sentence(kind, offset, commitment["metric"]) for kind, offset in steps]


def summary_of(version: AgreementVersion) -> CommitmentSummary:
    """Return the commitments and the package of ``version`` in sentences."""
    return summary(commitments_of(version), version.package_fields)


def is_variant(commitment: CommitmentData) -> bool:
    """Return whether ``commitment`` holds for some leads only."""
    conditions = commitment["conditions"] or {}
    # A condition without codes narrows nothing.
    return any(conditions.values())


def sentence(commitment: CommitmentData) -> str:
    """Return one commitment without its subject: the side is in the heading above it."""
    metric = Metric(commitment["metric"])
    target = Decimal(str(commitment["target"]))
    share = f"{target * 100:.0f}"
    # The summary of a template has commitments without a window.
    minutes = commitment.get("window_minutes") or 0
    within = limit_words(minutes * 60)
    if metric == Metric.ATTEMPTS:
        return _attempts(int(target), within)
    if metric == Metric.MQL_VOLUME:
        return _volume(int(target))
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
    return texts[metric] % {"within": within, "share": share}


def _attempts(number: int, within: str) -> str:
    tries = ngettext(
        "Tries to reach a lead %(number)s time",
        "Tries to reach a lead %(number)s times",
        number,
    )
    text = _("%(tries)s within %(within)s.")
    return text % {
        "tries": tries % {"number": number},
        "within": within,
    }


def _volume(number: int) -> str:
    text = ngettext(
        "Hands off %(number)s MQL a month.", "Hands off %(number)s MQLs a month.", number
    )
    return text % {"number": number}


def variant_sentence(commitment: CommitmentData, names: Names) -> str:
    """Return a commitment that holds for some leads: for which, then what."""
    text = sentence(commitment)
    # A sentence that begins with an abbreviation ("MQLs …") keeps its capital letters.
    first, rest = text[:1], text[1:]
    if not rest[:1].isupper():
        text = first.lower() + rest
    leads = audience(commitment["conditions"], names)
    return _("%(which)s: %(promise)s") % {"which": leads, "promise": text}


def full_sentence(commitment: CommitmentData, names: Names) -> str:
    """Return a commitment with its ladder."""
    text = sentence(commitment)
    if is_variant(commitment):
        text = variant_sentence(commitment, names)
    return " ".join([text, *_ladder(commitment)])


def audience(conditions: Mapping[str, list[str]], names: Names) -> str:
    """Return the leads of a variant: "Source Event or Referral, valuable action Demo"."""
    texts = {
        "sources": _("source %(names)s"),
        "actions": _("valuable action %(names)s"),
        "personas": _("buyer persona %(names)s"),
    }
    parts = []
    for key, text in texts.items():
        codes = conditions.get(key)
        if codes:
            parts.append(text % {"names": any_of(key, codes, names)})
    return capfirst(", ".join(parts))


def any_of(kind: str, codes: Iterable[str], names: Names) -> str:
    """Return the names of ``codes`` as a choice: "Event, Referral or Web"."""
    texts = [name_of(kind, code, names) for code in codes]
    if len(texts) < 2:
        return "".join(texts)
    *most, last = texts
    pattern = _("%(most)s or %(last)s")
    return pattern % {
        "most": ", ".join(most),
        "last": last,
    }


def name_of(kind: str, code: str, names: Names) -> str:
    """Return the name of ``code``, or the code itself where it has no name any more."""
    names_of_kind = names.get(kind, {})
    return in_language(names_of_kind.get(code)) or code


def wall_time(minutes: int) -> str:
    """Return a length of time that counts nights and weekends.

    "14 days", or "36 hours" where it is no whole number of days.
    """
    days, rest = divmod(minutes, DAY)
    if rest:
        hours = round(minutes / 60)
        return ngettext("%(n)s hour", "%(n)s hours", hours) % {"n": hours}
    return ngettext("%(n)s day", "%(n)s days", days) % {"n": days}


def step_sentence(kind: str, offset: int, metric: str) -> str:
    """Return one step of the ladder of ``metric``; ``offset``: business minutes from the deadline.

    It names the lead of the side that owes. Where no queue waits, an old ladder with the step back
    to the queue tells the lead, too.
    """
    team_lead = _("%(within)s later: the team lead of sales hears of it.")
    if SIDE_OF[metric] == Side.MARKETING:
        team_lead = _("%(within)s later: the team lead of marketing hears of it.")
    requeue = _("%(within)s later: back to the head of the queue, for everybody.")
    texts = {
        StepKind.WARN: _("%(within)s before the deadline: the team is warned."),
        StepKind.BREACH: _("At the deadline: the promise is broken, and both sides hear of it."),
        StepKind.NOTIFY_TEAM_LEAD: team_lead,
        StepKind.REQUEUE: requeue if metric in REQUEUED else team_lead,
        StepKind.NOTIFY_DIRECTOR: _("%(within)s later: the director hears of it."),
    }
    within = limit_words(abs(offset) * 60)
    return texts[StepKind(kind)] % {"within": within}
