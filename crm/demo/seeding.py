"""Make the demo: load the recorded past, and prepare today's desk."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction

from crm import first_steps
from crm.accounts.models import Organisation, User
from crm.audit.entries import record
from crm.demo import people, remove
from crm.demo.load import NotEmpty, load
from crm.demo.present import today
from crm.demo.recording import recording

LEADS = 375  # of the past; with the named ones about 400


class NotADemo(Exception):
    """The database holds real data, or the installation is not in demo mode."""


@transaction.atomic
def seed(*, at: datetime, leads: int = LEADS) -> bool:
    """Make the demo at ``at``, as the owner of the tables. False if it exists or was removed.

    ``leads``: how many leads of the past, besides the named ones. Raises NotADemo.
    """
    if not settings.DEMO:
        raise NotADemo("demo data are made in RELEVO_MODE=demo only")
    existing = Organisation.objects.first()
    if existing is not None and not existing.is_demo:
        raise NotADemo("this database holds a real organisation")
    # A demo that was removed stays away, also when the service starts again.
    if existing is not None or remove.has_happened():
        return False
    try:
        load(recording.read(), at=at, leads=leads)
    except NotEmpty as error:
        if Organisation.objects.filter(is_demo=True).exists():
            return False  # another process was faster
        raise NotADemo(
            "`migrate` in demo mode has not marked this database, or it is not empty"
        ) from error
    record("demo_seeded", "organisation", by=None, at=at)
    # In the same transaction: a demo without today's desk would never be completed.
    today.prepare(people.cast(), at=at)
    # The past of the demo does not count as first steps of its users.
    User.objects.update(first_steps={first_steps.SINCE: at.isoformat()})
    return True
