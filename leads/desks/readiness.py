"""Which leads with marketing need data, and which are ready to be handed off. Read only.

Fit is stored nowhere: it follows from the lead, its evidence, the personas and the agreements of
now. So a list looks at a window of leads, the newest first, and judges those alone; the next page
looks at the next window.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet, prefetch_related_objects

from crm.accounts.models import User
from crm.lib.db.kept_sql import Among, KeptSql
from crm.lib.paging import Branches, Listing
from leads.lists.leads import NEWEST_FIRST
from leads.models import Lead, ValuableAction
from leads.qualification import facts, persona_match
from leads.qualification.facts import Record
from leads.qualification.persona_match import Match
from leads.qualification.rules import GIVE, UNKNOWN, Assessment, Judgement
from leads.states import Stage
from sla.models import AgreementVersion
from sla.states import AgreementState

# How many leads a page looks at.
WINDOW = 50
NEEDS_DATA = "needs_data"
READY = "ready"
NEITHER = ""
# Sent back is a list of its own.
JUDGED_IN = (Stage.CAPTURED, Stage.MQL)


@dataclass(frozen=True)
class Judged:
    """A lead as it is judged now.

    ``missing``: the fields that the package lacks, by the agreement in force that asks for the
    fewest of them.
    """

    lead: Lead
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


# -- The leads that are looked at


def listing(user: User, wanted: str) -> Listing:
    """Return the leads among which those of a list are, the newest first."""
    branches = Branches(_candidates, wanted, user=user)
    return Listing(lambda: _candidates(wanted, user=user)[0], NEWEST_FIRST, "pk", branches)


def _candidates(wanted: str, *, user: User) -> list[QuerySet[Lead]]:
    leads = Lead.objects.on_desk_of(user).filter(stage__in=JUDGED_IN)
    if wanted == READY:
        # Most leads of an import did nothing and need not be judged for this.
        leads = leads.filter(Exists(ValuableAction.objects.filter(lead=OuterRef("pk"))))
    return [leads]


# -- Judging


def judge(ids: Iterable[int]) -> dict[int, Judged]:
    """Judge leads as the page "Qualify" does, by id; in seven queries, however many leads.

    Without those for which there is no persona.
    """
    leads: list[Lead] = LEADS.objects(ids=list(ids))
    pks = [lead.pk for lead in leads]
    actions = facts.actions_by_lead(pks)
    proofs = facts.proofs_by_lead(pks)
    terms = facts.terms_in_force()
    versions = persona_match.in_use(terms)
    prefetch_related_objects(versions, "criteria")
    packages = [fields for (fields,) in PACKAGES.rows()]
    judged = {}
    for lead in leads:
        record = Record(actions.get(lead.pk, []), proofs.get(lead.pk, {}))
        match = persona_match.usual_match(lead, versions, terms, record)
        if match is not None:
            judged[lead.pk] = Judged(lead, match, _missing(lead, packages))
    return judged


def _missing(lead: Lead, packages: Iterable[Sequence[str]]) -> tuple[str, ...]:
    """Return what the lead lacks for the package that is nearest to be complete."""
    lacking = sorted((facts.missing_fields(lead, fields) for fields in packages), key=len)
    if not lacking:
        return ()
    return tuple(lacking[0])


def _leads(*, ids: list[int]) -> QuerySet[Lead]:
    rows = Lead.objects.filter(Among("pk", ids))
    return rows.select_related("person", "company", "source", "persona_version")


LEADS = KeptSql(_leads)


def _packages() -> QuerySet[Any]:
    rows = AgreementVersion.objects.filter(state=AgreementState.IN_FORCE).order_by("pk")
    return rows.values_list("package_fields")


PACKAGES = KeptSql(_packages)
