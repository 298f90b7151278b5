"""Who may do it, in whatever state the lead is."""

from __future__ import annotations

from tests.leads.machine.world import (
    COLLEAGUES,
    DIRECTOR,
    LEAD,
    MARKETING,
    OPEN,
    SENT_BACK,
    TEAMS,
    WORKED,
    Turn,
)


def marketing(t: Turn) -> bool:
    return t.by in MARKETING


def queue(t: Turn) -> bool:
    return t.cycle is not None and t.by in TEAMS[t.cycle.team]


def worker(t: Turn) -> bool:
    return t.cycle is not None and t.world.works(t.by, t.cycle)


def team_lead(t: Turn) -> bool:
    return t.cycle is not None and t.by == LEAD


def reassigner(t: Turn) -> bool:
    return t.cycle is not None and t.by in (LEAD, DIRECTOR)


def arbiter(t: Turn) -> bool:
    if t.cycle is None or not t.cycle.case:
        return False
    stands_in = t.cycle.arbiter is None or t.world.is_away(t.cycle.arbiter)
    return t.by == t.cycle.arbiter or (t.by == DIRECTOR and stands_in)


def changer(t: Turn) -> bool:
    is_own = t.lead.owner == t.by
    return (
        marketing(t)
        or is_own
        or any(cycle.state in WORKED and t.world.works(t.by, cycle) for cycle in t.lead.cycles)
    )


def prover(t: Turn) -> bool:
    return marketing(t) or worker(t)


def parker(t: Turn) -> bool:
    if t.cycle is not None and t.cycle.state in SENT_BACK:
        return marketing(t)
    return worker(t)


def planner(t: Turn) -> bool:
    is_open = t.cycle is not None and t.cycle.state in OPEN
    return worker(t) if is_open else marketing(t)


def lead_of_marketing(t: Turn) -> bool:
    return t.cycle is not None and t.by in ("luis", DIRECTOR)


def has_colleague(t: Turn) -> bool:
    return t.by in COLLEAGUES
