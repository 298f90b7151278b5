"""What another definition would have meant: the MQLs of a period, judged again by a draft.

Facts, evidence and actions are taken as they are now, and the judging code is the usual one. The
counts are the organisation's, the same for both sides.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from leads import events
from leads.models import Event, Handoff, Lead
from leads.qualification import facts, scores
from leads.qualification.rules import Assessment, Judgement, MqlTerms, Proof, Rule
from leads.qualification.scores import DoneAction
from leads.states import EventKind
from personas.models import PersonaVersion
from sla.models import AgreementVersion

USUAL = timedelta(days=90)
# The leads that are read with the same few queries.
BATCH = 1_000


@dataclass(frozen=True)
class ExcludedLead:
    """A lead that would not have been an MQL, with the reasons.

    ``is_out_now``: it would not be one by what is in force either, because its data or the
    agreement have changed since.
    """

    lead: Lead
    open_points: tuple[Judgement, ...]
    is_looked_for: bool
    has_action: bool
    is_out_now: bool


@dataclass(frozen=True)
class Impact:
    """The result: of ``total`` MQLs of the period, ``leads`` would not have been MQLs.

    ``low``: how many others would need a reason, because their fit is below the draft's minimum;
    None without a minimum. ``is_of_all``: the persona has judged no lead yet, so that all MQLs were
    judged by it.
    """

    total: int
    leads: list[ExcludedLead] = field(repr=False)
    low: int | None = None
    is_of_all: bool = False

    @property
    def out(self) -> int:
        return len(self.leads)

    @property
    def out_now(self) -> int:
        return sum(each.is_out_now for each in self.leads)

    @property
    def out_won(self) -> int:
        return sum(each.lead.won_on is not None for each in self.leads)

    @property
    def out_sql(self) -> int:
        return sum(each.lead.sql_on is not None for each in self.leads)


def mqls(*, since: date, until: date) -> QuerySet[Lead]:
    """Return the leads that marketing qualified here on these dates.

    Imported history, archived leads and test leads are left out.
    """
    # Imported history has the date of an MQL but no such event.
    qualified_here = Event.objects.filter(
        lead=OuterRef("pk"),
        kind=EventKind.QUALIFIED,
        occurred_on=OuterRef("mql_on"),
    )
    counts = Q(
        archived_at__isnull=True,
        is_test=False,
        mql_on__gte=since,
        mql_on__lte=until,
    )
    return Lead.objects.filter(counts).filter(Exists(qualified_here))


def of_rules(
    definition: PersonaVersion | Sequence[Rule], *, since: datetime, at: datetime
) -> Impact:
    """Return the impact of a draft of a persona on its MQLs.

    Bare rules, and a persona that has judged no lead yet, are applied to all MQLs. What the
    agreements in force count stays as it is; which personas they name does not matter.
    """
    rows = mqls(since=events.today(since), until=events.today(at))
    is_of_all = True
    if isinstance(definition, PersonaVersion):
        criteria = facts.rules_of(definition)
        # All versions: the draft replaces the persona, not one version of it.
        own = rows.filter(persona_version__persona=definition.persona_id)
        if own.exists():
            rows = own
            is_of_all = False
    else:
        criteria = list(definition)
    in_force = facts.terms_in_force()
    # The draft may be of a persona that no agreement names yet.
    terms = replace(in_force, personas=None)
    total = 0
    excluded = []
    for past in _past_mqls(rows):
        total += 1
        assessment = past.judge(criteria, terms, persona=None)
        if not assessment.is_mql:
            excluded.append(past.exclude(assessment, in_force))
    return Impact(total, excluded, is_of_all=is_of_all)


def of_agreement(version: AgreementVersion, *, since: datetime, at: datetime) -> Impact:
    """Return the impact of the draft ``version``; each lead is judged by its own persona.

    A draft for a set of sales teams is about the leads that were handed off to them.
    """
    terms = facts.terms_of(version)
    in_force = facts.terms_in_force()
    rows = mqls(since=events.today(since), until=events.today(at))
    teams = list(version.agreement.teams.values_list("pk", flat=True))
    if teams:
        rows = rows.filter(pk__in=Handoff.objects.filter(team__in=teams).values("lead"))
    total = 0
    low = 0
    excluded = []
    for past in _past_mqls(rows):
        total += 1
        assessment = past.judge(past.rules, terms, persona=past.persona)
        if not assessment.is_mql:
            excluded.append(past.exclude(assessment, in_force))
        elif terms.minimum_score is not None:
            # A low score keeps no MQL out; the hand-off would only need a reason.
            low += scores.fit(assessment).total < terms.minimum_score
    if terms.minimum_score is None:
        return Impact(total, excluded)
    return Impact(total, excluded, low)


@dataclass(frozen=True)
class PastMql:
    """An MQL of the period with its own rules and persona, its actions and its evidence."""

    lead: Lead
    rules: list[Rule]
    persona: int
    actions: list[DoneAction]
    proofs: dict[str, Proof]

    def judge(
        self, criteria: Sequence[Rule], terms: MqlTerms, *, persona: int | None
    ) -> Assessment:
        return facts.assess_by_rules(
            self.lead,
            criteria,
            terms,
            persona=persona,
            actions=self.actions,
            proofs=self.proofs,
        )

    def exclude(self, assessment: Assessment, in_force: MqlTerms) -> ExcludedLead:
        # Without this, a change of data since then would look like the effect of the draft.
        now = self.judge(self.rules, in_force, persona=self.persona)
        return ExcludedLead(
            self.lead,
            assessment.open_points,
            assessment.is_looked_for,
            has_action=assessment.action_count > 0,
            is_out_now=not now.is_mql,
        )


def _past_mqls(rows: QuerySet[Lead]) -> Iterator[PastMql]:
    """Yield each lead that a persona judged, the newest first.

    Four queries, and three for each BATCH of leads.
    """
    rows = rows.filter(persona_version__isnull=False)
    versions = _versions(rows)
    # The list keeps the order, which in_bulk() does not.
    pks = list(rows.order_by("-first_seen_on", "-pk").values_list("pk", flat=True))
    named = Lead.objects.select_related("person", "company", "source", "owner").defer("search_text")
    for start in range(0, len(pks), BATCH):
        batch = pks[start : start + BATCH]
        leads = named.in_bulk(batch)
        actions = facts.actions_by_lead(batch)
        proofs = facts.proofs_by_lead(batch)
        for pk in batch:
            lead = leads[pk]
            # Never 0: leads without a version were left out above.
            rules, persona = versions[lead.persona_version_id or 0]
            yield PastMql(lead, rules, persona, actions.get(pk, []), proofs.get(pk, {}))


def _versions(rows: QuerySet[Lead]) -> dict[int, tuple[list[Rule], int]]:
    """Return the rules and the persona of each version that judged one of the leads."""
    used = PersonaVersion.objects.filter(pk__in=rows.values("persona_version"))
    versions = {}
    for version in used.prefetch_related("criteria"):
        versions[version.pk] = (facts.rules_of(version), version.persona_id)
    return versions
