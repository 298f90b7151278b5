"""A lead as plain data: the facts that criteria judge, its evidence, actions and terms."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, TypeVar

from django.db.models import QuerySet

from crm.lib.db.kept_sql import Among, KeptSql
from leads.models import Evidence, Lead, ValuableAction
from leads.qualification import rules, scores
from leads.qualification.rules import ANY_TERMS, MISSING, Assessment, MqlTerms, Proof, Rule
from leads.qualification.scores import DoneAction, Scores
from leads.records.identity import phones
from personas.models import Criterion, PersonaVersion
from sla.agreements import agreements
from sla.models import AgreementVersion
from sla.states import AgreementState

Member = TypeVar("Member")
# The columns that are read of evidence, and those of an action that make a DoneAction.
PROOF = ("lead", "code", "actor__name", "at", "payload", "verdict", "overrides")
ACTION = ("kind__code", "kind__name", "kind__points", "occurred_on")
# The columns of an agreement that make MqlTerms for a lead without a team.
TERMS = ("valuable_actions", "looks_for", "engagement_half_life_days", "package_fields")
PERSON = ("name", "email", "phone", "job_title", "country")
COMPANY = ("name", "country", "industry", "employees", "domain")
# The columns of a lead that make its facts, for lists of many leads.
FACT_COLUMNS = (
    *(f"person__{name}" for name in PERSON),
    "person__phone_extension",
    *(f"company__{name}" for name in COMPANY),
    "source__code",
    "attributes",
)
FACT_OF_COLUMN = {column: column.replace("__", ".") for column in FACT_COLUMNS}
FACT_OF_COLUMN["source__code"] = "lead.source"


# -- Reading a lead


def facts_of(lead: Lead) -> dict[str, Any]:
    """Return the facts by name: "person.email", "company.employees", "attributes.budget".

    A missing fact is "" or None.
    """
    facts: dict[str, Any] = {}
    for name in PERSON:
        facts[f"person.{name}"] = getattr(lead.person, name)
    facts["person.phone"] = phone_of(lead)
    for name in COMPANY:
        facts[f"company.{name}"] = getattr(lead.company, name, None)
    # Company and source may be None, which has no such attribute either.
    facts["lead.source"] = getattr(lead.source, "code", None)
    for code, value in lead.attributes.items():
        facts[f"attributes.{code}"] = value
    return facts


def facts_of_columns(values: Sequence[Any]) -> dict[str, Any]:
    """Return :func:`facts_of` a lead whose FACT_COLUMNS are ``values``."""
    by_column = dict(zip(FACT_COLUMNS, values, strict=True))
    attributes = by_column.pop("attributes")
    extension = by_column.pop("person__phone_extension")
    by_column["person__phone"] = _phone(by_column["person__phone"], extension)
    facts = {FACT_OF_COLUMN[column]: value for column, value in by_column.items()}
    for code, value in attributes.items():
        facts[f"attributes.{code}"] = value
    return facts


def phone_of(lead: Lead) -> str:
    """Return number and extension, "" where what is stored is a placeholder and no phone."""
    return _phone(lead.person.phone, lead.person.phone_extension)


def _phone(number: str, extension: str) -> str:
    if not phones.is_phone(number):
        return ""
    return phones.full(number, extension)


def missing_fields(lead: Lead, fields: Iterable[str]) -> list[str]:
    """Return those of ``fields`` that the lead does not have, in order."""
    return missing_among(facts_of(lead), fields)


def missing_among(known: Mapping[str, Any], fields: Iterable[str]) -> list[str]:
    """Return those of ``fields`` that are not among the facts ``known``, in order."""
    return [field for field in fields if known.get(field) in MISSING]


def proofs_of(lead: Lead) -> dict[str, Proof]:
    """Return the newest evidence by the code of its criterion."""
    return proofs_by_lead([lead.pk]).get(lead.pk, {})


def proofs_by_lead(leads: Iterable[int]) -> dict[int, dict[str, Proof]]:
    """Return :func:`proofs_of` each lead, by the lead's id, in one query."""
    proofs: dict[int, dict[str, Proof]] = {}
    for lead, code, by, at, *proof in PROOFS.rows(leads=list(leads)):
        proofs.setdefault(lead, {})[code] = _proof(*proof, by=by or "", at=at)
    return proofs


def _proofs(*, leads: list[int]) -> QuerySet[Any]:
    # By id, so that the newest one wins; two may have the same moment.
    return Evidence.objects.filter(Among("lead", leads)).order_by("id").values_list(*PROOF)


