"""Who must have a second factor, and what they reach without one.

Decided from the person and the session of a request, without a query.
"""

from __future__ import annotations

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase

from crm.accounts.models import Organisation, User
from crm.accounts.sign_in import proofs
from crm.accounts.sign_in.proofs import Proof

# In the session in which the first admin was created.
FOUNDING = "founding"
# Names of URLs. Everything else leads to the page that sets up the second factor.
OPEN = {
    "second_factor",
    "second_factor_app",
    "second_factor_passkey",
    "second_factor_codes",
    "second_factor_codes_file",
    "second_factor_confirm",
    "account_logout",
    "set_language",
}
# The pages of the wizard poll and ask for the time zone.
OPEN_TO_FOUNDER = {"home", "pulse", "choose_zone"}
PREFIX_OF_SETUP = "setup"


def is_demanded(user: User) -> bool:
    """Return whether ``user`` must have a second factor: directors and admins outside the demo."""
    return settings.SECOND_FACTOR_DEMANDED and (user.is_director or user.is_admin)


def is_held(user: User, session: SessionBase) -> bool:
    """Return whether this session stops at the set-up of the second factor."""
    return is_demanded(user) and not proofs.is_there(session, Proof.COMPLETE)


def is_open(name: str, session: SessionBase, organisation: Organisation) -> bool:
    """Return whether a session that is held may reach the URL called ``name``.

    The first admin gets to the end of the wizard first, in the session that began it.
    """
    if name in OPEN:
        return True
    if not is_founding(session, organisation):
        return False
    return name in OPEN_TO_FOUNDER or name.startswith(PREFIX_OF_SETUP)


def is_founding(session: SessionBase, organisation: Organisation) -> bool:
    """Return whether the first admin is still in the wizard, in the session that began it."""
    return organisation.setting_up and FOUNDING in session


def is_stopped(user: User, session: SessionBase, organisation: Organisation) -> bool:
    """Return whether this session gets no further than to the set-up of the second factor."""
    return is_held(user, session) and not is_founding(session, organisation)
