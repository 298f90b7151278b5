"""What follows. Each function has the name of its action (model.ACTIONS) or is a part of some."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from tests.leads.machine.world import (
    ARBITER,
    ATTEMPTS,
    COLLEAGUES,
    CONTACTS,
    MOST_REJECTIONS,
    OPEN,
    PROMISES_ANSWER,
    SENT_BACK,
    USUAL,
    WITH_MARKETING,
    WORKED,
    ZONE,
    Cycle,
    Lead,
    Turn,
)

SILENT = "silent"  # of an action that leaves no event on the lead


def begin_cycle(lead: Lead, **words: Any) -> None:
    lead.cycles.append(Cycle(number=len(lead.cycles) + 1, **words))
    lead.stage, lead.owner, lead.step = "handed_off", None, None


def move(t: Turn, state: str) -> None:
    """Move the handoff and its lead to ``state``, in which no return or outcome is."""
    t.cycle.state = t.lead.stage = state
    t.cycle.stages.add(state)
    if state in WORKED:
        set_step(t, USUAL[state])
    else:
        t.cycle.closed_at, t.cycle.clock, t.lead.step = t.at, "", None


def set_step(t: Turn, kind: str) -> None:
    own = t.lead.step is not None and t.lead.step[2] is not None and t.lead.step[2] > t.at
    if not own:
        t.lead.step = (kind, t.cycle.owner, None)


def close_handoff(t: Turn, state: str, kind: str) -> None:
    """Close a handoff by a decision that leaves the lead without an owner."""
    t.cycle.state, t.cycle.closed_at, t.cycle.clock = state, t.at, ""
    t.cycle.decision, t.cycle.owner = (kind, t.by), None
    t.lead.owner = t.lead.step = None


def open_return(t: Turn) -> None:
    t.lead.stage = "returned"
    sender = t.cycle.sender
    if t.world.is_away(sender):
        delegate = t.world.away[sender][1]
        sender = None if t.world.is_away(delegate) else delegate
    t.cycle.back, t.cycle.answers = "open", sender
    t.cycle.has_return_clock = PROMISES_ANSWER[t.cycle.team]


def open_case(t: Turn, kind: str) -> None:
    t.cycle.back, t.cycle.case, t.cycle.ruling = "disputed", kind, "open"
    agreed = ARBITER[t.cycle.team]
    decisions = [cycle.decision for cycle in t.lead.cycles if cycle.decision is not None]
    rejected = {person for kind, person in decisions if kind == "reject"}
    t.cycle.arbiter = None if agreed in rejected else agreed


def rule(t: Turn, ruling: str, back: str) -> None:
    t.cycle.ruling, t.cycle.ruled_at, t.cycle.back = ruling, t.at, back


def send_back_rejected(t: Turn) -> None:
    t.lead.rejections.append((t.by, t.at))
    open_return(t)
    standing = [
        cycle
        for cycle in t.lead.cycles
        if cycle.state == "rejected" and cycle.back != "overturned"
        if t.lead.woken_at is None or cycle.closed_at > t.lead.woken_at
    ]
    if len(standing) >= MOST_REJECTIONS[t.cycle.team]:
        open_case(t, "repeated")


def park_lead(t: Turn) -> None:
    t.lead.stage, t.lead.parked_at, t.lead.step = "recycled", t.at, None
    if t.arg is not None:
        day = t.world.today() + timedelta(days=t.arg)
        t.lead.wake_at = datetime.combine(day, time(7), tzinfo=ZONE)


def close_as_duplicate(t: Turn) -> None:
    t.cycle.back, t.lead.stage, t.lead.original, t.lead.step = "duplicate", "closed", t.arg, None
    index = t.world.leads.index(t.lead)
    other = t.world.leads[t.arg]
    known = {day for day, _at, _of in other.actions}
    copies = [(day, at, index) for day, at, _of in t.lead.actions if day not in known]
    for copy in copies:
        other.actions.append(copy)
        other.news_at, other.undo = t.at, None
        if other.parked_at is not None and copy[1] > other.parked_at:
            t.world.wake(other)


def take_copies_back(t: Turn) -> None:
    index = t.world.leads.index(t.lead)
    for other in t.world.leads:
        kept = [each for each in other.actions if each[2] != index]
        if kept != other.actions:
            other.actions, other.undo = kept, None


# -- Marketing, before sales has the lead


def update(t: Turn) -> None:
    t.lead.version += 1
    t.lead.news_at = t.at
    t.lead.is_complete |= t.arg == "industry"


def prove(t: Turn) -> None:
    t.lead.is_proven, t.lead.news_at = True, t.at


def act(t: Turn) -> None:
    """The lead does something of value."""
    t.lead.actions.append((t.world.today(), t.at, None))
    t.lead.news_at = t.at
    t.world.wake(t.lead)


def qualify(t: Turn) -> str | None:
    if t.lead.stage != "captured":
        return SILENT
    t.lead.stage = "mql"
    return None


def hand_off(t: Turn) -> None:
    for cycle in t.lead.cycles:
        if cycle.back == "open":
            cycle.back = "fixed"
    begin_cycle(t.lead, team=t.arg[0], sender=t.by, content=t.lead.content())


def withdraw(t: Turn) -> None:
    move(t, "withdrawn")
    t.lead.stage = "mql"


# -- Decisions of the queue


def accept(t: Turn) -> None:
    t.cycle.owner, t.lead.owner, t.cycle.decision = t.by, t.by, ("accept", t.by)
    t.cycle.accepted_at, t.cycle.clock = t.at, "first_contact"
    move(t, "accepted")


def accept_as_sql(t: Turn) -> None:
    accept(t)
    sql(t)


def reject(t: Turn) -> None:
    close_handoff(t, "rejected", "reject")
    send_back_rejected(t)


def misroute(t: Turn) -> None:
    was_before = any(cycle.state == "misrouted" for cycle in t.lead.cycles)
    close_handoff(t, "misrouted", "misroute")
    if was_before or t.arg is None or (t.arg == "south" and not t.lead.is_complete):
        open_return(t)
    else:
        begin_cycle(t.lead, team=t.arg, sender=t.cycle.sender, content=t.lead.content())


def duplicate(t: Turn) -> None:
    close_handoff(t, "duplicate", "duplicate")
    if t.arg is None:
        open_return(t)
    else:
        close_as_duplicate(t)


def undo(t: Turn) -> None:
    if t.cycle.back == "duplicate":
        take_copies_back(t)
    before = t.lead.undo.before
    begun = t.cycle.begun
    following = t.lead.cycles[len(before.cycles) :]
    for cycle in following:
        cycle.state, cycle.closed_at, cycle.clock = "withdrawn", t.at, ""
    before.cycles[t.cycle.number - 1].begun = begun
    t.lead.__dict__.update(before.__dict__)
    t.lead.cycles += following
    t.lead.undo = None


def requeue(t: Turn) -> None:
    if t.cycle.state == "accepted":
        t.cycle.release(t.lead)


def reassign(t: Turn) -> None:
    t.cycle.owner = t.lead.owner = t.arg
    t.lead.step = (t.lead.step[0], t.arg, t.lead.step[2])


# -- Attempts and the way of an accepted lead


def begin(t: Turn) -> str:
    t.cycle.begun.setdefault(t.by, t.at)
    return SILENT


def follow_attempt(t: Turn, outcome: str, at: datetime) -> None:
    t.cycle.tries.append((outcome, max(at, t.cycle.accepted_at)))
    t.lead.step = None
    if outcome in CONTACTS and t.cycle.state == "accepted":
        t.cycle.clock = "sql_decision"
        move(t, "contacted")
    if outcome == "no_contact":
        ask_no_contact(t)
    elif outcome == "call_back":
        t.lead.step = ("call_back", t.cycle.owner, in_days(t, 1))
    elif outcome == "reached":
        t.lead.step = (USUAL[t.cycle.state], t.cycle.owner, None)
    else:
        is_last = t.cycle.state == "accepted" and len(t.cycle.made()) >= ATTEMPTS
        t.lead.step = ("not_reached" if is_last else "attempt", t.cycle.owner, None)


def in_days(t: Turn, days: int) -> datetime:
    """Return the end of that day."""
    day = t.world.today() + timedelta(days=days + 1)
    return datetime.combine(day, time(), tzinfo=ZONE)


def ask_no_contact(t: Turn) -> None:
    t.world.marked.add(t.lead.person)
    for lead in t.world.leads:
        for cycle in lead.cycles:
            if lead.person != t.lead.person or cycle.state not in OPEN:
                continue
            turn = Turn(t.world, "", t.by, lead, cycle)
            lead.undo = None
            if cycle.state == "pending":
                withdraw(turn)
            else:
                move(turn, "disqualified")


def attempt(t: Turn) -> None:
    follow_attempt(t, t.arg, t.at)


def settle(t: Turn) -> None:
    follow_attempt(t, t.arg, t.cycle.begun.pop(t.by))


def consent(t: Turn) -> None:
    t.world.marked.discard(t.lead.person)


def plan(t: Turn) -> None:
    owner = t.by if t.lead.stage in WITH_MARKETING else t.cycle.owner
    t.lead.step = ("other", owner, in_days(t, t.arg))


def give_back(t: Turn) -> None:
    t.cycle.accepted_at = None
    close_handoff(t, "rejected", "reject")
    send_back_rejected(t)


def not_reached(t: Turn) -> None:
    move(t, "recycled")
    park_lead(t)


def sql(t: Turn) -> None:
    t.cycle.clock = ""
    move(t, "sql")


def opportunity(t: Turn) -> None:
    move(t, "opportunity")


def win(t: Turn) -> None:
    t.cycle.stages.add("opportunity")
    move(t, "won")


def lose(t: Turn) -> None:
    move(t, "lost")


def disqualify(t: Turn) -> None:
    move(t, "disqualified")


def reopen(t: Turn) -> None:
    stages = t.cycle.stages
    t.lead.parked_at = t.lead.wake_at = t.lead.step = t.cycle.closed_at = None
    t.lead.owner = t.cycle.owner
    move(t, next(stage for stage in reversed(WORKED) if stage in stages))


# -- Answers to a return, and what the arbiter decides


def close(t: Turn) -> None:
    t.cycle.back, t.lead.stage, t.lead.step = "closed", "closed", None


def take_up(t: Turn) -> None:
    if t.cycle.back == "duplicate":
        take_copies_back(t)
    answers = t.cycle.answers
    t.cycle.back, t.lead.stage, t.lead.original = "open", "returned", None
    t.cycle.answers, t.cycle.has_return_clock = answers, False


def link(t: Turn) -> None:
    close_as_duplicate(t)


def dispute(t: Turn) -> None:
    open_case(t, "contested")


def uphold(t: Turn) -> None:
    rule(t, "upheld", "overturned")
    pass_on_again(t)


def deny(t: Turn) -> None:
    rule(t, "denied", "open")
    open_return(t)


def once_more(t: Turn) -> None:
    rule(t, "again", "fixed")
    pass_on_again(t)


def pass_on_again(t: Turn) -> None:
    """Begin the next cycle with the same package."""
    old = t.cycle
    begin_cycle(t.lead, team=old.team, sender=old.sender, content=old.content)


def end_case(t: Turn) -> None:
    close(t)
    rule(t, "closed", "closed")


def park_case(t: Turn) -> None:
    rule(t, "recycled", "recycled")
    park_lead(t)


# -- Recycling


def recycle(t: Turn) -> None:
    if t.cycle.state in SENT_BACK:
        t.cycle.back = "recycled"
    elif t.cycle.state in OPEN:
        move(t, "recycled")
    park_lead(t)


def wake(t: Turn) -> None:
    t.world.wake(t.lead)


# -- Leaves, which concern no lead


def leave(t: Turn) -> str:
    days, has_delegate = t.arg
    delegate = COLLEAGUES[t.by] if has_delegate else None
    t.world.away[t.by] = (t.world.today() + timedelta(days=days), delegate)
    return SILENT


def give_return(t: Turn) -> None:
    t.cycle.answers = t.arg
