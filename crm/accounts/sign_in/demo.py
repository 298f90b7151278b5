"""The people of the demo, with their "Try as …" buttons on the sign-in page.

Three locks keep them out of production: RELEVO_MODE=demo, an organisation marked as a demo (only
seed_demo creates one, and never beside a real one), and people marked as demo.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crm.accounts.models import Organisation, User

PASSWORD = "relevo-demo-2026"
DOMAIN = "demo.relevo.test"

# Key of the button: mailbox, label of the role, what the role does.
BUTTONS: dict[str, tuple[str, Promise, Promise]] = {
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
    """Return whether this is a demo, by its mode and by its data."""
    return settings.DEMO and Organisation.objects.filter(is_demo=True).exists()


def people() -> list[DemoPerson]:
    """Return the people with a button, in the order of the page; empty outside a demo."""
    if not is_on():
        return []
    demo_people = User.objects.filter(is_demo=True, is_active=True)
    users = {user.email: user for user in demo_people}
    shown = []
    for key, (mailbox, role, blurb) in BUTTONS.items():
        user = users.get(f"{mailbox}@{DOMAIN}")
        if user is not None:
            shown.append(DemoPerson(key, user.name, user.email or "", role, blurb))
    return shown


def person(key: str) -> User | None:
    """Return the person of the button ``key``, or None when there is no such button."""
    # By way of the buttons: a person without one cannot be chosen by a forged key.
    for each in people():
        if each.key == key:
            return User.objects.get(email=each.email)
    return None
