"""Writing people and teams."""

from __future__ import annotations

import json
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


_known: ContextVar[Organisation | None] = ContextVar("organisation", default=None)


def organisation() -> Organisation:
    """The organisation, or an unsaved one with the defaults while nothing is set up."""
    return _known.get() or Organisation.objects.first() or Organisation(name="Relevo")


def words() -> dict[str, str]:
    """The words that Spanish texts say (crm.lib.wording.variants): chosen, else usual in the
    country. None while the database is away: pages that say so are Spanish, too.
    """
    try:
        found = organisation()
    except DatabaseError:
        return {}
    return words_of(found)


def words_of(organisation: Organisation) -> dict[str, str]:
    """Return the words of an organisation: chosen, else usual in its country."""
    return variants.usual(organisation.country) | organisation.terms


@contextmanager
def knowing(user: User) -> Iterator[Organisation]:
    """For the time of a request: the organisation as it came with ``user``
    (User.objects.with_surroundings).
    """
    carried = getattr(user, "organisation_row", None)
    token = _known.set(returning.from_json(Organisation, json.loads(carried)) if carried else None)
    try:
        yield organisation()
    finally:
        _known.reset(token)


def wait_for_staff_changes() -> None:
    """Let no other change of people and teams run until this transaction ends: the organisation's
    row is the lock.
    """
    Organisation.objects.select_for_update(no_key=True).first()


@transaction.atomic
def create_team(name: str, side: str, *, by: User | None, at: datetime, **fields: Any) -> Team:
    """A new team of one side."""
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
    """A new person. ``teams``: pairs of team and whether the person leads it.

    Without password: no sign-in.
    """
    user = User(name=clean_line(name), email=email.strip().lower() if email else None, **fields)
    user.set_password(password)
    user.save()
    Membership.objects.bulk_create(
        Membership(user=user, team=team, is_lead=is_lead) for team, is_lead in teams
    )
    record("person_created", user, by=by, at=at, payload={"name": user.name})
    return user


@transaction.atomic
def people_by_external_id(
    names: Mapping[str, str], *, by: User | None, at: datetime
) -> dict[str, User]:
    """People of an imported file: ``{external id: name}`` in, ``{external id: person}`` out.

    Whoever is unknown is created inactive: known in the statistics, unable to sign in.
    """
    known = _by_external_id(names)
    unknown = [key for key in names if key not in known]
    if not unknown:
        return known
    fresh = [
        User(name=names[key], external_id=key, is_active=False, password="!") for key in unknown
    ]
    User.objects.bulk_create(fresh, ignore_conflicts=True)
    record("people_imported", "person", by=by, at=at, payload={"external_ids": unknown})
    return _by_external_id(names)


def _by_external_id(keys: Iterable[str]) -> dict[str, User]:
    return {
        user.external_id or "": user for user in User.objects.filter(external_id__in=list(keys))
    }


@transaction.atomic
def prefer(user: User, *, at: datetime, **choices: Any) -> User:
    """Save the person's own preferences (language, region, zone, look, shortcuts, mails, live
    updates).
    """
    for name, value in choices.items():
        if name not in PREFERENCES:
            raise ValueError(f"{name} is not a preference")
        setattr(user, name, value)
    user.save(update_fields=list(choices))
    record("preferences_changed", user, by=user, at=at, payload=dict(choices))
    return user
