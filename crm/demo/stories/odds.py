"""The demo's past in numbers: when leads come, how people decide, how often something happens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from crm.demo.people import ZONE

T = TypeVar("T")

SEED = 384
# The Monday on which the recorded last week begins. A demo is cut off somewhere in that week.
WEEK = date(2026, 1, 5)
FOUNDED = timedelta(weeks=14)  # before the last week: when the agreement was signed
DAYS = 83  # before the last week: how long leads have come, so that all are of the last 90 days
LEADS = 375  # that come before the last week; a demo shows as many, whenever it begins
LATER = 32  # that come in the last week
AWAY = range(41, 53)  # days before the end: Bea's holidays, when the agreement was not kept


@dataclass(frozen=True)
class Habit:
    """A source: its share of all leads, and the odds of a rejection, of an SQL, of a win."""

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
SHARES = {code: habit.share for code, habit in SOURCES.items()}
KINDS = {"leader": 58, "owner": 34, "stranger": 8}
ACTIONS = {
    "asked_for_demo": 30,
    "asked_for_information": 22,
    "sent_form": 20,
    "left_contact_data": 15,
    "attended_webinar": 13,
}
REASONS = {
    "paid_search": {
        "bad_contact_data": 50,
        "not_the_persona": 25,
        "missing_data": 15,
        "already_customer": 10,
    },
    "social": {"not_the_persona": 60, "no_interest": 28, "bad_contact_data": 8, "missing_data": 4},
}
OTHER_REASONS = {
    "not_the_persona": 38,
    "bad_contact_data": 20,
    "no_interest": 12,
    "missing_data": 12,
    "already_customer": 18,
}
ENDS = {
    "disqualified": {"no_budget": 50, "no_authority": 20, "no_need": 30},
    "lost": {"price": 45, "chose_competitor": 30, "no_decision": 25},
}
# Why marketing closes a lead, by why sales rejected it; and what it may recycle, for how many days.
CLOSED_BECAUSE = {
    "bad_contact_data": "data_not_found",
    "missing_data": "data_not_found",
    "not_the_persona": "not_a_customer",
    "no_interest": "interest_gone",
    "already_customer": "closed_other",
}
RECYCLED = ("not_the_persona", "no_interest")
PARKED_FOR = (100, 190)  # longer than the recorded past: none of them wakes in it
# What sales says of the package at the end, and how often it says anything.
TRUTHS = {"yes": 82, "no": 12, "unknown": 6}
ANSWERED = 0.7
TEAMS = {"mexico": 60, "online": 28, "evening": 12}
# By how many of budget and decision were known at the hand-off: how the odds change.
KNOWN_SQL = (0.9, 1.05, 1.7)
KNOWN_WON = (0.75, 1.1, 2.6)
FURTHER_ACTIONS = {0: 70, 1: 16, 2: 9, 3: 5}  # that a lead does at once
TRIES = {0: 2, 1: 2, 2: 1}  # failed tries before the contact
CHANNELS = {"phone": 50, "whatsapp": 30, "email": 15, "meeting": 5}


def week_start() -> datetime:
    """Return the midnight with which the recorded last week begins."""
    return datetime.combine(WEEK, time(), ZoneInfo(ZONE))


def arrivals() -> list[datetime]:
    """Return when the random leads come: more on working days, and a little more every week."""
    draw = Random(SEED)
    # Drawn lead by lead with one generator: the list is the same in every recording.
    before = [_arrival(draw, range(-DAYS, 0)) for _lead in range(LEADS)]
    after = [_arrival(draw, range(6)) for _lead in range(LATER)]
    return sorted(before + after)


def _arrival(draw: Random, days: range) -> datetime:
    """Return a moment between breakfast and evening, on one of the ``days`` after the Monday."""
    while True:
        since = draw.choice(days)
        day = WEEK + timedelta(days=since)
        weight = 1.15 + 0.3 * since / DAYS
        if day.weekday() > 4:
            weight *= 0.3
        if draw.random() * 1.15 < weight:
            minute = int(draw.triangular(8 * 60, 20 * 60, 11 * 60))
            moment = time(minute // 60, minute % 60, draw.randrange(60))
            return datetime.combine(day, moment, ZoneInfo(ZONE))


def is_bea_away(at: datetime) -> bool:
    return (week_start() + timedelta(weeks=1) - at).days in AWAY


def pick(draw: Random, weights: Mapping[T, int]) -> T:
    """Draw one of the keys by its weight."""
    return draw.choices(list(weights), list(weights.values()))[0]


def budget(draw: Random) -> int:
    return 5000 * draw.randrange(12, 160)


def known_facts(draw: Random) -> dict[str, Any]:
    """Return what marketing knows of budget and decision when the lead comes."""
    known: dict[str, Any] = {}
    if draw.random() < 0.4:
        known["budget"] = budget(draw)
    if draw.random() < 0.35:
        known["decides"] = True
    return known