PROOFS = KeptSql(_proofs)


def _proof(
    payload: Mapping[str, Any], verdict: str, overrides: bool, *, by: str, at: datetime
) -> Proof:
    return Proof(
        verdict=verdict,
        value=payload.get("value", ""),
        source=payload.get("source", ""),
        by=by,
        at=at,
        overrides=overrides,
        reason=payload.get("reason", ""),
    )


def actions_of(lead: Lead) -> list[DoneAction]:
    """Return the lead's valuable actions, the newest first."""
    return actions_by_lead([lead.pk]).get(lead.pk, [])


def actions_by_lead(leads: Iterable[int]) -> dict[int, list[DoneAction]]:
    """Return :func:`actions_of` each lead, by the lead's id, in one query."""
    actions: dict[int, list[DoneAction]] = {}
    for lead, *action in ACTIONS.rows(leads=list(leads)):
        actions.setdefault(lead, []).append(DoneAction(*action))
    return actions


def _actions(*, leads: list[int]) -> QuerySet[Any]:
    # In the order of the model: the newest action first.
    return ValuableAction.objects.filter(Among("lead", leads)).values_list("lead", *ACTION)


ACTIONS = KeptSql(_actions)


@dataclass(frozen=True)
class Record:
    """What a lead did, the newest first, and what was proven of it, by code of the criterion."""

    actions: list[DoneAction]
    proofs: dict[str, Proof]


def record_of(lead: Lead) -> Record:
    """Return actions and proofs of the lead, in two queries."""
    return Record(actions_of(lead), proofs_of(lead))


def action_rows(lead: Lead) -> list[ValuableAction]:
    """Return the lead's valuable actions with their kinds, the newest first, in one query."""
    return ACTION_ROWS.objects(lead=lead.pk)


def _rows_of(lead: int) -> QuerySet[ValuableAction]:
    return ValuableAction.objects.filter(lead=lead).select_related("kind")


ACTION_ROWS = KeptSql(_rows_of)


def done_action(row: ValuableAction) -> DoneAction:
    """Return the action as plain data."""
    kind = row.kind
    return DoneAction(kind.code, kind.name, kind.points, row.occurred_on)


# -- What the lead is judged by


def rules_of(version: PersonaVersion) -> list[Rule]:
    """Return the persona's criteria as plain data; no query where they were read before."""
    prefetched = getattr(version, "_prefetched_objects_cache", {})
    if "rules" not in prefetched and "criteria" not in prefetched:
        return [Rule(*values) for values in RULES.rows(version=version.pk)]
    if "rules" not in prefetched:
        # Made once for all the leads that a list judges by this version.
        prefetched["rules"] = [
            Rule(*(getattr(criterion, name) for name in RULE))
            for criterion in prefetched["criteria"]
        ]
    return prefetched["rules"]


# The columns of a criterion that make a Rule.
RULE = ("code", "kind", "text", "field", "operator", "operand", "weight")


def _rules(*, version: int) -> QuerySet[Any]:
    # In the order of the model.
    return Criterion.objects.filter(version=version).values_list(*RULE)


RULES = KeptSql(_rules)


def read_rules(versions: Sequence[PersonaVersion]) -> None:
    """Read the criteria of ``versions``, in one query, for :func:`rules_of`."""
    by_version: dict[int, list[Rule]] = {version.pk: [] for version in versions}
    for pk, *values in RULES_OF_VERSIONS.rows(versions=list(by_version)):
        by_version[pk].append(Rule(*values))
    for version in versions:
        prefetched = version.__dict__.setdefault("_prefetched_objects_cache", {})
        prefetched["rules"] = by_version[version.pk]


def _rules_of_versions(*, versions: list[int]) -> QuerySet[Any]:
    rows = Criterion.objects.filter(Among("version", versions))
    return rows.values_list("version", *RULE)


RULES_OF_VERSIONS = KeptSql(_rules_of_versions)


