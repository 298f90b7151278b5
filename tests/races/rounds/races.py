"""The races: what two people, or one and the sweep, do at once to a lead, and what guards it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crm.lib.errors import Conflict
from leads.models import Handoff
from leads.returns.duplicates import WrongOriginal
from tests.factories import Cast, when
from tests.races.rounds import made

CLIMB = ("2026-03-02 11:30:01", "2026-03-02 12:00:01", "2026-03-02 12:30:01")
REQUEUED = when("2026-03-02 13:00:01")
CONTACT_CLIMB = ("2026-03-02 13:20:01", "2026-03-02 14:20:01", "2026-03-02 15:20:01")
CONTACT_REQUEUED = when("2026-03-03 10:20:01")
ANSWER_IS_LATE = when("2026-03-02 16:00")
ARBITER_IS_LATE = when("2026-03-06 12:00")
AWAKE = when("2026-03-06 08:00")


@dataclass(frozen=True)
class Race:
    """``one`` against ``other``, of ACTS.

    ``guards``: what keeps the race, of GUARDS; empty where one act refuses by what it reads alone.
    ``single``: one of the two wins.
    ``climb``: when the ladder is swept before the race. ``daily``: each round is a day later.
    ``loses``: the error of a loser.
    """

    make: Callable[[Cast], list[Handoff]]
    one: str
    other: str
    guards: tuple[str, ...]
    single: bool = True
    at: datetime = made.AT
    climb: Sequence[str] = ()
    daily: bool = False
    loses: type[Exception] = Conflict

    def __str__(self) -> str:
        return f"{self.make.__name__}: {self.one} x {self.other}"

    def is_bad(self, result: Any) -> bool:
        """Return whether a person must never get this answer."""
        return isinstance(result, Exception) and not isinstance(result, self.loses)


# What is taken out of the product to see the race go wrong, by its name in GUARDS.
CONDITIONS = ("conditions",)
LOCKS = ("locks",)
BOTH = ("conditions", "locks")
SWEEP = (*BOTH, "check of clock")
LOCK_OF_UNDO = ("lock of undo",)
LOCK_OF_PERSON = ("lock of person",)
TRIGGER = ("trigger",)

# The promised ones: many rounds in every run of the tests.
MAIN = (
    # A decision against another, and against marketing
    Race(made.pending, "accept", "accept, Cruz", CONDITIONS),
    Race(made.pending, "accept", "reject", CONDITIONS),
    Race(made.pending, "reject", "reject, Bea", CONDITIONS),
    Race(made.pending, "accept", "misroute", CONDITIONS),
    Race(made.pending, "misroute", "misroute, Bea", CONDITIONS),
    Race(made.pending, "accept", "withdraw", CONDITIONS),
    Race(made.pending, "reject", "withdraw", CONDITIONS),
    # To another owner
    Race(made.accepted, "reassign", "reassign, to Dora", CONDITIONS, single=False),
    Race(made.accepted, "contact", "reassign", CONDITIONS, single=False),
    # The ladder
    Race(made.pending, "accept", "sweep", BOTH, single=False, at=REQUEUED, climb=CLIMB),
    Race(
        made.accepted,
        "contact",
        "sweep",
        BOTH,
        single=False,
        at=CONTACT_REQUEUED,
        climb=CONTACT_CLIMB,
    ),
    Race(made.rejected, "close", "sweep of return", SWEEP, single=False, at=ANSWER_IS_LATE),
    Race(made.contested, "deny", "sweep of dispute", SWEEP, single=False, at=ARBITER_IS_LATE),
    # The dispute
    Race(made.rejected, "contest", "close", BOTH),
    Race(made.rejected, "contest", "hand off", BOTH),
    Race(made.contested, "uphold", "deny", BOTH),
    # Awake again
    Race(made.parked, "wake by date", "wake by date", BOTH, single=False, at=AWAKE, daily=True),
    Race(made.parked, "wake by date", "action", BOTH, single=False, at=AWAKE, daily=True),
    Race(made.parked, "wake by date", "wake", BOTH, single=False, at=AWAKE, daily=True),
)
OTHERS = (
    Race(made.pending, "misroute", "withdraw", CONDITIONS),
    # Of the loser, the lead that is picked is wrong by now.
    Race(made.two_pending, "duplicate", "duplicate other", LOCKS, loses=WrongOriginal),
    Race(made.misrouted, "undo", "accept other", CONDITIONS),
    # Back in the queue, back to marketing
    Race(made.pending, "accept", "requeue", CONDITIONS, single=False),
    # A pending handoff is refused by what is read of it.
    Race(made.pending, "accept", "reassign", (), single=False),
    Race(made.accepted, "requeue", "reassign", CONDITIONS, single=False),
    Race(made.accepted, "contact", "requeue", BOTH),
    Race(made.accepted, "attempt", "requeue", BOTH, single=False),
    Race(made.wrong_number, "give back", "contact", CONDITIONS),
    Race(made.wrong_number, "give back", "attempt", BOTH, single=False),
    Race(made.wrong_number, "give back", "requeue", CONDITIONS),
    # Answers to a return
    Race(made.rejected, "contest", "contest", BOTH),
    Race(made.rejected, "contest", "recycle, Luis", BOTH),
    Race(made.rejected, "close", "hand off", BOTH),
    Race(made.rejected, "close", "recycle, Luis", BOTH),
    Race(made.rejected, "recycle, Luis", "hand off", BOTH),
    Race(made.rejected, "undo", "hand off", LOCK_OF_UNDO),
    Race(made.rejected, "undo", "contest", BOTH),
    Race(made.rejected, "undo", "close", BOTH),
    # Cases of the arbiter
    Race(made.contested, "uphold", "uphold", BOTH),
    Race(made.contested, "deny", "archive", BOTH, single=False),
    Race(made.rejected_twice, "once more", "close case", BOTH),
    Race(made.rejected_twice, "once more", "undo", BOTH),
    # Recycled, and open again
    Race(made.contacted, "recycle", "disqualify", CONDITIONS, single=False),
    Race(made.contacted, "recycle", "recycle, Luis", CONDITIONS),
    Race(made.contacted, "recycle", "action", BOTH, single=False),
    Race(made.parked, "wake by date", "archive", BOTH, single=False, at=AWAKE, daily=True),
    Race(made.parked, "wake", "action", BOTH, single=False),
    Race(made.lost, "reopen", "recycle", BOTH, single=False),
    Race(made.parked_after_loss, "reopen", "wake", BOTH, single=False),
    Race(made.woken_after_loss, "reopen", "hand off", BOTH),
    # A person who asked not to be contacted
    Race(made.one_person_in_work, "no contact", "no contact, other", LOCK_OF_PERSON),
    Race(made.one_person_pending, "no contact", "accept other", LOCK_OF_PERSON, single=False),
    Race(made.one_person_pending, "no contact", "misroute other", LOCK_OF_PERSON, single=False),
    Race(made.one_person_rejected, "no contact", "hand off other", TRIGGER, single=False),
)
RACES = MAIN + OTHERS
