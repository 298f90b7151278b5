"""Create the first admin of an installation, its organisation and its catalogues."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from crm.accounts import organisations
from crm.accounts.models import User
from crm.setup import defaults
from crm.setup.starter.catalogues import create_catalogues


@transaction.atomic
def create_first_admin(
    name: str, email: str, password: str, *, zone: str, languages: str, language: str, at: datetime
) -> User:
    """Create the first admin and an organisation with probable facts, and return the admin.

    ``zone`` and ``languages`` come from the browser. Raises organisations.AlreadySetUp and
    organisations.HoldsDemo.
    """
    # Proposed, not asked: the first step of the set-up shows all of them to be corrected.
    country = defaults.country(zone, languages)
    facts = {
        "name": defaults.company_name(email, _("My company")),
        "language": language,
        "currency": defaults.currency(country),
        "time_zone": defaults.zone(zone, country),
        "country": country,
    }
    admin = organisations.create_organisation(
        name,
        email,
        password,
        facts=facts,
        language=language,
        at=at,
    )
    create_catalogues()
    return admin
