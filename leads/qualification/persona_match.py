"""The personas in use by how well they fit a lead, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import prefetch_related_objects

from leads.models import Lead
from leads.qualification import facts, scores
from leads.qualification.facts import Record
from leads.qualification.rules import (
    FIT,
    MET,
    NOT_MET,
    SQL_KINDS,
    UNKNOWN,
    Assessment,
    Judgement,
    MqlTerms,
)
from leads.qualification.scores import Score
from personas import personas
from personas.models import PersonaVersion


@dataclass(frozen=True)
class Match:
    """One persona and how it fits the lead."""

    version: PersonaVersion
    assessment: Assessment

    @property
    def fit(self) -> Score:
        return scores.fit(self.assessment)

    @property
    def met(self) -> list[Judgement]:
        return [judgement for judgement in self._wanted if judgement.holds]

    @property
    def not_met(self) -> list[Judgement]:
        """The judgements against it: disqualifiers that are met, and criteria that are not."""
        against = list(self.assessment.disqualifiers_met)
        for judgement in self._wanted:
            if not judgement.holds and judgement.verdict != UNKNOWN:
                against.append(judgement)
        return against

    @property
    def unknown(self) -> list[Judgement]:
        return [judgement for judgement in self._wanted if judgement.verdict == UNKNOWN]

    @property
    def by_result(self) -> dict[str, list[Judgement]]:
        """The judgements for it, against it, and those that are not known."""
        return {MET: self.met, NOT_MET: self.not_met, UNKNOWN: self.unknown}

    @property
    def _wanted(self) -> tuple[Judgement, ...]:
        return self.assessment.of(FIT, *SQL_KINDS)

    @property
    def rank(self) -> tuple[bool, bool, int, int, str]:
        """The key that sorts the best match first.

        First those that fit, then those not disqualified, by fit score, by the fewest unknowns.
        """
        return (
            not self.assessment.fits,
            bool(self.assessment.disqualifiers_met),
            -self.fit.total,
            len(self.unknown),
            # The last key keeps equal matches in the same order on every page.
            self.version.persona.slug,
        )


def in_use(terms: MqlTerms) -> list[PersonaVersion]:
    """Return the published versions of the personas that ``terms`` look for. One query."""
    return [version for version in personas.in_use() if terms.looks_for(version.persona_id)]


def matches(lead: Lead, terms: MqlTerms, record: Record | None = None) -> list[Match]:
    """Return every persona in use that ``terms`` look for, the best match first.

    ``record``: that of the lead, where the caller has read it. Four queries at most, however many
    personas there are.
    """
    return _ranked(lead, in_use(terms), terms, record or facts.record_of(lead))


def _ranked(
    lead: Lead, versions: Sequence[PersonaVersion], terms: MqlTerms, record: Record
) -> list[Match]:
    """Return how each of ``versions`` fits the lead, the best match first."""
    prefetch_related_objects(versions, "criteria")
    known = facts.facts_of(lead)
    ranked = [_match(known, version, terms, record) for version in versions]
    return sorted(ranked, key=lambda match: match.rank)


def _match(
    known: Mapping[str, Any], version: PersonaVersion, terms: MqlTerms, record: Record
) -> Match:
    """Return how ``version`` fits a lead with the facts ``known``."""
    assessment = facts.assess_facts(
        known,
        facts.rules_of(version),
        terms,
        persona=version.persona_id,
        actions=record.actions,
        proofs=record.proofs,
    )
    return Match(version, assessment)


def usual(lead: Lead, ranked: Sequence[Match]) -> Match | None:
    """Return the match that judges while no person has chosen one.

    It is the lead's own persona, in the version that is in use now, else the best match.
    """
    own = _own(lead, [match.version for match in ranked])
    for match in ranked:
        if match.version == own:
            return match
    return next(iter(ranked), None)


def usual_version(lead: Lead, record: Record | None = None) -> PersonaVersion | None:
    """Return the persona version of :func:`usual`, by the agreements in force.

    ``record``: that of the lead, where the caller has read it.
    """
    terms = facts.terms_in_force()
    versions = in_use(terms)
    # A lead with a persona of its own needs no ranking.
    own = _own(lead, versions)
    if own is not None:
        return own
    ranked = _ranked(lead, versions, terms, record or facts.record_of(lead))
    return ranked[0].version if ranked else None


def usual_match(
    known: Mapping[str, Any],
    persona: int | None,
    versions: Sequence[PersonaVersion],
    terms: MqlTerms,
    record: Record,
) -> Match | None:
    """Return the match of :func:`usual` for a lead with the facts ``known``.

    ``persona``: by which it is an MQL, None for none. ``versions``: those in use, with their rules
    (facts.read_rules).
    """
    for version in versions:
        if version.persona_id == persona:
            return _match(known, version, terms, record)
    ranked = [_match(known, version, terms, record) for version in versions]
    if len(ranked) == 1:
        # Its rank would be worked out for each lead of a list.
        return ranked[0]
    return min(ranked, key=lambda match: match.rank, default=None)


def _own(lead: Lead, versions: Sequence[PersonaVersion]) -> PersonaVersion | None:
    """Return that of ``versions`` by whose persona the lead is an MQL, or None."""
    for version in versions:
        if version.pk == lead.persona_version_id:
            return version
    if lead.persona_version is None:
        return None
    # The persona and not its version: a newer version of it may be in use now.
    persona = lead.persona_version.persona_id
    return next((version for version in versions if version.persona_id == persona), None)
