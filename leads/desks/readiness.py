"""Which leads with marketing need data, and which are ready to be handed off. Read only.

Fit is stored nowhere: it follows from the lead, its evidence, the personas and the agreements of
now. So a list looks at a window of leads, the newest first, and judges those alone; the next page
looks at the next window. Leads that cannot belong to the list are left out of it by the database.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import or_
from typing import Any, NamedTuple

from django.db.models import Exists, OuterRef, Q, QuerySet

from crm.accounts.models import User
from crm.lib.db.kept_sql import Among, KeptSql
from crm.lib.paging import Branches, Listing
from leads.desks.marketing import LEAD_PATHS, LeadShown
from leads.lists.leads import NEWEST_FIRST
from leads.models import Lead, ValuableAction
from leads.qualification import facts, persona_match
from leads.qualification.facts import Record
from leads.qualification.persona_match import Match
from leads.qualification.rules import (
    FIT,
    GIVE,
    MISSING,
    UNKNOWN,
    Assessment,
    Judgement,
    MqlTerms,
)
from leads.states import Stage
from personas.models import PersonaVersion

# How many leads a page looks at.
WINDOW = 30
NEEDS_DATA = "needs_data"
READY = "ready"
NEITHER = ""
# Sent back is a list of its own.
JUDGED_IN = (Stage.CAPTURED, Stage.MQL)


@dataclass(frozen=True)
class Judged:
    """A lead as it is judged now.

    ``seen_on``: when it was first seen. ``missing``: the fields that the package lacks, by the
    agreement in force that asks for the fewest of them.
    """

    lead: LeadShown
    seen_on: date
    match: Match
    missing: tuple[str, ...]

    @property
    def unknown(self) -> list[Judgement]:
        """The criteria of fit that are not known."""
        return list(self.match.assessment.open_points)

    @property
    def place(self) -> str:
        """NEEDS_DATA, READY, or NEITHER: it does not fit, or did nothing yet."""
        return place(self.match.assessment, self.missing)


def place(assessment: Assessment, missing: Sequence[str]) -> str:
    """Return the list of the desk for a lead judged so, whose package lacks ``missing``."""
    if not all(_lacks_data(judgement) for judgement in assessment.open_points):
        return NEITHER
    if assessment.open_points or missing:
        return NEEDS_DATA
    if assessment.is_mql:
        return READY
    return NEITHER


def _lacks_data(judgement: Judgement) -> bool:
    """Return whether data would settle it; a criterion that the field be given is never unknown."""
    return judgement.verdict == UNKNOWN or judgement.settles == GIVE


# -- What leads are judged by


@dataclass(frozen=True)
class Measure:
    """The terms, personas and package fields of now, read once for a page.

    ``packages``: the fields that each agreement in force asks for.
    """

    terms: MqlTerms
    versions: list[PersonaVersion]
    packages: list[Sequence[str]]

    @property
    def asked_for(self) -> tuple[str, ...]:
        """The fields one of which is missing of every lead that needs data, in order.

        Empty where a person's statement may be what is missing, so that any lead may need it.
        """
        fields = {field for package in self.packages for field in package}
        for version in self.versions:
            for rule in facts.rules_of(version):
                if rule.kind == FIT:
                    fields.add(rule.field)
        if all(map(_is_known, fields)):
            return tuple(sorted(fields))
        return ()


def measure() -> Measure:
    """Return what leads are judged by now, in three queries."""
    in_force = facts.in_force()
    versions = persona_match.in_use(in_force.terms)
    facts.read_rules(versions)
    return Measure(in_force.terms, versions, in_force.packages)


# -- The leads that are looked at


def listing(user: User, wanted: str, measure: Measure) -> Listing:
    """Return the leads among which those of a list are, the newest first."""
    shape = (wanted, measure.asked_for)
    branches = Branches(_candidates, *shape, user=user)
    return Listing(lambda: _candidates(*shape, user=user)[0], NEWEST_FIRST, "pk", branches)


def _candidates(wanted: str, fields: Sequence[str], *, user: User) -> list[QuerySet[Lead]]:
    leads = Lead.objects.on_desk_of(user).filter(stage__in=JUDGED_IN)
    if wanted == READY:
        did_something = Exists(ValuableAction.objects.filter(lead=OuterRef("pk")))
        # Who asked not to be contacted is not handed off.
        return [leads.filter(did_something, person__no_contact_at__isnull=True)]
    if fields:
        leads = leads.filter(reduce(or_, map(_may_lack, fields)))
    return [leads]


def _is_known(field: str) -> bool:
    """Return whether :func:`_may_lack` knows the field; a statement of a person has none."""
    part, _dot, name = field.partition(".")
    named = {"person": facts.PERSON, "company": facts.COMPANY, "lead": ("source",)}
    return part == "attributes" or name in named.get(part, ())


def _may_lack(field: str) -> Q:
    """Return a condition that holds for every lead without the field, and for few others."""
    part, _dot, name = field.partition(".")
    if part == "attributes":
        lacking = ~Q(attributes__has_key=name)
        for missing in MISSING:
            lacking |= Q(attributes__contains={name: missing})
        return lacking
    if field == "lead.source":
        return Q(source__isnull=True)
    if field == "person.phone":
        # Others than E.164 may be placeholders (phones.is_phone).
        return ~Q(person__phone__startswith="+")
    if field == "company.employees":
        return Q(company__employees__isnull=True)
    lacking = Q(**{f"{part}__{name}": ""})
    if part == "company":
        lacking |= Q(company__isnull=True)
    return lacking


# -- Judging


def judge(ids: Iterable[int], measure: Measure) -> dict[int, Judged]:
    """Judge leads as the page "Qualify" does, by id; in three queries, however many leads.

    Without those for which there is no persona.
    """
    rows = [_row(values) for values in LEADS.rows(ids=list(ids))]
    pks = [row.lead.pk for row in rows]
    actions = facts.actions_by_lead(pks)
    proofs = facts.proofs_by_lead(pks)
    judged = {}
    for lead, seen_on, persona, known in rows:
        record = Record(actions.get(lead.pk, []), proofs.get(lead.pk, {}))
        match = persona_match.usual_match(known, persona, measure.versions, measure.terms, record)
        if match is not None:
            missing = _missing(known, measure.packages)
            judged[lead.pk] = Judged(lead, seen_on, match, missing)
    return judged


def _missing(known: Mapping[str, Any], packages: Iterable[Sequence[str]]) -> tuple[str, ...]:
    """Return what the lead lacks for the package that is nearest to be complete."""
    lacking = sorted((facts.missing_among(known, fields) for fields in packages), key=len)
    if not lacking:
        return ()
    return tuple(lacking[0])


class Row(NamedTuple):
    """What is read of a lead. ``persona``: by which it is an MQL. ``known``: its facts."""

    lead: LeadShown
    seen_on: date
    persona: int | None
    known: dict[str, Any]


OWN = ("first_seen_on", "persona_version__persona")


def _row(values: Sequence[Any]) -> Row:
    lead = LeadShown(*values[: len(LEAD_PATHS)])
    facts_at = len(LEAD_PATHS) + len(OWN)
    seen_on, persona = values[len(LEAD_PATHS) : facts_at]
    return Row(lead, seen_on, persona, facts.facts_of_columns(values[facts_at:]))


def _leads(*, ids: list[int]) -> QuerySet[Any]:
    # Columns and not objects: four of them for each of a hundred leads took a quarter of the page.
    rows = Lead.objects.filter(Among("pk", ids))
    return rows.values_list(*LEAD_PATHS, *OWN, *facts.FACT_COLUMNS)


LEADS = KeptSql(_leads)
