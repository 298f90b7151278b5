"""The personas in use by how well they fit a lead, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from leads.models import Lead
from leads.qualification import facts, scores
from leads.qualification.rules import (
    FIT,
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


def matches(lead: Lead, terms: MqlTerms) -> list[Match]:
    """Return every persona in use that ``terms`` look for, the best match first.

    Four queries, however many there are.
    """
    # Read once for all personas.
    actions = facts.actions_of(lead)
    proofs = facts.proofs_of(lead)
    ranked = []
    for version in personas.published():
        if not terms.looks_for(version.persona_id):
            continue
        assessment = facts.assess_with(lead, version, terms, actions=actions, proofs=proofs)
        ranked.append(Match(version, assessment))
    return sorted(ranked, key=lambda match: match.rank)


def usual(lead: Lead, ranked: Sequence[Match]) -> Match | None:
    """Return the match that judges while no person has chosen one.

    It is the lead's own persona, in the version that is in use now, else the best match.
    """
    for match in ranked:
        if match.version.pk == lead.persona_version_id:
            return match
    if lead.persona_version is not None:
        # The persona and not its version: a newer version of it may be in use now.
        own = lead.persona_version.persona_id
        for match in ranked:
            if match.version.persona_id == own:
                return match
    return next(iter(ranked), None)


def usual_version(lead: Lead) -> PersonaVersion | None:
    """Return the persona version of :func:`usual`, by the agreements in force."""
    match = usual(lead, matches(lead, facts.terms_in_force()))
    if match is None:
        return None
    return match.version
