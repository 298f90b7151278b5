"""Writing the organisation: the first admin who founds it, its facts, and how far its
set-up got.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from crm.accounts import people
from crm.accounts.models import Organisation, User
from crm.audit.entries import record
from crm.lib.errors import Conflict, DomainError
from crm.lib.text import clean_line

LOCK = 20_260_302  # any number that is nobody else's: the advisory lock of founding
FACTS = ("name", "language", "currency", "time_zone", "country", "terms")
DONE, SKIPPED = "done", "skipped"


class AlreadyFounded(Conflict):
    code = "already_founded"
    message = _("Somebody can sign in already. Ask them to invite you.")


class HoldsDemo(DomainError):
    code = "holds_demo"
    message = _("This database still holds the demo. Remove it first: manage.py start_fresh")


def somebody_can_sign_in() -> bool:
    """Whether there is anybody who could let others in. Demo people count in demo mode only."""
    found = User.objects.filter(is_active=True, email__isnull=False).exclude(
        password__startswith="!"
    )
    return found.exists() if settings.DEMO else found.filter(is_demo=False).exists()


@transaction.atomic
def found(
    name: str, email: str, password: str, *, guesses: dict[str, str], language: str, at: datetime
) -> User:
    """Create the first admin and, with ``guesses`` (of FACTS), the organisation that they will set
    up.

    Two at once: the second waits and is refused. Raises AlreadyFounded, HoldsDemo.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    if somebody_can_sign_in():
        raise AlreadyFounded
    existing = Organisation.objects.first()
    if existing is not None and existing.is_demo:
        raise HoldsDemo
    admin = people.create_person(
        name, email=email, password=password, by=None, at=at, is_admin=True, language=language
    )
    if existing is None:
        Organisation.objects.create(setting_up=True, **guesses)
    record("organisation_founded", admin, by=admin, at=at)
    return admin


@transaction.atomic
def change(*, by: User, at: datetime, **facts: Any) -> Organisation:
    """Change the organisation's name, language, currency, zone, country, or the words that it says
    (terms).
    """
    organisation = _locked()
    if unknown := set(facts) - set(FACTS):
        raise ValueError(f"{unknown} are no facts of an organisation")
    changes = {key: [getattr(organisation, key), value] for key, value in facts.items()}
    for key, value in facts.items():
        setattr(organisation, key, clean_line(value) if isinstance(value, str) else value)
    organisation.save()
    moved = {key: pair for key, pair in changes.items() if pair[0] != pair[1]}
    record("organisation_changed", organisation, by=by, at=at, payload={"changes": moved})
    return organisation


@transaction.atomic
def note_step(key: str, state: str, *, by: User, at: datetime) -> Organisation:
    """Note that the step ``key`` of the set-up was ``state``: done, skipped, or empty to open it
    again.
    """
    organisation = _locked()
    rest = {step: was for step, was in organisation.setup_steps.items() if step != key}
    organisation.setup_steps = {**rest, key: state} if state else rest
    organisation.save()
    record("setup_step", organisation, by=by, at=at, payload={"step": key, "state": state})
    return organisation


@transaction.atomic
def end_setup(*, by: User, at: datetime) -> Organisation:
    """The checklist is finished or dismissed; every page of it stays, as settings."""
    organisation = _locked()
    organisation.setting_up = False
    organisation.save()
    record("setup_ended", organisation, by=by, at=at)
    return organisation


def _locked() -> Organisation:
    """The organisation's row, locked; an unsaved one with the defaults where data came
    before it.
    """
    return Organisation.objects.select_for_update().first() or people.organisation()
