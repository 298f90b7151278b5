"""What sales sent back: its return on the lead page, and what changed on the qualify page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crm.accounts.models import User
from crm.lib.bilingual import in_language
from leads.handoffs.packages import Changes
from leads.models import Dispute, Handoff, Lead, Return, ValuableActionKind
from leads.qualification.rules import Assessment
from leads.records import fields
from leads.returns import cases
from leads.states import SENT_BACK, ReturnState, Stage, Verdict
from leads.templatetags.leads import fact_text
from sla.agreements import default_terms
from sla.agreements.default_terms import Term
from sla.clocks import readings

# Where the return waits for an answer, or tells which one it has.
ANSWERABLE = (Stage.RETURNED, Stage.CLOSED, Stage.RECYCLED)


@dataclass(frozen=True)
class SentBack:
    """The return of a handoff that sales sent back.

    ``case``: that of the arbiter, if there is or was one. ``reading``: the clock of the answer, or
    of the decision while the arbiter has the lead; None where no answer is agreed. ``deciders``:
    who decides an open case; ``term``: within how many working days. ``original``: the lead that it
    is a duplicate of, None if the viewer does not see it.
    """

    row: Return
    reading: readings.Reading | None
    case: Dispute | None = None
    deciders: tuple[User, ...] = ()
    original: Lead | None = None
    term: Term | None = None


def sent_back(handoff: Handoff | None, *, viewer: User, at: datetime) -> SentBack | None:
    """Return the return of the lead's last handoff; None where sales did not send it back.

    None for a lead that woke since then, too: marketing has it as any other to qualify.

    Two queries for one that was sent back, two more while the arbiter has it, and one more for a
    duplicate.
    """
    if handoff is None or handoff.state not in SENT_BACK:
        return None
    if handoff.lead.stage not in ANSWERABLE:
        return None
    rows = Return.objects.select_related("clock", "assigned_to", "answered_by", "reason")
    row = rows.exclude(state=ReturnState.CANCELLED).filter(handoff=handoff).first()
    if row is None:
        return None
    case = cases.of(handoff)
    clock = row.clock
    deciders: tuple[User, ...] = ()
    term = None
    if case is not None and case.is_open:
        clock = case.clock
        deciders = tuple(cases.deciders(case, at=at))
        term = default_terms.dispute_days(handoff.agreement_version)
    reading = None
    if clock is not None:
        reading = readings.reading(clock, at=at)
    return SentBack(row, reading, case, deciders, _original(row, viewer), term)


def _original(row: Return, viewer: User) -> Lead | None:
    """Return the lead that the row says is the original, if ``viewer`` sees it."""
    if row.original_id is None:
        return None
    leads = Lead.objects.visible_to(viewer).select_related("person")
    return leads.filter(pk=row.original_id).first()


@dataclass(frozen=True)
class ChangedLine:
    """One difference from the package that sales sent back; ``old`` and ``new`` as they read."""

    label: str
    old: Any
    new: Any


def changed_lines(changes: Changes | None, assessment: Assessment | None) -> list[ChangedLine]:
    """Return the differences in words. At most two queries."""
    if not changes:
        return []
    return [*_facts(changes), *_judgements(changes, assessment), *_actions(changes)]


def _facts(changes: Changes) -> Iterator[ChangedLine]:
    labels = fields.labels(changes.facts)
    for fact, (old, new) in changes.facts.items():
        yield ChangedLine(labels[fact], fact_text(old, fact), fact_text(new, fact))


def _judgements(changes: Changes, assessment: Assessment | None) -> Iterator[ChangedLine]:
    texts = {}
    if assessment is not None:
        texts = {each.rule.code: in_language(each.rule.text) for each in assessment.judgements}
    for code, (old, new) in changes.judgements.items():
        # A criterion of another version of the persona is named by its code alone.
        yield ChangedLine(texts.get(code, code), _verdict(old), _verdict(new))


def _verdict(value: str | None) -> str:
    if value is None:
        return "–"
    return str(Verdict(value).label)


def _actions(changes: Changes) -> Iterator[ChangedLine]:
    if not changes.actions:
        return
    kinds = ValuableActionKind.objects.filter(code__in=changes.actions)
    for kind in kinds:
        yield ChangedLine(str(kind), "", "")
