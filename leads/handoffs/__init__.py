"""Transitions of a handoff as the rest of the product calls them: ``handoffs.accept(…, by=user)``.

Rooms inside this folder import each other's modules, never this face.
"""

from leads.conflicts import AlreadyTaken, JustTaken, LeadIsArchived, MovedOn
from leads.handoffs.state_changes import OwnerLeft
from leads.handoffs.submission import (
    AlreadyHandedOff,
    NoPersona,
    NotAnMql,
    PackageIncomplete,
    ScoreTooLow,
    check_mql,
    hand_off,
    qualify,
)
from leads.handoffs.transitions import (
    NeedsComment,
    RepIsFull,
    accept,
    cause_by_hand,
    reassign,
    reject,
    requeue,
    withdraw,
)

__all__ = [
    "AlreadyHandedOff",
    "AlreadyTaken",
    "JustTaken",
    "LeadIsArchived",
    "MovedOn",
    "NeedsComment",
    "NoPersona",
    "NotAnMql",
    "OwnerLeft",
    "PackageIncomplete",
    "RepIsFull",
    "ScoreTooLow",
    "accept",
    "cause_by_hand",
    "check_mql",
    "hand_off",
    "qualify",
    "reassign",
    "reject",
    "requeue",
    "withdraw",
]
