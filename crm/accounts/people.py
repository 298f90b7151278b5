"""Create and change people and teams, and read the organisation of the current request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any

from django.db import DatabaseError, transaction

from crm.accounts.models import Membership, Organisation, Team, User
from crm.accounts.states import Side
from crm.audit.entries import record
from crm.lib.db import returning
from crm.lib.text import clean_line
from crm.lib.wording import variants

PREFERENCES = (
    "language",
    "region",
    "time_zone",
    "theme",
    "density",
    "shortcuts",
    "mails",
    "live_updates",
)

# A context variable, because each of the web server's threads answers a request of its own.
_of_request: ContextVar[Organisation | None] = ContextVar("organisation", default=None)


def organisation() -> Organisation:
    """Return the organisation, or an unsaved one with the defaults before the set-up."""
    return _of_request.get() or Organisation.objects.first() or Organisation(name="Relevo")


def terms() -> dict[str, str]:
    """Return the words that Spanish texts use (crm.lib.wording.variants).

    The organisation chose them; else they are the usual ones of its country. Empty while the
    database is away, because the error pages are Spanish too.
    """
    try:
        current = organisation()
    except DatabaseError:
        return {}
    return terms_of(current)


def terms_of_request() -> dict[str, str]:
    """Return the words of Spanish texts for a request, also for that of a visitor.

    A visitor's request reads no organisation: it takes the words of the last one that this process
    read, for a signed-in person or for an earlier visitor.
    """
    if _of_request.get() is None and _last_words.words is not None:
        return _last_words.words
    _last_words.words = terms() or None
    return _last_words.words or {}


class LastWords:
    """The words that this process read last; None before the first time."""

    words: dict[str, str] | None = None


_last_words = LastWords()


def forget_words() -> None:
    """Let the next visitor's request read the words again."""
    _last_words.words = None


def terms_of(organisation: Organisation) -> dict[str, str]:
    """Return the words of Spanish texts that ``organisation`` chose, else its country's."""
    return variants.usual(organisation.country) | organisation.terms


def loaded_with(user: User) -> Organisation | None:
    """Return the organisation that was loaded with ``user`` (User.objects.with_surroundings)."""
    row = getattr(user, "organisation_row", None)
    if not row:
        return None
    return returning.from_json(Organisation, row)


@contextmanager
def organisation_of(user: User) -> Iterator[Organisation]:
    """Use the organisation that was loaded with ``user`` for the time of a request.

    See User.objects.with_surroundings. Without loaded data the organisation is read when asked for.
    """
    token = _of_request.set(loaded_with(user))
    try:
        current = organisation()
        _last_words.words = terms_of(current)
        yield current
    finally:
        _of_request.reset(token)


@contextmanager
def organisation_of_key() -> Iterator[None]:
    """Keep for the time of a request the organisation that :func:`use` names in it."""
    token = _of_request.set(None)
    try:
        yield
    finally:
        _of_request.reset(token)


def use(organisation: Organisation) -> None:
    """Use the organisation that was loaded with a key, until the end of its request."""
    _of_request.set(organisation)


def wait_for_staff_changes() -> None:
    """Lock out other changes of people and teams until this transaction ends.

    The row of the organisation is the lock.
    """
    Organisation.objects.select_for_update(no_key=True).first()


def lock_person(person: User) -> User:
    """Return the row of ``person``, locked and read again.

    Rows that refer to the person can still be written: their foreign keys do not wait.
    """
    return User.objects.select_for_update(no_key=True).get(pk=person.pk)


@transaction.atomic
def create_team(name: str, side: str, *, by: User | None, at: datetime, **fields: Any) -> Team:
    """Create a team of one side."""
    team = Team.objects.create(name=clean_line(name), side=Side(side), **fields)
    record("team_created", team, by=by, at=at, payload={"name": team.name, "side": team.side})
    return team


@transaction.atomic
def create_person(
    name: str,
    *,
    by: User | None,
    at: datetime,
    email: str | None = None,
    password: str | None = None,
    teams: Iterable[tuple[Team, bool]] = (),
    **fields: Any,
) -> User:
    """Create a person, who cannot sign in without ``password``.

    ``teams`` are pairs of a team and whether the person leads it.
    """
    address = None
    if email:
        address = email.strip().lower()
    user = User(name=clean_line(name), email=address, **fields)
    user.set_password(password)
    user.save()
    Membership.objects.bulk_create(
        Membership(user=user, team=team, is_lead=is_lead, joined_at=at) for team, is_lead in teams
    )
    record("person_created", user, by=by, at=at, payload={"name": user.name})
    return user


@transaction.atomic
def get_or_create_by_external_id(
    names: Mapping[str, str], *, by: User | None, at: datetime
) -> dict[str, User]:
    """Return the people of an imported file by external id, from ``names`` by external id.

    Unknown people are created inactive: they appear in statistics and cannot sign in.
    """
    known = _by_external_id(names)
    unknown = [key for key in names if key not in known]
    if not unknown:
        return known
    people = []
    for external_id in unknown:
        person = User(name=names[external_id], external_id=external_id, is_active=False)
        # Django's mark of an unusable password. set_password() would hash each one, slowly.
        person.password = "!"
        people.append(person)
    # Another import may create the same people at this moment.
    User.objects.bulk_create(people, ignore_conflicts=True)
    record("people_imported", "person", by=by, at=at, payload={"external_ids": unknown})
    # Read again: with ignore_conflicts the rows do not come back with their keys.
    return _by_external_id(names)


def _by_external_id(keys: Iterable[str]) -> dict[str, User]:
    users = User.objects.filter(external_id__in=list(keys))
    return {user.external_id or "": user for user in users}


@transaction.atomic
def change_preferences(user: User, *, at: datetime, **preferences: Any) -> User:
    """Save preferences of ``user`` (see PREFERENCES).

    Raises ValueError for a preference that does not exist.
    """
    for name, value in preferences.items():
        if name not in PREFERENCES:
            raise ValueError(f"{name} is not a preference")
        setattr(user, name, value)
    user.save(update_fields=list(preferences))
    record("preferences_changed", user, by=user, at=at, payload=dict(preferences))
    return user


@transaction.atomic
def note_first_step(user: User, name: str, *, at: datetime) -> None:
    """Note on ``user`` that a step of the first page's card was taken, or that it is over."""
    noted = {**lock_person(user).first_steps, name: at.isoformat()}
    User.objects.filter(pk=user.pk).update(first_steps=noted)
    user.first_steps = noted
    record("first_step_noted", user, by=user, at=at, payload={"step": name})
