"""Archive a lead: it leaves every list and search, and its history stays."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from crm.accounts.models import User
from crm.lib.errors import Conflict
from leads import events
from leads.follow_up import next_steps
from leads.models import Lead
from leads.returns import recycling, returns
from leads.states import OPEN, EventKind


class WithSales(Conflict):
    """The lead has an open handoff, whose clock runs."""

    code = "with_sales"
    message = _("It is with sales: only a lead without an open handoff can be archived.")


@transaction.atomic
def archive(lead: Lead, *, by: User, at: datetime) -> Lead:
    """Archive ``lead``; do nothing if it is archived. Raises WithSales."""
    # A hand-off locks the lead's row, too: of the two, the second one sees what the first did.
    rows = Lead.objects.select_for_update(no_key=True, of=("self",))
    lead = rows.select_related("person").get(pk=lead.pk)
    if lead.archived_at is not None:
        return lead
    if lead.handoffs.filter(state__in=OPEN).exists():
        raise WithSales
    lead.archived_at = at
    Lead.objects.filter(pk=lead.pk).update(archived_at=at, version=F("version") + 1)
    returns.cancel(lead, by=by, at=at)
    recycling.cancel(lead, by=by, at=at)
    next_steps.end(lead.pk, at=at)
    event = events.new(
        lead,
        EventKind.ARCHIVED,
        by=by,
        at=at,
        from_state=lead.stage,
        to_state=lead.stage,
    )
    events.record(event)
    return lead
