"""Apply an import to the facts of companies: fill gaps, keep the rest, revert at an undo.

Gaps are filled when all rows are in, so that each lead at a company has one event of the import.
Until then the first row that has a fact is remembered as its plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crm.accounts.models import User
from crm.audit.models import Entry
from leads.imports.readings import Reading
from leads.imports.states import ChangeState
from leads.models import Company, ImportChange, ImportRun, Lead
from leads.records import companies
from leads.records.companies import GAPS, Key
from leads.records.fields import FIELD_LABELS

AT_ONCE = 1_000  # companies in one transaction
NAMED = 50  # changes that a page shows

WORDS: dict[ChangeState, Promise] = {
    ChangeState.FILLED: _("filled with “%(new)s”"),
    ChangeState.KEPT: _("“%(old)s” stays; the row says “%(new)s”"),
    ChangeState.TAKEN_BACK: _("“%(new)s” was taken back; “%(old)s” stands again"),
    ChangeState.LEFT: _("“%(new)s” was not taken back: something newer stands on it"),
}

Facts = dict[int, dict[str, Any]]  # of companies by their id


# -- Plan and fill


def plan(run: ImportRun, readings: Sequence[Reading], of_key: Mapping[Key, Company]) -> None:
    """Plan what rows change on their companies: missing facts to fill, and values not taken.

    ``of_key``: the companies by leads.records.companies.key_of.
    """
    given = list(_given(readings, of_key))
    missing = {company.pk for company, fact, *_rest in given if not getattr(company, fact)}
    planned = _planned(run, missing)
    changes = []
    for company, fact, value, row in given:
        place = (company.pk, fact)
        stands = getattr(company, fact) or planned.get(place)
        if stands == value:
            continue
        state = ChangeState.KEPT
        if not stands:
            state = ChangeState.PLANNED
            stands = getattr(company, fact)
            planned[place] = value
        change = ImportChange(
            run=run, company=company, fact=fact, state=state, old=stands, new=value, row=row
        )
        changes.append(change)
    # The same other value of a later row is no news.
    ImportChange.objects.bulk_create(changes, ignore_conflicts=True)


def _given(
    readings: Sequence[Reading], of_key: Mapping[Key, Company]
) -> Iterator[tuple[Company, str, Any, int]]:
    """Yield each fact of a company that a row has: company, fact, value, row."""
    for reading in readings:
        facts = reading.group("company")
        company = of_key.get(companies.key_of(facts))
        if company is None:
            continue
        for fact in GAPS:
            if facts.get(fact):
                yield company, fact, facts[fact], reading.row.number


def _planned(run: ImportRun, pks: Iterable[int]) -> dict[tuple[int, str], Any]:
    """Return what earlier rows bring to companies, by company and fact."""
    wanted = set(pks)
    if not wanted:
        return {}
    rows = ImportChange.objects.filter(run=run, state=ChangeState.PLANNED, company__in=wanted)
    return {(row.company_id, row.fact): row.new for row in rows}


def has_any(run: ImportRun, state: ChangeState) -> bool:
    """Return whether a change of ``run`` is in ``state``."""
    return ImportChange.objects.filter(run=run, state=state).exists()


def fill(run: ImportRun, *, by: User, at: datetime) -> bool:
    """Write the planned changes of the next companies; return whether all are written."""
    changes = _next(run, ChangeState.PLANNED)
    facts: Facts = {}
    now = _locked(changes)
    for change in changes:
        stands = getattr(now[change.company_id], change.fact)
        # A person may have given the fact since the row was read.
        if stands:
            change.state = ChangeState.KEPT
            change.old = stands
            continue
        facts.setdefault(change.company_id, {})[change.fact] = change.new
        change.state = ChangeState.FILLED
        change.changed_at = at
    payload = {"import": run.pk}
    companies.change_many(facts, by=by, at=at, payload=payload)
    ImportChange.objects.bulk_update(changes, ["state", "old", "changed_at"])
    return len(now) < AT_ONCE


def _next(run: ImportRun, state: ChangeState) -> list[ImportChange]:
    """Return the changes in ``state`` of the next companies."""
    rows = ImportChange.objects.filter(run=run, state=state)
    pks = rows.order_by("company").values_list("company", flat=True).distinct()[:AT_ONCE]
    return list(rows.filter(company__in=list(pks)).order_by("company", "pk"))


def _locked(changes: Iterable[ImportChange]) -> dict[int, Company]:
    pks = {change.company_id for change in changes}
    return {company.pk: company for company in companies.locked(pks)}


# -- Undo


def take_back(run: ImportRun, *, at: datetime) -> bool:
    """Revert the next companies of an undone import; return whether all are reverted.

    A value stays if a newer value replaced it or a lead of the import that moved on uses it.
    """
    changes = _next(run, ChangeState.FILLED)
    now = _locked(changes)
    newer = _changed_since(run, changes)
    rows = Lead.objects.filter(import_run=run, archived_at__isnull=True, company__in=now)
    stays = set(rows.values_list("company", flat=True))
    facts: Facts = {}
    for change in changes:
        place = (change.company_id, change.fact)
        is_own = getattr(now[change.company_id], change.fact) == change.new
        if not is_own or place in newer or change.company_id in stays:
            change.state = ChangeState.LEFT
            continue
        facts.setdefault(change.company_id, {})[change.fact] = change.old
        change.state = ChangeState.TAKEN_BACK
        change.taken_back_at = at
    payload = {"import": run.pk, "undone": True}
    companies.change_many(facts, by=run.undone_by, at=at, payload=payload)
    ImportChange.objects.bulk_update(changes, ["state", "taken_back_at"])
    if len(now) == AT_ONCE:
        return False
    # An import that failed has plans that were never written.
    ImportChange.objects.filter(run=run, state=ChangeState.PLANNED).delete()
    return True


def _changed_since(run: ImportRun, changes: Sequence[ImportChange]) -> set[tuple[int, str]]:
    """Return company and fact of what others have changed since the import wrote it."""
    moments = [change.changed_at for change in changes if change.changed_at]
    if not moments:
        return set()
    pks = {change.company_id for change in changes}
    entries = Entry.objects.filter(
        subject_type="company", subject_id__in=pks, verb="company_changed", at__gte=min(moments)
    )
    changed: set[tuple[int, str]] = set()
    for entry in entries:
        if entry.payload.get("import") == run.pk or entry.subject_id is None:
            continue
        for fact in entry.payload["changes"]:
            changed.add((entry.subject_id, fact.removeprefix("company.")))
    return changed


# -- The report


@dataclass(frozen=True)
class ChangeShown:
    """One fact of a company: what the import did with it, and for which row."""

    row: int
    company: str
    field: str
    state: ChangeState
    old: Any
    new: Any

    @property
    def text(self) -> str:
        """What happened, in words."""
        values = {"old": self.old or "–", "new": self.new or "–"}
        return str(WORDS[self.state]) % values


@dataclass(frozen=True)
class ChangesShown:
    """What an import did to companies: how many facts of each kind, and the first ones."""

    counts: Mapping[ChangeState, int]
    first: Sequence[ChangeShown]

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def counts(run: ImportRun) -> dict[ChangeState, int]:
    """Return how many facts of companies were filled, kept, reverted and left."""
    rows = ImportChange.objects.filter(run=run).exclude(state=ChangeState.PLANNED)
    totals = rows.order_by().values_list("state").annotate(Count("pk"))
    numbers = {ChangeState(state): count for state, count in totals}
    return {state: numbers[state] for state in ChangeState if state in numbers}


def report(run: ImportRun, most: int = NAMED) -> ChangesShown:
    """Return what ``run`` did to companies. Two queries."""
    rows = ImportChange.objects.filter(run=run).exclude(state=ChangeState.PLANNED)
    first = []
    for change in rows.select_related("company").order_by("row", "pk")[:most]:
        shown = ChangeShown(
            row=change.row,
            company=change.company.name,
            field=str(FIELD_LABELS[f"company.{change.fact}"]),
            state=ChangeState(change.state),
            old=change.old,
            new=change.new,
        )
        first.append(shown)
    return ChangesShown(counts(run), first)
