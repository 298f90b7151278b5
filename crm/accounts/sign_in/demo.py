"""The demo's people: "Try as …" on the sign-in page.

Three locks keep it out of production: RELEVO_MODE=demo, an organisation marked as demo (only
seed_demo makes one, and never beside a real one), and people marked as demo.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crm.accounts.models import Organisation, User

PASSWORD = "relevo-demo-2026"
DOMAIN = "demo.relevo.test"

PARTS: dict[str, tuple[str, Promise, Promise]] = {
    "marketing": ("ana", _("Marketing"), _("Log a lead, qualify it, hand it off")),
    "sales_rep": ("bea", _("Sales rep"), _("Take leads from the queue under the clock")),
    "team_lead": ("dora", _("Team lead"), _("See what nobody acted on")),
    "director": ("elsa", _("Director"), _("Read both sides in one page")),
    "admin": ("root", _("Admin"), _("Looks after people, sees no lead")),
}


@dataclass(frozen=True)
class DemoPerson:
    key: str
    name: str
    email: str
    role_label: Promise
    blurb: Promise


def is_on() -> bool:
    """Whether this is a demo: by its mode and by its data."""
    return settings.DEMO and Organisation.objects.filter(is_demo=True).exists()


def people() -> list[DemoPerson]:
    """Who can be tried, in the order of the page; empty outside a demo."""
    if not is_on():
        return []
    users = {user.email: user for user in User.objects.filter(is_demo=True, is_active=True)}
    found = []
    for key, (mailbox, role, blurb) in PARTS.items():
        user = users.get(f"{mailbox}@{DOMAIN}")
        if user is not None:
            found.append(DemoPerson(key, user.name, user.email or "", role, blurb))
    return found


def person(key: str) -> User | None:
    """The person to sign in as for the button ``key``, None where there is no such button."""
    chosen = next((p for p in people() if p.key == key), None)
    return User.objects.get(email=chosen.email) if chosen else None
