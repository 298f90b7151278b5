"""Play a race and judge each round by its rows.

What may come of a race is what comes of its two acts one after the other, in either order, each
having read the lead just before or at the beginning: the rows are judged by no list written by
hand. Who loses is told so by a Conflict.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from crm import invariants, tasks
from leads.models import Handoff, Lead
from tests.conftest import Moment
from tests.factories import HANDED_OFF_AT, Cast
from tests.races.rounds import made
from tests.races.rounds.acts import ACTS, Scene
from tests.races.rounds.copies import Copies
from tests.races.rounds.facts import facts_of
from tests.races.rounds.play import outcome, play
from tests.races.rounds.races import Race

ORDERS = 4  # two orders of the acts, each with and without a look at the beginning


def faults_of(
    race: Race,
    rounds: int,
    cast: Cast,
    moment: Moment,
    *,
    before: Callable[[], None] = lambda: None,
) -> list[str]:
    """Play the race; return what is wrong, one line for each fault.

    ``before``: is called before the rounds, when the acts were done one after the other.
    """
    scenes = _scenes(race, rounds, cast, moment)
    alone, raced = scenes[:ORDERS], scenes[ORDERS:]
    acts = (ACTS[race.one], ACTS[race.other])
    answers = [_one_after_the_other(acts, number, scene) for number, scene in enumerate(alone)]
    before()
    answers += play(
        [tuple(partial(act, scene) for act in acts) for scene in raced], ends=race.is_bad
    )
    faults = [fault for pair in answers for fault in _lost_badly(race, pair)]
    # A round that ended the race is the last one.
    facts = facts_of([scene.lead_ids for scene in scenes[: len(answers)]])
    known = facts[:ORDERS]
    for found, pair in zip(facts[ORDERS:], answers[ORDERS:], strict=True):
        if found not in known:
            faults.append(_difference(found, known, pair))
    return faults + list(invariants.violated(at=HANDED_OFF_AT, moved_time=True))


def _one_after_the_other(acts: Sequence[Any], number: int, scene: Scene) -> list[Any]:
    """Do the acts in one of the ORDERS; return their answers."""
    if number % 2:
        scene.look()
    order = acts if number < 2 else acts[::-1]
    return [outcome(partial(act, scene)) for act in order]


def _scenes(race: Race, rounds: int, cast: Cast, moment: Moment) -> list[Scene]:
    made.prepare(cast)
    copies = Copies()
    handoffs = race.make(cast)
    made.forget_notices()
    shifts = {"wake_at": "interval '1 day'"} if race.daily else {}
    copies.make(ORDERS + rounds - 1, shifts=shifts)
    for time in race.climb:
        moment.set(time)
        while tasks.sweep():
            pass
    moment.set(race.at)
    lead_ids = list(dict.fromkeys(handoff.lead_id for handoff in handoffs))
    found = []
    for number in range(ORDERS + rounds):
        ids = [copies.id_of(Handoff, handoff.pk, number) for handoff in handoffs]
        leads = [copies.id_of(Lead, pk, number) for pk in lead_ids]
        at = race.at + timedelta(days=number) if race.daily else race.at
        found.append(Scene(cast, at, ids[0], leads[0], *ids[1:], *leads[1:]))
    return found


def _lost_badly(race: Race, pair: Sequence[Any]) -> list[str]:
    """Return what is wrong with the answers of both acts."""
    errors = [result for result in pair if isinstance(result, Exception)]
    faults = [repr(error) for error in errors if race.is_bad(error)]
    if race.single and len(errors) != 1:
        faults.append(f"{2 - len(errors)} of the two won")
    return faults


def _difference(facts: list[str], known: list[list[str]], pair: Sequence[Any]) -> str:
    """Return what tells the facts from those of the order that is most like them."""
    nearest = min(known, key=lambda each: len(set(each) ^ set(facts)))
    more = [fact for fact in facts if facts.count(fact) > nearest.count(fact)]
    less = [fact for fact in nearest if nearest.count(fact) > facts.count(fact)]
    return f"of no order: too much {more}, missing {less}, answers {pair}"
