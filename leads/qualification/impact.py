"""What another definition would have meant: the MQLs of a period, judged again by a draft, with the
code that judges.

Facts, evidence and actions are taken as they are now. The counts are the organisation's, the same
for both sides.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from leads import events
from leads.models import Event, Handoff, Lead
from leads.qualification import facts, scores
from leads.qualification.rules import Assessment, Judgement, Proof, Rule, Terms
from leads.qualification.scores import Done
from leads.states import EventKind
from personas.models import PersonaVersion
from sla.models import AgreementVersion

USUAL = timedelta(days=90)
AT_ONCE = 1_000  # leads that are read with the same few queries


@dataclass(frozen=True)
class Out:
    """A lead that would not have been an MQL, and what would have kept it out.

    ``is_out_now``: nor would it be one by what is in force, because its data or the agreement
    changed since.
    """

    lead: Lead
    open_points: tuple[Judgement, ...]
    is_looked_for: bool
    has_action: bool
    is_out_now: bool


@dataclass(frozen=True)
class Impact:
    """``total`` MQLs of the period, ``out`` of them would not have qualified; of those, won and
    SQL.

    ``low``: would qualify and yet need a reason, because their fit is below the draft's minimum;
    None without one. ``is_of_all``: by a persona that has judged no lead yet, so that all MQLs were
    judged by it.
    """

    total: int
    leads: list[Out] = field(repr=False)
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
    """The leads that marketing qualified here on these dates; imported history, archived and test
    leads are none.
    """
    here = Event.objects.filter(
        lead=OuterRef("pk"), kind=EventKind.QUALIFIED, occurred_on=OuterRef("mql_on")
    )
    counts = Q(archived_at__isnull=True, is_test=False, mql_on__gte=since, mql_on__lte=until)
    return Lead.objects.filter(counts).filter(Exists(here))


def of_rules(
    definition: PersonaVersion | Sequence[Rule], *, since: datetime, at: datetime
) -> Impact:
    """The MQLs of a persona by a draft of it; all MQLs by a persona that has judged none, or by
    bare rules.

    What the agreements in force count stays as it is; which personas they name is not the question.
    """
    rows = mqls(since=events.today(since), until=events.today(at))
    is_of_all = True
    if isinstance(definition, PersonaVersion):
        own, rules = (
            rows.filter(persona_version__persona=definition.persona_id),
            facts.rules(definition),
        )
        if own.exists():
            rows, is_of_all = own, False
    else:
        rules = list(definition)
    in_force = facts.terms_in_force()
    terms, total, found = replace(in_force, personas=None), 0, []
    for case in _cases(rows):
        total += 1
        assessment = case.judged(rules, terms, persona=None)
        if not assessment.is_mql:
            found.append(case.out(assessment, in_force))
    return Impact(total, found, is_of_all=is_of_all)


def of_agreement(version: AgreementVersion, *, since: datetime, at: datetime) -> Impact:
    """The MQLs that the draft ``version`` is about, by what it counts; each by the persona that
    judged it.

    A draft for a set of sales teams is about the leads that were handed off to them.
    """
    terms, in_force = facts.terms(version), facts.terms_in_force()
    rows = mqls(since=events.today(since), until=events.today(at))
    if teams := list(version.agreement.teams.values_list("pk", flat=True)):
        rows = rows.filter(pk__in=Handoff.objects.filter(team__in=teams).values("lead"))
    total, low, found = 0, 0, []
    for case in _cases(rows):
        total += 1
        assessment = case.judged(case.rules, terms, persona=case.persona)
        if not assessment.is_mql:
            found.append(case.out(assessment, in_force))
        elif terms.minimum_score is not None and scores.fit(assessment).total < terms.minimum_score:
            low += 1
    return Impact(total, found, None if terms.minimum_score is None else low)


@dataclass(frozen=True)
class Case:
    """A lead of the period with all that it is judged by; ``rules`` and ``persona`` are its own."""

    lead: Lead
    rules: list[Rule]
    persona: int
    done: list[Done]
    proofs: dict[str, Proof]

    def judged(self, rules: Sequence[Rule], terms: Terms, *, persona: int | None) -> Assessment:
        return facts.judged_by(
            self.lead, rules, terms, persona=persona, done=self.done, proofs=self.proofs
        )

    def out(self, assessment: Assessment, in_force: Terms) -> Out:
        now = self.judged(self.rules, in_force, persona=self.persona)
        counts = assessment.action_count > 0
        return Out(
            self.lead,
            assessment.open_points,
            assessment.is_looked_for,
            counts,
            is_out_now=not now.is_mql,
        )


def _cases(rows: QuerySet[Lead]) -> Iterator[Case]:
    """Each lead that a persona judged, the newest first.

    Four queries, and three for each AT_ONCE leads.
    """
    rows = rows.filter(persona_version__isnull=False)
    used = PersonaVersion.objects.filter(pk__in=rows.values("persona_version")).prefetch_related(
        "criteria"
    )
    known = {version.pk: (facts.rules(version), version.persona_id) for version in used}
    everyone = list(rows.order_by("-first_seen_on", "-pk").values_list("pk", flat=True))
    named = Lead.objects.select_related("person", "company", "source", "owner").defer("search_text")
    for start in range(0, len(everyone), AT_ONCE):
        keys = everyone[start : start + AT_ONCE]
        leads, done, proofs = named.in_bulk(keys), facts.done_of(keys), facts.proofs_of(keys)
        for key in keys:
            rules, persona = known[leads[key].persona_version_id or 0]
            yield Case(leads[key], rules, persona, done.get(key, []), proofs.get(key, {}))
