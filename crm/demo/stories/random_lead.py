"""A lead without a name in the tour: what is drawn of it before its story begins."""

from __future__ import annotations

from datetime import datetime
from random import Random

from crm.accounts.models import User
from crm.demo import names
from crm.demo.people import is_luis_away
from crm.demo.stories import odds
from crm.demo.stories.odds import pick
from crm.demo.stories.scene import Scene

SMALLEST_COMPANY = {"leader": 20, "owner": 5}  # employees that the personas ask for


class RandomLead:
    """One lead, drawn by its number. Every lead has draws of its own, so none changes another.

    ``habit``: the odds of its source; ``known``: what is known of budget and decision;
    ``is_doubtful``: marketing overruled a criterion.
    """

    def __init__(self, scene: Scene, number: int, begun: datetime) -> None:
        self.scene = scene
        self.begun = begun
        self.draw = Random(f"{odds.SEED} {number}")
        # A second row of draws: what is drawn from it leaves the draws of the first as they are.
        self.signs = Random(f"{odds.SEED} {number} signs")
        # And a third one, for the answers: of marketing to a return, of sales after the end.
        self.answers = Random(f"{odds.SEED} {number} answers")
        self.source = pick(self.draw, odds.SHARES)
        self.habit = odds.SOURCES[self.source]
        self.kind = pick(self.draw, odds.KINDS)
        self.is_leader = self.kind == "leader"
        self.is_doubtful = False
        self.is_of_luis = self.draw.random() >= 0.7
        self.version = scene.cast.owner
        if self.is_leader:
            self.version = scene.cast.leader
        self.facts = names.someone(self.draw, number, self.kind)
        self.known = odds.known_facts(self.signs)

    def marketer(self, at: datetime) -> User:
        """Return who of marketing looks after the lead at ``at``: Ana also while Luis is away."""
        if self.is_of_luis and not is_luis_away(at):
            return self.scene.cast.luis
        return self.scene.cast.ana

    def say(self, texts: tuple[str, str]) -> str:
        """Return the one of ``texts`` (Spanish, English) in the language of the lead."""
        spanish, english = texts
        if self.facts["person"]["language"] == "en":
            return english
        return spanish

    # -- Odds

    def rejection_odds(self, *, again: bool) -> float:
        """Return how likely sales rejects the lead, ``again``: that it rejected before."""
        chance = self.habit.rejected
        if again:
            chance *= 0.5
        elif self.is_leader:
            chance *= 0.85
        else:
            chance *= 1.25
        if self.is_doubtful:
            return chance * 1.6
        if len(self.known) == 2:
            return chance * 0.7
        return chance

    def sql_odds(self) -> float:
        """Return how likely a contacted lead becomes an SQL."""
        chance = self.habit.sql * odds.KNOWN_SQL[len(self.known)]
        if self.is_leader:
            return chance * 1.1
        return chance * 0.75

    def win_odds(self, *, was_late: bool) -> float:
        """Return how likely an opportunity is won, ``was_late``: that sales decided too late."""
        chance = self.habit.won * odds.KNOWN_WON[len(self.known)]
        if self.is_leader:
            chance *= 1.15
        else:
            chance *= 0.7
        if was_late:
            return chance * 0.5
        return chance * 1.1
