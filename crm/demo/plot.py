"""What happens to the nameless: 90 days drawn from one seed, so that every chart has something to tell.

The findings: referrals convert best, social media worst; leaders of sales teams better than small-business owners; Cruz
decides slower than Bea and often just before the deadline; while Bea was away the agreement was not kept; what was
decided late is won less often; two reasons explain most rejections; a high fit score is worth something, because who
names a budget and decides buys more often, while engagement says little; what marketing handed off on its own word is
refused more often.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from crm.accounts.models import Team, User
from crm.demo import names, stories
from crm.demo.book import Book
from crm.demo.cast import ZONE
from leads.models import Handoff, Lead
from sla.worktime import arithmetic
from sla.worktime.calendar import Window, WorkCalendar

SEED = 20260302
DAYS = 89
AWAY = range(38, 50)  # days ago: Bea's holidays, when the agreement was not kept
QUIET = timedelta(minutes=30)  # nothing of this plot happens so shortly before the demo begins


@dataclass(frozen=True)
class Habit:
    """A source in numbers: its share of all leads, and the odds of a rejection, of an SQL, of a win."""

    share: int
    rejected: float
    sql: float
    won: float


SOURCES = {
    "paid_search": Habit(26, 0.31, 0.42, 0.35),
    "organic_search": Habit(22, 0.15, 0.58, 0.45),
    "social": Habit(17, 0.50, 0.30, 0.22),
    "event": Habit(13, 0.16, 0.60, 0.45),
    "referral": Habit(11, 0.04, 0.80, 0.68),
    "email": Habit(7, 0.22, 0.45, 0.40),
    "direct": Habit(4, 0.20, 0.50, 0.40),
}
ACTIONS = {
    "asked_for_demo": 30,
    "asked_for_information": 22,
    "sent_form": 20,
    "left_contact_data": 15,
    "attended_webinar": 13,
}
REASONS = {
    "paid_search": {"bad_contact_data": 50, "not_the_persona": 25, "missing_data": 15, "wrong_team": 10},
    "social": {"not_the_persona": 60, "no_interest": 28, "bad_contact_data": 8, "missing_data": 4},
    "": {"not_the_persona": 38, "bad_contact_data": 20, "no_interest": 12, "missing_data": 12, "wrong_team": 10,
         "already_customer": 8},
}  # fmt: skip
ENDS = {
    "disqualified": {"no_budget": 50, "no_authority": 20, "no_need": 30},
    "lost": {"price": 45, "chose_competitor": 30, "no_decision": 25},
}
# By how many of budget and decision were known at the hand-off: how the odds of an SQL and of a win change.
KNOWN_SQL, KNOWN_WON = (0.9, 1.05, 1.7), (0.75, 1.1, 2.6)
CHANNELS = {"phone": 50, "whatsapp": 30, "email": 15, "meeting": 5}


def play(book: Book, *, leads: int, at: datetime) -> None:
    """Write the story of ``leads`` nameless leads and of the one that the ladder put back today into ``book``."""
    draw = Random(SEED)
    for number, begun in enumerate(sorted(_arrival(draw, at) for _each in range(leads))):
        Story(book, Random(f"{SEED} {number}"), at).tell(number, begun)
    stories.tell_requeued(book, at=at)


def _arrival(draw: Random, at: datetime) -> datetime:
    """A moment between breakfast and evening; more on working days, and a little more every week."""
    local = at.astimezone(ZoneInfo(ZONE))
    while True:
        ago = draw.randint(1, DAYS)
        day = local.date() - timedelta(days=ago)
        weight = (0.3 if day.weekday() > 4 else 1) * (1.15 - 0.3 * ago / DAYS)
        if draw.random() * 1.15 < weight:
            minute = int(draw.triangular(8 * 60, 20 * 60, 11 * 60))
            return datetime.combine(day, time(minute // 60, minute % 60, draw.randrange(60)), ZoneInfo(ZONE))


def pick(draw: Random, odds: dict[str, int]) -> str:
    return draw.choices(list(odds), list(odds.values()))[0]


def _known(draw: Random) -> dict[str, Any]:
    """What of budget and decision marketing knows when the lead comes."""
    known: dict[str, Any] = {}
    if draw.random() < 0.4:
        known["budget"] = draw.randrange(12, 160) * 5000
    if draw.random() < 0.35:
        known["decides"] = True
    return known


class Story:
    """One lead from its first sight to wherever it came before the demo begins."""

    def __init__(self, book: Book, draw: Random, at: datetime) -> None:
        self.book, self.draw, self.cast = book, draw, book.cast
        self.until, self.started = at - QUIET, at
        self.office = book.calendars[book.cast.mexico.pk]
        # The queue that never closes is worked in shifts all the same.
        shifts = tuple(Window(day, 8 * 60, 21 * 60) for day in range(7))
        self.shifts = WorkCalendar(ZONE, shifts)

    def tell(self, number: int, begun: datetime) -> None:
        draw = self.draw
        source = pick(draw, {code: habit.share for code, habit in SOURCES.items()})
        self.habit, self.source = SOURCES[source], source
        kind = pick(draw, {"leader": 58, "owner": 34, "stranger": 8})
        by = self.cast.ana if draw.random() < 0.7 else self.cast.luis
        who = names.someone(draw, number, kind)
        self.language = 1 if who["person"]["language"] == "en" else 0
        signs = Random(f"{SEED} {number} signs")  # a draw of its own: the rest of the story stays as it was
        self.known = _known(signs)
        lead = self.book.capture(
            {**who, "attributes": self.known}, by=by, at=begun, source=source, action=pick(draw, ACTIONS)
        )
        for minutes in range(3, 3 * signs.choices((1, 2, 3, 4), (70, 16, 9, 5))[0], 3):
            self.book.add_action(lead, pick(signs, ACTIONS), by=by, at=begun + timedelta(minutes=minutes))
        if draw.random() < 0.25:
            again = begun + timedelta(hours=draw.uniform(1, 70))
            if again < self.until:
                self.book.add_action(lead, pick(draw, ACTIONS), by=by, at=again)
        if kind == "stranger" or draw.random() < 0.04:
            return  # marketing looked at it and left it where it is
        self.is_leader = kind == "leader"
        self.version = self.cast.leader if self.is_leader else self.cast.owner
        qualified = arithmetic.add(self.office, begun, timedelta(minutes=draw.uniform(15, 700)))
        if qualified >= self.until:
            return
        self.is_doubtful = self._knows_better(lead, signs, by, qualified)
        if draw.random() < 0.05:
            self.book.qualify(lead, self.version, by=by, at=qualified)
            return
        self._pass(lead, by, qualified)

    def _knows_better(self, lead: Lead, signs: Random, by: User, at: datetime) -> bool:
        """Whether marketing takes a company that is too small, on its own word."""
        company, smallest = lead.company, 20 if self.is_leader else 5
        if company is None or (company.employees or 0) >= smallest:
            return False
        reason = signs.choice(names.REASONS)[self.language]
        self.book.override(lead, self.version, "company-size", reason=reason, by=by, at=at)
        return True

    def comment(self, reason: str) -> str:
        return names.COMMENTS[reason][self.language]

    # -- In the queue

    def _pass(self, lead: Lead, by: User, at: datetime, *, again: bool = False) -> None:
        """Hand the lead off and let sales decide; not so late that it would lie in today's queue."""
        draw = self.draw
        teams = {"mexico": 60, "online": 28, "evening": 12}
        team: Team = getattr(self.cast, pick(draw, teams))
        rep, used = self._pace(at)
        decided_at = arithmetic.add(self.book.calendars[team.pk], at, timedelta(minutes=used))
        if decided_at >= self.until:
            self.book.qualify(lead, self.version, by=by, at=at)
            return
        odds = self.habit.rejected * (0.5 if again else 0.85 if self.is_leader else 1.25)
        is_refused = draw.random() < odds * (1.6 if self.is_doubtful else 0.7 if len(self.known) == 2 else 1)
        handoff = self.book.hand_off(lead, team, self.version, by=by, at=at)
        if is_refused:
            self._refuse(handoff, rep, decided_at, by)
            return
        self._take(handoff, rep, decided_at, was_late=used > 120)

    def _pace(self, at: datetime) -> tuple[User, float]:
        """Who decides, and after how many business minutes."""
        draw, away = self.draw, (self.started - at).days in AWAY
        if not away and draw.random() < 0.56:
            return self.cast.bea, min(draw.lognormvariate(3.3, 0.7), 170)
        if draw.random() < (0.5 if away else 0.17):
            return self.cast.cruz, draw.uniform(122, 260)
        return self.cast.cruz, draw.triangular(35, 119.5, 112)

    def _refuse(self, handoff: Handoff, rep: User, at: datetime, by: User) -> None:
        draw, reason = self.draw, pick(self.draw, REASONS.get(self.source, REASONS[""]))
        needed = self.book.rejections[reason].needs_comment
        comment = self.comment(reason) if needed or draw.random() < 0.4 else ""
        self.book.reject(handoff, reason, by=rep, at=at, comment=comment)
        answered = arithmetic.add(self.office, at, timedelta(hours=draw.uniform(2, 30)))
        if handoff.cycle == 1 and answered < self.until and draw.random() < 0.45:
            self.book.add_action(handoff.lead, "asked_for_information", by=by, at=answered)
            self._pass(handoff.lead, by, answered + timedelta(minutes=5), again=True)

    def _take(self, handoff: Handoff, rep: User, at: datetime, *, was_late: bool) -> None:
        self.book.accept(handoff, by=rep, at=at)
        if rep == self.cast.cruz and self.draw.random() < 0.09 and (taken := self._forgotten(handoff, at)):
            self.book.accept(handoff, by=self.cast.bea, at=taken)
            rep, at = self.cast.bea, taken
        self._talk(handoff, rep, at, was_late=was_late)

    def _forgotten(self, handoff: Handoff, at: datetime) -> datetime | None:
        """Nobody calls and the ladder puts it back. When Bea takes it; None where there is no time or it is night."""
        calendar = self.book.calendars[handoff.team.pk]
        taken = arithmetic.add(calendar, at, timedelta(minutes=482 + self.draw.uniform(10, 60)))
        return taken if taken < self.until and arithmetic.is_open(self._hours(handoff), taken) else None

    # -- After the acceptance

    def _hours(self, handoff: Handoff) -> WorkCalendar:
        online = handoff.team == self.cast.online
        return self.shifts if online else self.book.calendars[handoff.team.pk]

    def _talk(self, handoff: Handoff, rep: User, at: datetime, *, was_late: bool) -> None:
        """Some tries, then a contact; in time to keep the lead, which the ladder would take back."""
        draw, hours = self.draw, self._hours(handoff)
        kept_until = arithmetic.add(self.book.calendars[handoff.team.pk], at, timedelta(minutes=470))
        wait = draw.lognormvariate(3.9, 0.6) if rep == self.cast.bea else draw.triangular(40, 250, 150)
        reached = arithmetic.add(hours, at, timedelta(minutes=min(wait, 400)))
        if reached > kept_until:
            reached = at + timedelta(minutes=draw.uniform(8, 40))
        if reached >= self.until and kept_until < self.started + timedelta(hours=1):
            reached = at + (self.until - at) / 2  # else the ladder would put it back this very moment
        for part in sorted(draw.uniform(0.1, 0.9) for _each in range(draw.choice((0, 0, 1, 1, 2)))):
            tried = at + (reached - at) * part
            if arithmetic.is_open(hours, tried) and tried < self.until:
                self.book.attempt(handoff, pick(draw, CHANNELS), reached=False, by=rep, at=tried)
        if reached >= self.until:
            return
        self.book.attempt(handoff, pick(draw, CHANNELS), reached=True, by=rep, at=reached)
        self._judge(handoff, rep, reached, was_late=was_late)

    def _judge(self, handoff: Handoff, rep: User, at: datetime, *, was_late: bool) -> None:
        draw, hours = self.draw, self._hours(handoff)
        judged = arithmetic.add(hours, at, timedelta(minutes=min(draw.lognormvariate(6.4, 0.8), 2600)))
        if judged >= self.until:
            return
        odds = self.habit.sql * (1.1 if self.is_leader else 0.75) * KNOWN_SQL[len(self.known)]
        if draw.random() >= odds:
            reason = pick(draw, ENDS["disqualified"])
            if {"no_budget": "budget", "no_authority": "decides"}.get(reason) in self.known:
                reason = "no_need"
            self.book.end(handoff, reason, by=rep, at=judged, comment=self.comment(reason))
            return
        budget = f"{draw.randrange(12, 160) * 5000:,} MXN"
        decides = ("Firma el contrato", "Signs the contract")[self.language]
        for code, value in (("budget", budget), ("decides", decides)):
            if code in self.known:
                continue
            source = ("Llamada", "Call")[self.language]
            self.book.add_evidence(handoff.lead, code, value=value, source=source, by=rep, at=judged)
        self.book.qualify_sql(handoff, by=rep, at=judged)
        self._close(handoff, rep, judged, was_late=was_late)

    def _close(self, handoff: Handoff, rep: User, at: datetime, *, was_late: bool) -> None:
        """An opportunity within days, an end within weeks."""
        draw, hours = self.draw, self._hours(handoff)
        offered = arithmetic.add(hours, at, timedelta(hours=draw.uniform(6, 40)))
        if offered >= self.until:
            return
        self.book.open_opportunity(handoff, by=rep, at=offered)
        closed = arithmetic.add(hours, offered, timedelta(hours=draw.uniform(15, 110)))
        if closed >= self.until:
            return
        odds = self.habit.won * (1.15 if self.is_leader else 0.7) * (0.5 if was_late else 1.1)
        odds *= KNOWN_WON[len(self.known)]
        if draw.random() < odds:
            amount = Decimal(500 * round(draw.lognormvariate(11.5 if self.is_leader else 10.6, 0.5) / 500))
            self.book.win(handoff, amount, by=rep, at=closed)
        else:
            reason = pick(draw, ENDS["lost"])
            self.book.end(handoff, reason, by=rep, at=closed, comment=self.comment(reason))
