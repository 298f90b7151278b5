"""Create the first admin of an installation."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from crm.accounts import organisations
from crm.accounts.models import User
from crm.setup import defaults
from crm.setup.starter import catalogues


@transaction.atomic
def found(
    name: str, email: str, password: str, *, zone: str, languages: str, language: str, at: datetime
) -> User:
    """The first admin, an organisation with sensible guesses, and the catalogues.

    Raises as organisations.found.
    """
    country = defaults.country(zone, languages)
    facts = {
        "name": defaults.firm(email, _("My company")),
        "language": language,
        "currency": defaults.currency(country),
        "time_zone": defaults.zone(zone, country),
        "country": country,
    }
    admin = organisations.found(name, email, password, guesses=facts, language=language, at=at)
    catalogues.create_catalogues()
    return admin
