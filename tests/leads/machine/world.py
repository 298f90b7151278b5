"""What the model knows: who is who, what was agreed, three leads and the time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("America/Mexico_City")
MARKETING = ("ana", "luis")
TEAMS = {"sales": ("bea", "cruz", "dora"), "south": ("cruz", "dora")}
LEAD = "dora"  # leads both sales teams
DIRECTOR = "elsa"
ARBITER = {"sales": "dora", "south": None}
MOST_REJECTIONS = {"sales": 2, "south": 3}
PROMISES_ANSWER = {"sales": True, "south": False}
ATTEMPTS = 2
UNDO_WINDOW = timedelta(seconds=10)
REQUEUED_AFTER = timedelta(hours=8)  # an accepted lead that nobody tried to reach

WORKED = ("accepted", "contacted", "sql", "opportunity")
OPEN = ("pending", *WORKED)
SENT_BACK = ("rejected", "misrouted", "duplicate")
ENDED = ("won", "lost", "disqualified")
WITH_MARKETING = ("captured", "mql", "returned")
CONTACTS = ("reached", "call_back", "no_contact")
OUTCOMES = ("reached", "no_answer", "wrong", "call_back", "no_contact")
USUAL = {
    "accepted": "first_contact",
    "contacted": "decision",
    "sql": "opportunity",
    "opportunity": "close",
}
# Who may stand in for whom.
COLLEAGUES = {"ana": "luis", "bea": "cruz", "cruz": "bea", "dora": "bea"}


@dataclass(eq=False)
class Cycle:
    """One handoff. ``content``: what the lead was like at the hand-off."""

    team: str
    sender: str
    content: tuple[int, bool, frozenset[date]]
    number: int
    state: str = "pending"
    owner: str | None = None
    decision: tuple[str, str] | None = None
    accepted_at: datetime | None = None
    closed_at: datetime | None = None
    stages: set[str] = field(default_factory=set)
    tries: list[tuple[str, datetime]] = field(default_factory=list)
    begun: dict[str, datetime] = field(default_factory=dict)
    clock: str = "accept"
    back: str = ""  # the state of its return
    answers: str | None = None
    has_return_clock: bool = False
    case: str = ""
    ruling: str = ""
    ruled_at: datetime | None = None
    arbiter: str | None = None

    def made(self) -> list[str]:
        """Return the outcomes of the attempts since the acceptance."""
        since = self.accepted_at
        return [outcome for outcome, at in self.tries if since is not None and at >= since]

    def release(self, lead: Lead) -> None:
        """Put an accepted handoff back into the queue."""
        self.state, self.clock, lead.stage = "pending", "accept", "handed_off"
        self.owner = self.decision = self.accepted_at = None
        lead.owner = lead.step = lead.undo = None

    def was_reached(self) -> bool:
        return any(outcome in CONTACTS for outcome, _at in self.tries)


@dataclass(eq=False)
class Lead:
    """A lead. ``step``: kind, owner, and until when a person's own step is in the future."""

    person: str
    actions: list[tuple[date, datetime, int | None]]
    stage: str = "captured"
    owner: str | None = None
    version: int = 0
    is_proven: bool = False
    is_complete: bool = False
    news_at: datetime | None = None
    cycles: list[Cycle] = field(default_factory=list)
    rejections: list[tuple[str, datetime]] = field(default_factory=list)
    parked_at: datetime | None = None
    wake_at: datetime | None = None
    woken_at: datetime | None = None
    step: tuple[str, str, datetime | None] | None = None
    original: int | None = None
    undo: Undo | None = None

    def content(self) -> tuple[int, bool, frozenset[date]]:
        return self.version, self.is_proven, frozenset(day for day, _at, _of in self.actions)

    def current(self) -> Cycle | None:
        """Return the handoff that the lead is about: the last without those that were undone."""
        for cycle in reversed(self.cycles):
            is_undone = any(
                cycle.state == "withdrawn"
                and (other.closed_at is None or other.closed_at > cycle.closed_at)
                for other in self.cycles[: cycle.number - 1]
            )
            if not is_undone:
                return cycle
        return None


@dataclass
class Undo:
    """The last decision, while nothing happened since, and the lead before it."""

    number: int
    by: str
    at: datetime
    before: Lead


@dataclass(eq=False)
class World:
    now: datetime
    leads: list[Lead]
    away: dict[str, tuple[date, str | None]] = field(default_factory=dict)
    marked: set[str] = field(default_factory=set)  # they asked not to be contacted

    def today(self) -> date:
        return self.now.astimezone(ZONE).date()

    def is_away(self, person: str | None) -> bool:
        return person in self.away and self.away[person][0] >= self.today()

    def stands_in(self, person: str, owner: str | None) -> bool:
        return owner is not None and self.is_away(owner) and self.away[owner][1] == person

    def works(self, person: str, cycle: Cycle) -> bool:
        if cycle.owner is None:
            return person in TEAMS[cycle.team]
        in_place = person in TEAMS[cycle.team] and self.stands_in(person, cycle.owner)
        return person in (cycle.owner, LEAD) or in_place

    def sees(self, person: str, lead: Lead) -> bool:
        return person in (*MARKETING, DIRECTOR) or any(
            cycle.owner == person
            or person == LEAD
            or (person in TEAMS[cycle.team] and cycle.state == "pending")
            or (person in TEAMS[cycle.team] and self.stands_in(person, cycle.owner))
            or (cycle.owner is None and cycle.decision is not None and cycle.decision[1] == person)
            for cycle in lead.cycles
        )

    def barred(self, person: str, lead: Lead, cycle: Cycle) -> bool:
        """Return whether ``person`` rejected the lead, nothing is new, and another can decide."""
        if cycle.number == 1:
            return False
        news = lead.news_at
        last = dict(sorted(lead.rejections, key=lambda each: each[1]))
        stale = {who for who, at in last.items() if news is None or news <= at}
        is_left = stale >= set(TEAMS[cycle.team]) and person == LEAD
        return person in stale and not is_left

    def sweep(self) -> None:
        """Do what happens by time alone."""
        for lead in self.leads:
            if lead.wake_at is not None and lead.wake_at < self.now:
                self.wake(lead)
            for cycle in lead.cycles:
                if cycle.clock != "first_contact" or cycle.made():
                    continue
                if cycle.accepted_at + REQUEUED_AFTER < self.now:
                    cycle.release(lead)

    def wake(self, lead: Lead) -> None:
        if lead.parked_at is not None and lead.person not in self.marked:
            lead.stage, lead.woken_at, lead.undo = "captured", self.now, None
            lead.parked_at = lead.wake_at = None


@dataclass(eq=False)
class Turn:
    """One action of one person. ``cycle``: the handoff that it is about, None if there is none."""

    world: World
    name: str
    by: str
    lead: Lead
    cycle: Any
    arg: Any = None

    def __repr__(self) -> str:
        number = self.cycle.number if self.cycle is not None else 0
        lead = self.world.leads.index(self.lead)
        return f"{self.by}: {self.name} {self.arg} (lead {lead}, cycle {number})"

    @property
    def at(self) -> datetime:
        return self.world.now

    @property
    def is_marked(self) -> bool:
        return self.lead.person in self.world.marked
