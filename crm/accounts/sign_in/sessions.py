"""Sessions of a person: begun by a sign-in, seen, listed, and ended by time or by hand.

The list is that of allauth's usersessions; when it began and was seen last also stands in the
session itself, so that a request needs no query to know it. A session from before this version has
neither: it ends with its row, after settings.SESSION_COOKIE_AGE.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import F

from crm.accounts.models import User
from crm.accounts.people import lock_person
from crm.accounts.sign_in.browsers import browser_words
from crm.audit.entries import record

STARTED = "relevo_started_at"
SEEN = "relevo_seen_at"
# How exactly "last seen" is known; each write costs two statements.
NOTE_EVERY = timedelta(minutes=5)
LONGEST_AGENT = 200
BATCH = 1000


@dataclass(frozen=True)
class SessionRow:
    """A session of the list; ``browser`` is "" for a program that is not known."""

    pk: int
    browser: str
    address: str
    started_at: datetime
    seen_at: datetime
    is_current: bool


def begin(
    session: SessionBase, person: User, *, instead_of: str, address: str, agent: str, at: datetime
) -> None:
    """List the session that a sign-in began.

    ``instead_of`` is the key that the browser had before, "" for none: Django gives a session
    another key when somebody signs in or changes the password.
    """
    if STARTED not in session:
        record("signed_in", person, by=person, at=at, payload={"address": address})
    session[STARTED] = session[SEEN] = at.timestamp()
    UserSession.objects.filter(user=person, session_key=instead_of).delete()
    seen = {
        "user": person,
        "ip": address,
        "user_agent": agent[:LONGEST_AGENT],
        "created_at": at,
        "last_seen_at": at,
    }
    UserSession.objects.update_or_create(session_key=session.session_key, defaults=seen)


def is_over(session: SessionBase | dict[str, Any], *, at: datetime) -> bool:
    """Return whether the session was not used for too long, or began too long ago."""
    started_at = session.get(STARTED)
    if started_at is None:
        return False
    now = at.timestamp()
    is_old = now - started_at >= settings.SESSION_ENDS_AFTER.total_seconds()
    is_idle = now - session[SEEN] >= settings.SESSION_IDLE_AFTER.total_seconds()
    return is_old or is_idle


def note_use(session: SessionBase, *, address: str, at: datetime) -> None:
    """Note that the session is used, at most once in NOTE_EVERY."""
    seen_at = session.get(SEEN)
    if seen_at is None or at.timestamp() - seen_at < NOTE_EVERY.total_seconds():
        return
    session[SEEN] = at.timestamp()
    row = UserSession.objects.filter(session_key=session.session_key)
    row.update(last_seen_at=at, ip=address)


def list_of(person: User, *, current: str, at: datetime) -> list[SessionRow]:
    """Return the live sessions of the person, the one with the key ``current`` first.

    Of a demo person only that one: strangers share the demo, and the others are theirs.
    """
    rows = list(UserSession.objects.filter(user=person).order_by("-last_seen_at", "-id"))
    if person.is_demo:
        rows = [row for row in rows if row.session_key == current]
    keys = [row.session_key for row in rows]
    stored = Session.objects.filter(session_key__in=keys, expire_date__gt=at)
    live = _live_keys(stored, person, at=at)
    found = [_row(row, current) for row in rows if row.session_key in live]
    return sorted(found, key=lambda row: not row.is_current)


def _live_keys(stored: Iterable[Session], person: User, *, at: datetime) -> set[str]:
    """Return the keys of sessions that the next request would accept."""
    accepted = person.get_session_auth_hash()
    live = set()
    for each in stored:
        session = each.get_decoded()
        if session.get(HASH_SESSION_KEY) == accepted and not is_over(session, at=at):
            live.add(each.session_key)
    return live


def _row(row: UserSession, current: str) -> SessionRow:
    return SessionRow(
        row.pk,
        browser_words(row.user_agent),
        row.ip,
        row.created_at,
        row.last_seen_at,
        row.session_key == current,
    )


@transaction.atomic
def end(row: UserSession, *, by: User, at: datetime) -> None:
    """End one session, at its next request."""
    record("session_ended", row.user, by=by, at=at, payload={"address": row.ip})
    row.end()


@transaction.atomic
def end_all(person: User, *, by: User, at: datetime) -> User:
    """Sign the person out everywhere, and forget the known devices."""
    locked = lock_person(person)
    start_round(locked)
    person.session_round = locked.session_round
    record("sessions_ended", person, by=by, at=at)
    return person


def start_round(person: User) -> None:
    """Let every session of an earlier round end; the caller holds the lock on ``person``."""
    # Part of the hash that every session carries (User).
    person.session_round += 1
    person.save(update_fields=["session_round"])


def tidy(*, at: datetime) -> int:
    """Delete sessions whose time is over, at most BATCH of them, and return how many."""
    over = Session.objects.filter(expire_date__lte=at).values_list("session_key", flat=True)
    keys = list(over[:BATCH])
    if keys:
        UserSession.objects.filter(session_key__in=keys).delete()
        Session.objects.filter(session_key__in=keys).delete()
    return len(keys)


@transaction.atomic
def clear() -> None:
    """End the sessions of everybody: after a restore, nobody knows which of them still hold."""
    # The round is part of the hash that each session carries (User).
    User.objects.update(session_round=F("session_round") + 1)
    UserSession.objects.all().delete()
    Session.objects.all().delete()
