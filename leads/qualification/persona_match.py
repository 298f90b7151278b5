"""Which persona fits a lead best, and why: the personas in use that the agreement looks for, in
order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from leads.models import Lead
from leads.qualification import facts, scores
from leads.qualification.rules import (
    DISQUALIFIER,
    FIT,
    MET,
    SQL_KINDS,
    UNKNOWN,
    Assessment,
    Judgement,
    Terms,
)
from leads.qualification.scores import Score
from personas import personas
from personas.models import PersonaVersion


@dataclass(frozen=True)
class Match:
    """One persona as it fits the lead."""

    version: PersonaVersion
    assessment: Assessment

    @property
    def fit(self) -> Score:
        return scores.fit(self.assessment)

    @property
    def met(self) -> list[Judgement]:
        return [j for j in self.assessment.of(FIT, *SQL_KINDS) if j.holds]

    @property
    def not_met(self) -> list[Judgement]:
        """What speaks against it: criteria not met, and disqualifiers that are."""
        against = [
            j for j in self.assessment.of(FIT, *SQL_KINDS) if not j.holds and j.verdict != UNKNOWN
        ]
        return [j for j in self.assessment.of(DISQUALIFIER) if j.verdict == MET] + against

    @property
    def unknown(self) -> list[Judgement]:
        return [j for j in self.assessment.of(FIT, *SQL_KINDS) if j.verdict == UNKNOWN]

    @property
    def rank(self) -> tuple[bool, bool, int, int, str]:
        """Sorts the best first: what fits, what is not disqualified, by fit score, by the fewest
        unknowns.
        """
        disqualified = any(j.verdict == MET for j in self.assessment.of(DISQUALIFIER))
        fits = self.assessment.fits
        return (
            not fits,
            disqualified,
            -self.fit.total,
            len(self.unknown),
            self.version.persona.slug,
        )


def matches(lead: Lead, terms: Terms) -> list[Match]:
    """Every persona in use that ``terms`` look for, the best match first.

    Four queries, however many there are.
    """
    done, proofs = facts.done(lead), facts.proofs(lead)
    looked_for = [
        version for version in personas.published() if terms.looks_for(version.persona_id)
    ]
    found = [Match(v, facts.judged(lead, v, terms, done=done, proofs=proofs)) for v in looked_for]
    return sorted(found, key=lambda match: match.rank)


def usual(lead: Lead, found: Sequence[Match]) -> Match | None:
    """The match that judges when nobody chose one: the lead's own persona, as it is in use now,
    else the best.
    """
    own = lead.persona_version.persona_id if lead.persona_version else None
    mine = next((match for match in found if match.version.persona_id == own), None)
    return mine or (found[0] if found else None)


def usual_version(lead: Lead) -> PersonaVersion | None:
    """The persona version of :func:`usual`, by the agreements in force."""
    match = usual(lead, matches(lead, facts.terms_in_force()))
    return match.version if match else None
