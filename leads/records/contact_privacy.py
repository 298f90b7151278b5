"""Phone and e-mail of a lead, masked for sales until a rep accepts it, if its agreement says so."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from crm.accounts.models import User
from crm.accounts.states import Side
from leads.models import Lead

MASK = "•••"
FACTS = ("person.email", "person.phone")


def is_hidden(lead: Lead, user: User) -> bool:
    """Return whether ``user`` may not read phone and e-mail of ``lead``.

    Its marketing team and the director always may.
    """
    if not lead.contact_hidden or user.is_director:
        return False
    return lead.marketing_team_id not in user.team_ids(Side.MARKETING)


def email(lead: Lead, user: User) -> str:
    """Return the address, or a mask that shows only that there is one."""
    return f"{MASK}@{MASK}" if lead.person.email and is_hidden(lead, user) else lead.person.email


def phone(lead: Lead, user: User) -> str:
    """Return the number, or a mask that shows only that there is one."""
    return MASK if lead.person.phone and is_hidden(lead, user) else lead.person.phone


def masked(payload: dict[str, Any]) -> dict[str, Any]:
    """Return an event's ``payload`` without old and new values of phone and e-mail."""
    changes = payload.get("changes") or {}
    if not set(FACTS) & set(changes):
        return payload
    return {
        **payload,
        "changes": {f: [MASK, MASK] if f in FACTS else pair for f, pair in changes.items()},
    }


def readable(user: User) -> Q:
    """Return the condition for leads whose phone and e-mail ``user`` may read."""
    if user.is_director:
        return Q()
    return Q(contact_hidden=False) | Q(marketing_team__in=user.team_ids(Side.MARKETING))
