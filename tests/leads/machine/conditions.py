"""When it is possible."""

from __future__ import annotations

from collections.abc import Callable

from tests.leads.machine.world import (
    ATTEMPTS,
    ENDED,
    MARKETING,
    TEAMS,
    UNDO_WINDOW,
    WITH_MARKETING,
    WORKED,
    Turn,
)

Question = Callable[[Turn], bool]


def always(t: Turn) -> bool:
    return True


def at(*states: str) -> Question:
    return lambda t: t.cycle is not None and t.cycle.state in states


def with_marketing(t: Turn) -> bool:
    return t.lead.stage in WITH_MARKETING


def decidable(t: Turn) -> bool:
    return t.cycle.state == "pending" and not t.world.barred(t.by, t.lead, t.cycle)


def waiting(t: Turn) -> bool:
    return t.cycle is not None and t.cycle.back == "open"


def has_changed(t: Turn) -> bool:
    version, is_proven, days = t.lead.content()
    old = t.lead.cycles[-1].content if t.lead.cycles else None
    return old is None or (version, is_proven) != old[:2] or not days <= old[2]


def linkable(t: Turn) -> bool:
    if t.arg is None:
        return True
    other = t.world.leads[t.arg]
    index = t.world.leads.index(t.lead)
    is_original = any(each.original == index for each in t.world.leads)
    is_seen = t.world.sees(t.by, other)
    return is_seen and other is not t.lead and other.original is None and not is_original


def may_be_handed_off(t: Turn) -> bool:
    team, has_reason = t.arg
    if t.lead.stage == "returned":
        last = next(cycle for cycle in t.lead.cycles if cycle.back in ("open", "disputed"))
        if last.back == "disputed" or not (has_reason or has_changed(t)):
            return False
    is_complete = team == "sales" or t.lead.is_complete
    return with_marketing(t) and is_complete and not t.is_marked


def undoable(t: Turn) -> bool:
    last = t.lead.undo
    if last is None or (last.number, last.by) != (t.cycle.number, t.by):
        return False
    return t.at - last.at <= UNDO_WINDOW and not t.is_marked


def heirs(t: Turn) -> list[str]:
    everyone = sorted({*TEAMS["sales"], *TEAMS["south"]} - {t.cycle.owner})
    present = [person for person in everyone if not t.world.is_away(person)]
    return [person for person in present if person in TEAMS[t.cycle.team]] or present


def plannable(t: Turn) -> bool:
    return with_marketing(t) or (t.cycle is not None and t.cycle.state in WORKED)


def may_be_sql(t: Turn) -> bool:
    is_ready = t.cycle.state == "contacted" or (t.cycle.state == "accepted" and t.cycle.content[1])
    return is_ready and t.lead.is_proven


def reopenable(t: Turn) -> bool:
    if t.cycle.state not in ENDED:
        return False
    later = t.lead.cycles[t.cycle.number :]
    is_last = all(
        cycle.closed_at is not None and cycle.closed_at < t.cycle.closed_at for cycle in later
    )
    return is_last and not t.is_marked


def may_be_taken_up(t: Turn) -> bool:
    if t.cycle is None or t.lead.stage != "closed" or t.cycle.back not in ("closed", "duplicate"):
        return False
    is_new = t.lead.news_at is not None and t.cycle.ruled_at is not None
    return t.cycle.ruling != "closed" or (is_new and t.lead.news_at > t.cycle.ruled_at)


def recyclable(t: Turn) -> bool:
    if t.cycle is None:
        return False
    if t.cycle.state in ("contacted", "sql", "opportunity"):
        return True
    is_result = t.cycle.state == t.lead.stage and t.cycle is t.lead.current()
    return waiting(t) or (t.cycle.state in ("lost", "disqualified") and is_result)


def provable(t: Turn) -> bool:
    return with_marketing(t) if t.by in MARKETING else at(*WORKED)(t)


def proves_sql(t: Turn) -> bool:
    return decidable(t) and t.cycle.content[1] and t.lead.is_proven


def misroutable(t: Turn) -> bool:
    return decidable(t) and t.arg != t.cycle.team


def may_be_duplicate(t: Turn) -> bool:
    return decidable(t) and linkable(t)


def may_be_linked(t: Turn) -> bool:
    return waiting(t) and linkable(t)


def reassignable(t: Turn) -> bool:
    return t.cycle.state in WORKED and t.arg in heirs(t)


def assignable(t: Turn) -> bool:
    return waiting(t) and t.arg != t.cycle.answers and not t.world.is_away(t.arg)


def has_begun(t: Turn) -> bool:
    return t.cycle.state in WORKED and t.by in t.cycle.begun


def is_marked(t: Turn) -> bool:
    return t.is_marked


def wrong_data(t: Turn) -> bool:
    return t.cycle.state == "accepted" and "wrong" in t.cycle.made()


def tried_enough(t: Turn) -> bool:
    return t.cycle.state == "accepted" and len(t.cycle.made()) >= ATTEMPTS


def was_contacted(t: Turn) -> bool:
    return t.cycle.state in ("contacted", "sql") and t.cycle.was_reached()


def contestable(t: Turn) -> bool:
    return waiting(t) and t.cycle.state == "rejected" and not t.cycle.case


def contested(t: Turn) -> bool:
    return (t.cycle.case, t.cycle.ruling) == ("contested", "open")


def repeated(t: Turn) -> bool:
    return (t.cycle.case, t.cycle.ruling) == ("repeated", "open")


def may_be_upheld(t: Turn) -> bool:
    return contested(t) and not t.is_marked


def may_go_again(t: Turn) -> bool:
    return repeated(t) and not t.is_marked


def may_wake(t: Turn) -> bool:
    return t.lead.parked_at is not None and not t.is_marked


def is_there(t: Turn) -> bool:
    return not t.world.is_away(t.by)
