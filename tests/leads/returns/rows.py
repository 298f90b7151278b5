"""Rows of returns and parkings for tests."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from crm.accounts.models import User
from leads.models import Handoff, Lead, OutcomeReason, Parking
from leads.returns import recycling
from tests import factories
from tests.factories import CONTACTED_AT, Cast


def reason_to_close() -> OutcomeReason:
    return _reason("not_a_customer", "closed", "No es cliente", "Is no customer")


def reason_to_recycle() -> OutcomeReason:
    return _reason("not_now", "recycled", "Ahora no", "Not now")


def _reason(code: str, kind: str, es: str, en: str) -> OutcomeReason:
    defaults = {"kind": kind, "name": {"es": es, "en": en}}
    return OutcomeReason.objects.get_or_create(code=code, defaults=defaults)[0]


def parked(handoff: Handoff, **changes: Any) -> Parking:
    """The row of a parking alone: the lead does not know of it."""
    fields = {
        "parked_at": CONTACTED_AT,
        "parked_by": handoff.submitted_by,
        "reason": reason_to_recycle(),
    }
    return Parking.objects.create(lead=handoff.lead, handoff=handoff, **{**fields, **changes})


def awake(handoff: Handoff, *, by: User, at: datetime) -> Lead:
    """The lead of a closed handoff, recycled and woken: with marketing again."""
    recycling.park(handoff, reason_to_recycle(), wake_on=None, by=by, at=at)
    recycling.wake_by_hand(handoff.lead, by=by, at=at)
    return Lead.objects.get(pk=handoff.lead_id)


def rep_of_other_sales(cast: Cast) -> User:
    return factories.person("Omar Lima", cast.other_sales)
