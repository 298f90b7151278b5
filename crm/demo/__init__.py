"""Demo data: a small company with a past of 90 days and a queue of today, the same for the same moment.

People, agreement and today's desks are made through the product's own functions. The past is written in bulk by
``book``, whose rows a test holds against what those functions write.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from crm.accounts.models import Organisation, User
from crm.accounts.sign_in import demo
from crm.audit.entries import record
from crm.demo import cast, plot, remove, stories
from crm.demo.book import Book
from crm.notifications import outbox
from crm.setup.starter import catalogues

__all__ = ["LEADS", "NotADemo", "demo", "seed"]

LEADS = 375  # of the past; with the named ones about 400
BEFORE = timedelta(days=100)  # when the company signed its agreement


class NotADemo(Exception):
    """Demo data never go beside real data, nor into an installation that is not in demo mode."""


@transaction.atomic
def seed(*, at: datetime, leads: int = LEADS) -> bool:
    """Make the demo around ``at``; False where it is, or was and had to go. Raises NotADemo beside real data.

    ``leads``: how many nameless ones of the past there are beside the named ones.
    """
    if not settings.DEMO:
        raise NotADemo("demo data are made in RELEVO_MODE=demo only")
    existing = Organisation.objects.first()
    if existing is not None:
        if existing.is_demo:
            return False
        raise NotADemo("this database holds a real organisation")
    if remove.has_happened():
        return False
    Organisation.objects.create(
        name="Nube Clara", currency="MXN", language="es", time_zone=cast.ZONE, country="MX", is_demo=True
    )
    record("demo_seeded", "organisation", by=None, at=at)
    catalogues.create_catalogues()
    company = cast.assemble(at=at - BEFORE)
    book = Book(company, at=at)
    plot.play(book, leads=leads, at=at)
    book.write()
    stories.tell_past(company, at=at)
    cast.negotiate(company, at=at)
    _read(at)
    stories.tell_today(company, at=at)
    return True


def _read(at: datetime) -> None:
    """What was told in the past weeks was read long ago."""
    while outbox.deliver():
        pass
    for user in User.objects.all():
        outbox.mark_read(user, at=at)
