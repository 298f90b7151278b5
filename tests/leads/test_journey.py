"""The journey of a lead: stepper, next step and whose it is, for every stage and every part."""

from __future__ import annotations

import pytest

from leads.forms.handoff_steps import STEPS
from leads.journey import ENDED, NEXT, USUAL, Part, journey, next_step
from leads.states import STAGE_OF, WORKED, HandoffState, Stage

# Stage, stages with a date -> the stepper as "state of the first, state of the second, …".
STEPPERS = [
    ("captured", "", "now todo todo todo todo todo todo todo"),
    ("mql", "mql", "done now todo todo todo todo todo todo"),
    ("handed_off", "mql handed_off", "done done now todo todo todo todo todo"),
    ("accepted", "mql handed_off accepted", "done done done now todo todo todo todo"),
    ("contacted", "mql handed_off accepted contacted", "done done done done now todo todo todo"),
    ("sql", "mql handed_off accepted contacted sql", "done done done done done now todo todo"),
    (
        "opportunity",
        "mql handed_off accepted contacted sql opportunity",
        "done done done done done done now todo",
    ),
    (
        "won",
        "mql handed_off accepted contacted sql opportunity won",
        "done done done done done done done now",
    ),
    # Accepted once, then put back into the queue: nobody has accepted it now.
    ("handed_off", "mql handed_off accepted", "done done now todo todo todo todo todo"),
    # Withdrawn from the queue.
    ("mql", "mql handed_off", "done now todo todo todo todo todo todo"),
    # Disqualified in an earlier cycle after it was an SQL.
    (
        "contacted",
        "mql handed_off accepted contacted sql",
        "done done done done now todo todo todo",
    ),
    # The package proved means and authority, so nobody had to contact the lead first.
    ("sql", "mql handed_off accepted sql", "done done done done unknown now todo todo"),
    # Imported with its last stage only.
    ("won", "won", "done unknown unknown unknown unknown unknown unknown now"),
]


@pytest.mark.parametrize(("stage", "reached", "states"), STEPPERS)
def test_stepper_has_every_stage_once_and_its_state(stage: str, reached: str, states: str) -> None:
    marks = journey(Stage(stage), (), reached=[Stage(each) for each in reached.split()]).marks
    assert [mark.stage for mark in marks] == list(USUAL)
    assert [mark.state for mark in marks] == states.split()


WAYS_OUT = [
    ("lost", "mql sql", "captured:done mql:done sql:done lost:out"),
    ("lost", "", "captured:done lost:out"),
    (
        "disqualified",
        "mql handed_off accepted contacted",
        "captured:done mql:done handed_off:done accepted:done contacted:done disqualified:out",
    ),
    (
        "returned",
        "mql handed_off accepted",
        "captured:done mql:done handed_off:done returned:out"
        " accepted:todo contacted:todo sql:todo opportunity:todo won:todo",
    ),
]


@pytest.mark.parametrize(("stage", "reached", "marks"), WAYS_OUT)
def test_way_out_stands_where_the_lead_left(stage: str, reached: str, marks: str) -> None:
    found = journey(Stage(stage), (), reached=[Stage(each) for each in reached.split()]).marks
    assert [f"{mark.stage}:{mark.state}" for mark in found] == marks.split()


STEPS_OF = {
    "captured": ("qualify", "marketing"),
    "mql": ("hand_off", "marketing"),
    "returned": ("fix", "marketing"),
    "handed_off": ("decide", "queue"),
    "accepted": ("attempt", "worker"),
    "contacted": ("sql", "worker"),
    "sql": ("opportunity", "worker"),
    "opportunity": ("win", "worker"),
    "won": (None, None),
    "lost": (None, None),
    "disqualified": (None, None),
    "closed": (None, None),
    "recycled": (None, None),
}


@pytest.mark.parametrize("part", [None, *Part])
@pytest.mark.parametrize("stage", Stage)
def test_each_stage_has_one_next_step_and_one_part_that_takes_it(
    stage: Stage, part: Part | None
) -> None:
    parts = [part] if part else []
    found = journey(stage, parts, reached=())
    step, taker = STEPS_OF[stage]
    assert (found.step, found.part) == (step, taker)
    assert found.is_own == (part is not None and part == taker)


@pytest.mark.parametrize("stage", Stage)
def test_nobody_has_a_step_on_a_lead_that_is_not_open(stage: Stage) -> None:
    found = journey(stage, list(Part), reached=(), is_open=False)
    assert (found.step, found.part, found.is_own) == (None, None, False)


def test_every_stage_has_a_next_step_or_is_an_end() -> None:
    assert set(NEXT) | set(ENDED) | {Stage.WON} == set(Stage)


@pytest.mark.parametrize("state", WORKED)
def test_step_of_a_worked_handoff_has_the_name_of_its_form(state: HandoffState) -> None:
    assert next_step(STAGE_OF[state]) in STEPS
