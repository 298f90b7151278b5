"""Phone and e-mail of a lead, masked for sales until a rep accepts it, if its agreement says so."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from crm.accounts.models import User
from crm.accounts.states import Side
from leads.models import Lead

# Of one length, so that it does not show how long the hidden text is.
MASK = "•••"
FACTS = ("person.email", "person.phone")


def is_hidden(lead: Lead, user: User) -> bool:
    """Return whether ``user`` may not read phone and e-mail of ``lead``.

    Its marketing team and the director always may.
    """
    return hides(lead.contact_hidden, lead.marketing_team_id, user)


def hides(contact_hidden: bool, marketing_team_id: int | None, user: User) -> bool:
    """Return :func:`is_hidden` of a lead with these values, which lists read without the lead."""
    if not contact_hidden or user.is_director:
        return False
    return marketing_team_id not in user.team_ids(Side.MARKETING)


def email(lead: Lead, user: User) -> str:
    """Return the address, or a mask that shows only that there is one."""
    if is_hidden(lead, user):
        return masked_email(lead.person.email)
    return lead.person.email


def phone(lead: Lead, user: User) -> str:
    """Return the number, or a mask that shows only that there is one."""
    if is_hidden(lead, user):
        return masked_phone(lead.person.phone)
    return lead.person.phone


def masked_email(address: str) -> str:
    """Return the mask of an address, nothing where there is none."""
    return address and f"{MASK}@{MASK}"


def masked_phone(number: str) -> str:
    """Return the mask of a number, nothing where there is none."""
    return number and MASK


def masked(payload: dict[str, Any]) -> dict[str, Any]:
    """Return an event's ``payload`` without old and new values of phone and e-mail."""
    changes = payload.get("changes") or {}
    if not set(FACTS) & set(changes):
        return payload
    # That they changed stays visible; the values were the contact data of that time.
    shown = dict(changes)
    for fact in FACTS:
        if fact in shown:
            shown[fact] = [MASK, MASK]
    return {**payload, "changes": shown}


def readable(user: User) -> Q:
    """Return the condition for leads whose phone and e-mail ``user`` may read."""
    if user.is_director:
        return Q()
    # The same rule as is_hidden(): a search must not betray what a page masks.
    return Q(contact_hidden=False) | Q(marketing_team__in=user.team_ids(Side.MARKETING))
