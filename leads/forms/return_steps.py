"""The steps of a rejected or recycled lead: the form and the call of each.

leads.forms.handoff_steps has their permissions, messages and labels.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from crm.accounts.models import User
from leads.forms.handoffs import EndForm, ReasonsForm, RecycleForm
from leads.models import Handoff
from leads.returns import disputes, recycling, returns
from leads.states import OutcomeKind

Data = dict[str, Any]

# -- Returns and recycling


def close_form(handoff: Handoff, situation: object, **bound: Any) -> EndForm:
    return EndForm(kind=OutcomeKind.CLOSED, **bound)


def close(handoff: Handoff, data: Data, *, by: User, at: datetime) -> None:
    returns.close(handoff, data["reason"], comment=data["comment"], by=by, at=at)


def may_be_contacted(handoff: Handoff, situation: object) -> bool:
    """Return whether to offer what only a contact, or waking the lead, could go on from."""
    return handoff.lead.person.no_contact_at is None


def recycle_form(handoff: Handoff, situation: object, **bound: Any) -> RecycleForm:
    return RecycleForm(**bound)


def recycle(handoff: Handoff, data: Data, *, by: User, at: datetime) -> None:
    recycling.park(
        handoff,
        data["reason"],
        wake_on=data["wake_on"],
        comment=data["comment"],
        by=by,
        at=at,
    )


def wake(handoff: Handoff, data: Data, *, by: User, at: datetime) -> None:
    recycling.wake_by_hand(handoff.lead, by=by, at=at)


def take_up(handoff: Handoff, data: Data, *, by: User, at: datetime) -> None:
    returns.take_up(handoff, by=by, at=at)


# -- Steps of a dispute


def dispute_form(handoff: Handoff, situation: object, **bound: Any) -> ReasonsForm:
    return ReasonsForm(asks=_("Why is the rejection wrong?"), **bound)


def dispute(handoff: Handoff, data: Data, *, by: User, at: datetime) -> None:
    disputes.contest(handoff, data["comment"], by=by, at=at)


def verdict_form(handoff: Handoff, situation: object, **bound: Any) -> ReasonsForm:
    return ReasonsForm(asks=_("Your reasons"), **bound)


def uphold(handoff: Handoff, data: Data, *, by: User, at: datetime) -> None:
    disputes.uphold(handoff, comment=data["comment"], by=by, at=at)


def deny(handoff: Handoff, data: Data, *, by: User, at: datetime) -> None:
    disputes.deny(handoff, comment=data["comment"], by=by, at=at)


def hand_off_again(handoff: Handoff, data: Data, *, by: User, at: datetime) -> None:
    disputes.hand_off_again(handoff, comment=data["comment"], by=by, at=at)


def close_case(handoff: Handoff, data: Data, *, by: User, at: datetime) -> None:
    disputes.close(handoff, data["reason"], comment=data["comment"], by=by, at=at)


def recycle_case(handoff: Handoff, data: Data, *, by: User, at: datetime) -> None:
    disputes.recycle(
        handoff,
        data["reason"],
        wake_on=data["wake_on"],
        comment=data["comment"],
        by=by,
        at=at,
    )
