"""The model of a lead's life by the glossary of the domain: who may do what, and when.

Each line: the action, whose it is, when it is possible, and its arguments. What follows has the
name of the action in tests.leads.machine.effects.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from tests.leads.machine import conditions as when
from tests.leads.machine import effects, roles
from tests.leads.machine.conditions import Question, at
from tests.leads.machine.effects import SILENT
from tests.leads.machine.world import OUTCOMES, TEAMS, WORKED, Turn, Undo

LEADS = (0, 1, 2)
DAYS = (None, 1, 10)  # until a parked lead wakes
REPS = ("bea", "cruz", "dora")
NO_MORE = (None,)


@dataclass(frozen=True)
class Action:
    who: Question
    when: Question
    args: Iterable[Any] = NO_MORE


ACTIONS = {
    # Before sales has the lead, and beside it
    "update": Action(roles.changer, when.always, ("title", "industry")),
    "prove": Action(roles.prover, when.provable),
    "act": Action(roles.changer, when.always),
    "plan": Action(roles.planner, when.plannable, (0, 5)),
    "leave": Action(roles.has_colleague, when.is_there, ((0, True), (2, False))),
    "qualify": Action(roles.marketing, when.with_marketing),
    "hand_off": Action(
        roles.marketing,
        when.may_be_handed_off,
        [(team, has_reason) for team in TEAMS for has_reason in (True, False)],
    ),
    "withdraw": Action(roles.marketing, at("pending")),
    # The queue
    "accept": Action(roles.queue, when.decidable),
    "accept_as_sql": Action(roles.queue, when.proves_sql),
    "reject": Action(roles.queue, when.decidable, ("clerical", "definitional", "procedural")),
    "misroute": Action(roles.queue, when.misroutable, (None, *TEAMS)),
    "duplicate": Action(roles.queue, when.may_be_duplicate, (None, *LEADS)),
    "undo": Action(roles.queue, when.undoable),
    "requeue": Action(roles.team_lead, at("pending", "accepted")),
    "reassign": Action(roles.reassigner, when.reassignable, REPS),
    # Attempts, and the way of an accepted lead
    "begin": Action(roles.worker, at(*WORKED)),
    "attempt": Action(roles.worker, at(*WORKED), OUTCOMES),
    "settle": Action(roles.worker, when.has_begun, OUTCOMES),
    "consent": Action(roles.marketing, when.is_marked),
    "give_back": Action(roles.worker, when.wrong_data),
    "not_reached": Action(roles.worker, when.tried_enough, DAYS),
    "sql": Action(roles.worker, when.may_be_sql),
    "opportunity": Action(roles.worker, at("sql")),
    "win": Action(roles.worker, at("sql", "opportunity")),
    "lose": Action(roles.worker, at("sql", "opportunity")),
    "disqualify": Action(roles.worker, when.was_contacted),
    "reopen": Action(roles.worker, when.reopenable),
    # Answers to a return, and what the arbiter decides
    "close": Action(roles.marketing, when.waiting),
    "take_up": Action(roles.marketing, when.may_be_taken_up),
    "link": Action(roles.marketing, when.may_be_linked, LEADS),
    "give_return": Action(roles.lead_of_marketing, when.assignable, ("ana", "luis")),
    "dispute": Action(roles.marketing, when.contestable),
    "uphold": Action(roles.arbiter, when.may_be_upheld),
    "deny": Action(roles.arbiter, when.contested),
    "once_more": Action(roles.arbiter, when.may_go_again),
    "end_case": Action(roles.arbiter, when.repeated),
    "park_case": Action(roles.arbiter, when.repeated, (None, 1)),
    # Recycling; by its date a lead wakes in World.sweep
    "recycle": Action(roles.parker, when.recyclable, DAYS),
    "wake": Action(roles.marketing, when.may_wake),
}
DECISIONS = ("accept", "reject", "misroute", "duplicate")


def has_role(turn: Turn) -> bool:
    return ACTIONS[turn.name].who(turn)


def is_allowed(turn: Turn) -> bool:
    return has_role(turn) and ACTIONS[turn.name].when(turn)


def take(turn: Turn) -> None:
    """Do to the world what follows."""
    before = deepcopy(turn.lead)
    follows = getattr(effects, turn.name)
    if follows(turn) != SILENT:
        turn.lead.undo = None
    if turn.name in DECISIONS:
        before.undo = None
        turn.lead.undo = Undo(turn.cycle.number, turn.by, turn.at, before)
