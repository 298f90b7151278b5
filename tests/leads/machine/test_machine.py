"""Six people do what they may with three leads, and try what they may not.

The product does what the model says and refuses what it refuses.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection
from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, Phase, note, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from crm import invariants, tasks
from crm.lib.errors import DomainError
from leads.follow_up import next_steps
from leads.forms.handoff_steps import STEPS
from leads.returns import cases, returns
from tests.leads.machine import model
from tests.leads.machine.model import ACTIONS
from tests.leads.machine.product import CALLS, REFUSALS, Product
from tests.leads.machine.world import WITH_MARKETING, Cycle, Lead, Turn

STEPS_OF_A_RUN = 30
BESIDE = {"update", "prove", "act", "plan", "leave", "qualify", "begin"}
PARTS = 4  # of the runs, so that several workers share them
WAITS = {"a minute": 1, "an hour": 60, "three hours": 180, "nine hours": 540, "ten days": 14400}
# How often an action is drawn that may be taken: what is seldom possible is drawn more often.
OFTEN = {"attempt", "settle", "give_back", "not_reached", "dispute", "uphold", "deny", "sql"}
SELDOM = {"withdraw", "requeue", "take_up", "recycle", "wake", "reassign", "give_return"}


class Machine(RuleBasedStateMachine):
    """One run, in a savepoint that is rolled back at its end."""

    def __init__(self, product: Product) -> None:
        super().__init__()
        self.product, self.world = product, deepcopy(product.opening)
        self.lead = 0
        self.run = transaction.atomic()
        self.run.__enter__()
        self.holds = True
        product.forget_people()
        product.at(self.world.now)
        self._compare()

    def teardown(self) -> None:
        try:
            if not self.holds:
                return
            tasks.sweep(60)
            tasks.drain(60)
            self.product.at(self.world.now)
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            broken = list(invariants.violated(at=self.world.now, moved_time=True))
            assert broken == []
        finally:
            transaction.set_rollback(True)
            self.run.__exit__(None, None, None)

    # -- What is drawn

    @rule(data=st.data(), lead=st.sampled_from(range(3)))
    def act(self, data: Any, lead: int) -> None:
        """Somebody moves a lead."""
        self.lead = lead
        self._take(self._allowed(data, set(ACTIONS) - BESIDE))

    @rule(data=st.data())
    def go_on(self, data: Any) -> None:
        """Somebody moves the same lead."""
        self._take(self._allowed(data, set(ACTIONS) - BESIDE))

    @rule(data=st.data())
    def go_on_again(self, data: Any) -> None:
        """The same once more: a rule is drawn as often as any other."""
        self._take(self._allowed(data, set(ACTIONS) - BESIDE))

    @rule(data=st.data())
    def go_on_for_long(self, data: Any) -> None:
        self._take(self._allowed(data, set(ACTIONS) - BESIDE))

    @rule(data=st.data())
    def act_beside(self, data: Any) -> None:
        """Somebody does what does not move the lead, and decides what may be done next."""
        self._take(self._allowed(data, BESIDE))

    @rule(data=st.data(), lead=st.sampled_from(range(3)))
    def act_where_it_is_refused(self, data: Any, lead: int) -> None:
        self.lead = lead
        turns = [each for each in self._turns(data) if not model.is_allowed(each)]
        if turns:
            self._refuse(data.draw(st.sampled_from(turns)))

    @rule(data=st.data(), lead=st.sampled_from(range(3)))
    def act_too_late(self, data: Any, lead: int) -> None:
        """A person who may do it in another state."""
        self.lead = lead
        turns = [
            each
            for each in self._turns(data)
            if model.has_role(each) and not model.is_allowed(each)
        ]
        if turns:
            self._refuse(data.draw(st.sampled_from(turns)))

    @rule(wait=st.sampled_from(sorted(WAITS)))
    def time_passes(self, wait: str) -> None:
        note(f"{wait} later")
        self.holds = False
        self._move_time(timedelta(minutes=WAITS[wait]))
        self.product.sweep(until=self.world.now)
        self.world.sweep()
        self._compare()

    # -- How

    def _turns(self, data: Any) -> list[Turn]:
        """Return the turns with one action, that the data choose, on any handoff of the lead."""
        self._move_time(timedelta(seconds=2))
        name = data.draw(st.sampled_from(sorted(ACTIONS)))
        lead = self.world.leads[self.lead]
        if name in BESIDE:
            return self._variants(name, [lead.current()])
        return self._variants(name, list(lead.cycles) or [None])

    def _allowed(self, data: Any, names: Collection[str]) -> Turn | None:
        """Return an allowed turn with one of ``names``, which the data choose."""
        self._move_time(timedelta(seconds=2))
        cycle = self.world.leads[self.lead].current()
        by_name: dict[str, list[Turn]] = {}
        for name in sorted(names):
            allowed = [turn for turn in self._variants(name, [cycle]) if model.is_allowed(turn)]
            if allowed:
                by_name[name] = allowed
        if not by_name:
            return None
        weighted = [*by_name, *(name for name in by_name if name not in SELDOM)]
        weighted += [name for name in by_name if name in OFTEN] * 4
        name = data.draw(st.sampled_from(weighted))
        return data.draw(st.sampled_from(by_name[name]))

    def _variants(self, name: str, cycles: list[Cycle | None]) -> list[Turn]:
        lead = self.world.leads[self.lead]
        return [
            Turn(self.world, name, person, lead, cycle, arg)
            for person in self.product.names
            for cycle in cycles
            for arg in ACTIONS[name].args
        ]

    def _take(self, turn: Turn | None) -> None:
        if turn is None:
            return
        note(repr(turn))
        self.holds = False
        self.product.take(turn)
        model.take(turn)
        self._compare()

    def _refuse(self, turn: Turn) -> None:
        note(f"refused: {turn}")
        self.holds = False
        self._expect_refusal(turn, asks=True)
        # A handoff that moved on is refused by the call itself, too, as after a race.
        if model.has_role(turn) and turn.cycle is not None and turn.name not in BESIDE:
            self._expect_refusal(turn, asks=False)
        before = self.written
        self._compare()
        assert self.written == before

    def _expect_refusal(self, turn: Turn, *, asks: bool) -> None:
        with pytest.raises(REFUSALS):
            self.product.take(turn, asks=asks)

    def _move_time(self, by: timedelta) -> None:
        self.world.now += by
        self.product.at(self.world.now)

    def _compare(self) -> None:
        self.holds = False
        state, self.written = self.product.state()
        assert state == [self._expected(lead) for lead in self.world.leads]
        self.holds = True

    def _expected(self, lead: Lead) -> dict[str, Any]:
        step = None
        if lead.step is not None:
            is_marketings = lead.stage in WITH_MARKETING
            step = [lead.step[0], self._id(lead.step[1]), is_marketings]
        return {
            "stage": lead.stage,
            "owner": self._id(lead.owner),
            "is_marked": lead.person in self.world.marked,
            "is_parked": lead.parked_at is not None,
            "wake_at": lead.wake_at.timestamp() if lead.wake_at else None,
            "step": step,
            "cycles": [self._expected_cycle(cycle) for cycle in lead.cycles],
        }

    def _expected_cycle(self, cycle: Cycle) -> dict[str, Any]:
        is_open = cycle.ruling == "open"
        clocks = [cycle.clock] if cycle.clock else []
        if cycle.back == "open" and cycle.has_return_clock:
            clocks.append("return_answer")
        if is_open:
            clocks.append("dispute")
        return {
            "state": cycle.state,
            "team": self.product.teams[cycle.team].pk,
            "owner": self._id(cycle.owner),
            "decision": [cycle.decision[0], self._id(cycle.decision[1])]
            if cycle.decision
            else None,
            "back": cycle.back,
            "answers": self._id(cycle.answers) if cycle.back == "open" else None,
            "case": cycle.case,
            "ruling": cycle.ruling,
            "arbiter": self._id(cycle.arbiter) if is_open else None,
            "made": len(cycle.made()),
            "begun": len(cycle.begun),
            "clocks": sorted(clocks),
        }

    def _id(self, name: str | None) -> int | None:
        return getattr(self.product.cast, name).pk if name is not None else None


def run(product: Product, number: int, runs: int, *phases: Phase) -> None:
    """Make ``runs`` runs from the seed ``number``; raise what the first difference raises."""
    wanted = settings(
        max_examples=runs,
        stateful_step_count=STEPS_OF_A_RUN,
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        phases=phases,
    )
    machine = seed(number)(lambda: Machine(product))
    run_state_machine_as_test(machine, settings=wanted)


@pytest.mark.properties
@pytest.mark.parametrize("part", range(PARTS))
def test_no_difference(product: Product, part: int) -> None:
    runs = settings.default.max_examples // PARTS
    number = part
    # The same runs in every `make test`; others in each `make soak`, whose seed is printed.
    if settings.get_current_profile_name() == "many":
        number = random.randrange(2**32)
        print(f"seed {number}")
    run(product, number, runs, Phase.generate, Phase.shrink)


def steps_never_end(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(next_steps, "end", lambda *args, **words: None)


def undo_leaves_the_return(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(returns, "undo", lambda *args, **words: None)


def rejected_for_ever(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(cases, "is_once_too_often", lambda handoff: False)


MUTANTS = [steps_never_end, undo_leaves_the_return, rejected_for_ever]


@pytest.mark.long_faults
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda each: each.__name__)
def test_difference_is_found(
    product: Product, monkeypatch: pytest.MonkeyPatch, mutant: Callable[..., None]
) -> None:
    mutant(monkeypatch)
    with pytest.raises((AssertionError, pytest.fail.Exception, IntegrityError, DomainError)):
        run(product, 0, 100, Phase.generate)


NO_MOVES = {"pause", "resume", "expect", "amount"}
NAMES = {"outcome": "settle"}


def test_every_action_is_known_to_both() -> None:
    assert set(CALLS) == set(ACTIONS)
    known = {NAMES.get(name, name.replace("-", "_")) for name in set(STEPS) - NO_MOVES}
    assert known <= set(ACTIONS)
