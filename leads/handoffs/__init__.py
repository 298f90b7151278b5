"""The transitions of a handoff, as the rest of the product calls them: ``handoffs.accept(handoff,
by=user)``.
"""

from leads.handoffs.transitions import (
    AlreadyHandedOff,
    AlreadyTaken,
    LeadIsArchived,
    NeedsComment,
    NotAnMql,
    OwnerLeft,
    PackageIncomplete,
    RepIsFull,
    ScoreTooLow,
    accept,
    check_mql,
    hand_off,
    qualify,
    reassign,
    reject,
    requeue,
    withdraw,
)

__all__ = [
    "AlreadyHandedOff",
    "AlreadyTaken",
    "LeadIsArchived",
    "NeedsComment",
    "NotAnMql",
    "OwnerLeft",
    "PackageIncomplete",
    "RepIsFull",
    "ScoreTooLow",
    "accept",
    "check_mql",
    "hand_off",
    "qualify",
    "reassign",
    "reject",
    "requeue",
    "withdraw",
]