def criterion_texts(codes: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return the bilingual texts of criteria of any version by code; the newest version counts."""
    rows = Criterion.objects.filter(code__in=list(codes)).order_by("version", "id")
    return dict(rows.values_list("code", "text"))


def terms_of(version: AgreementVersion) -> MqlTerms:
    """Return the terms of one agreement; an empty list of it means that everything counts."""
    return MqlTerms(
        actions=frozenset(version.valuable_actions) or None,
        personas=frozenset(agreements.persona_ids(version)) or None,
        minimum_score=version.minimum_score,
        half_life=version.engagement_half_life_days,
    )


def _terms_in_force() -> QuerySet[Any]:
    rows = AgreementVersion.objects.filter(state=AgreementState.IN_FORCE).order_by("pk")
    return agreements.with_persona_ids(rows).values_list(*TERMS)


TERMS_IN_FORCE = KeptSql(_terms_in_force)


@dataclass(frozen=True)
class InForce:
    """What the agreements in force ask for. ``packages``: the fields of the package of each."""

    terms: MqlTerms
    packages: list[Sequence[str]]


def terms_in_force() -> MqlTerms:
    """Return the terms for a lead without a team yet, in one query.

    Everything counts that any agreement in force counts.
    """
    return in_force().terms


def in_force() -> InForce:
    """Return :func:`terms_in_force` with the packages, in one query."""
    terms = []
    packages = []
    for actions, looked_for, half_life, package in TERMS_IN_FORCE.rows():
        # No minimum score: it is that of the team's agreement, and there is no team yet.
        each = MqlTerms(frozenset(actions) or None, frozenset(looked_for) or None)
        terms.append(replace(each, half_life=half_life))
        packages.append(package)
    return InForce(_all_of(terms), packages)


def _all_of(terms: list[MqlTerms]) -> MqlTerms:
    """Return the terms by which everything counts that any of ``terms`` counts."""
    if not terms:
        return ANY_TERMS
    return MqlTerms(
        actions=_union(terms, lambda each: each.actions),
        personas=_union(terms, lambda each: each.personas),
        # A score has one half-life; by the order of ids it is always the same agreement's.
        half_life=terms[0].half_life,
    )


def _union(
    terms: list[MqlTerms], read: Callable[[MqlTerms], frozenset[Member] | None]
) -> frozenset[Member] | None:
    """Return what any of ``terms`` counts; None, which is everything, if one counts everything."""
    members: set[Member] = set()
    for each in terms:
        counted = read(each)
        if counted is None:
            return None
        members |= counted
    return frozenset(members)


# -- Judging


def assess(lead: Lead, version: PersonaVersion, terms: MqlTerms | None = None) -> Assessment:
    """Judge ``lead`` by one version of a persona, with its data as they are now.

    ``terms``: what the agreement counts; by default the terms in force.
    """
    return assess_with(
        lead,
        version,
        terms or terms_in_force(),
        actions=actions_of(lead),
        proofs=proofs_of(lead),
    )


def assess_with(
    lead: Lead,
    version: PersonaVersion,
    terms: MqlTerms,
    *,
    actions: Iterable[DoneAction],
    proofs: dict[str, Proof],
) -> Assessment:
    """Judge as :func:`assess`, with actions and evidence that were read before."""
    return assess_by_rules(
        lead,
        rules_of(version),
        terms,
        persona=version.persona_id,
        actions=actions,
        proofs=proofs,
    )


def assess_by_rules(
    lead: Lead,
    criteria: Iterable[Rule],
    terms: MqlTerms,
    *,
    persona: int | None,
    actions: Iterable[DoneAction],
    proofs: dict[str, Proof],
) -> Assessment:
    """Judge as :func:`assess_with`, by any rules.

    ``persona``: the id of the persona that has the rules, None if they have none yet.
    """
    return assess_facts(
        facts_of(lead), criteria, terms, persona=persona, actions=actions, proofs=proofs
    )


def assess_facts(
    known: Mapping[str, Any],
    criteria: Iterable[Rule],
    terms: MqlTerms,
    *,
    persona: int | None,
    actions: Iterable[DoneAction],
    proofs: dict[str, Proof],
) -> Assessment:
    """Judge as :func:`assess_by_rules` a lead with the facts ``known``."""
    return rules.assess(
        criteria,
        known,
        proofs,
        # Counted and not judged: a person may never overrule a missing action.
        action_count=terms.counting(action.code for action in actions),
        # Rules without a persona are those of a draft; no agreement can name it yet.
        is_looked_for=persona is None or terms.looks_for(persona),
    )


def score_on(
    assessment: Assessment,
    actions: Iterable[DoneAction],
    terms: MqlTerms,
    *,
    on: date,
) -> Scores:
    """Return both scores of a lead on the day ``on`` of the organisation's calendar."""
    return scores.scores_of(assessment, actions, on=on, half_life=terms.half_life)
