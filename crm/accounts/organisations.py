"""Create and change the organisation, and record how far its set-up has come."""

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

# The advisory lock of create_organisation: any number that no other lock has.
LOCK = 20_260_302
FACTS = ("name", "language", "currency", "time_zone", "country", "terms")
DONE = "done"
SKIPPED = "skipped"


class AlreadySetUp(Conflict):
    """A person can sign in already, so the first admin exists."""

    code = "already_founded"
    message = _("Somebody can sign in already. Ask them to invite you.")


class HoldsDemo(DomainError):
    code = "holds_demo"
    message = _("This database still holds the demo. Remove it first: manage.py start_fresh")


def anyone_can_sign_in() -> bool:
    """Return whether a person can sign in. Demo people count only in demo mode."""
    with_email = User.objects.filter(is_active=True, email__isnull=False)
    # Django marks an unusable password with "!".
    with_password = with_email.exclude(password__startswith="!")
    if not settings.DEMO:
        with_password = with_password.filter(is_demo=False)
    return with_password.exists()


@transaction.atomic
def create_organisation(
    name: str, email: str, password: str, *, facts: dict[str, str], language: str, at: datetime
) -> User:
    """Create the organisation with ``facts`` (see FACTS) and its first admin; return the admin.

    Of two calls at once the second waits for the first and fails. Raises AlreadySetUp, HoldsDemo.
    """
    # An advisory lock, because there is no row yet that two calls could both lock.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    if anyone_can_sign_in():
        raise AlreadySetUp
    existing = Organisation.objects.first()
    if existing is not None and existing.is_demo:
        raise HoldsDemo
    admin = people.create_person(
        name,
        email=email,
        password=password,
        by=None,
        at=at,
        is_admin=True,
        language=language,
    )
    if existing is None:
        Organisation.objects.create(setting_up=True, **facts)
    record("organisation_founded", admin, by=admin, at=at)
    return admin


@transaction.atomic
def change(*, by: User, at: datetime, **facts: Any) -> Organisation:
    """Change facts of the organisation (see FACTS).

    Raises ValueError for a fact that does not exist.
    """
    unknown = set(facts) - set(FACTS)
    if unknown:
        raise ValueError(f"{unknown} are no facts of an organisation")
    organisation = _locked()
    changes = {}
    for key, value in facts.items():
        before = getattr(organisation, key)
        if isinstance(value, str):
            value = clean_line(value)
        if before != value:
            changes[key] = [before, value]
        setattr(organisation, key, value)
    # All fields, because the row may not be there yet; it is locked, so nothing is overwritten.
    organisation.save()
    people.forget_words()
    payload = {"changes": changes}
    record("organisation_changed", organisation, by=by, at=at, payload=payload)
    return organisation


@transaction.atomic
def note_step(key: str, state: str, *, by: User, at: datetime) -> Organisation:
    """Record the state of one step of the set-up: DONE, SKIPPED, or empty to open it again."""
    organisation = _locked()
    steps = dict(organisation.setup_steps)
    steps.pop(key, None)
    if state:
        steps[key] = state
    organisation.setup_steps = steps
    organisation.save()
    record("setup_step", organisation, by=by, at=at, payload={"step": key, "state": state})
    return organisation


@transaction.atomic
def end_setup(*, by: User, at: datetime) -> Organisation:
    """Close the checklist, finished or not; its pages stay as settings."""
    organisation = _locked()
    organisation.setting_up = False
    organisation.save()
    record("setup_ended", organisation, by=by, at=at)
    return organisation


def _locked() -> Organisation:
    """Return the organisation, locked; an unsaved one when data exist without an organisation."""
    return Organisation.objects.select_for_update().first() or people.organisation()
