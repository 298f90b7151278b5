"""The leads before and behind one in the list that the person came from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crm.accounts.models import User
from crm.accounts.request import Request
from crm.lib.paging import BadParameter, Listing
from leads.follow_up import own_leads
from leads.handoffs.queue.tabs import TABS
from leads.lists import handoffs, leads
from leads.lists.filters import ListFilter
from leads.models import Lead
from leads.views.lead.trail import ALL, MINE, QUEUE, Trail
from leads.views.queue import end_of_today, start_of_today


@dataclass(frozen=True)
class Neighbours:
    """Addresses of the leads beside one in its list; empty where there is none."""

    previous: str = ""
    next: str = ""


NONE = Neighbours()


def neighbours(request: Request, lead: Lead, came: Trail) -> Neighbours:
    """Return the visible leads beside ``lead`` in the filtered list ``came``.

    A lead that has left the list is followed by the first one. The same number of queries,
    however long the list is.
    """
    try:
        filters = _list_of(request, came)
    except BadParameter:
        # The page of the list itself shows the error.
        return NONE
    if filters is None:
        return NONE
    listing = filters.listing
    row = _row_of(listing, lead)
    if row is None:
        return Neighbours(next=_address(listing, came, listing.order.sort(listing.rows).first()))
    before, behind = listing.around(listing.order.write(row))
    return Neighbours(_address(listing, came, before), _address(listing, came, behind))


def _list_of(request: Request, came: Trail) -> ListFilter | None:
    """Return the list, None for one whose leads are not leafed through. Raises BadParameter."""
    if not came.is_given:
        return None
    user = request.user
    at = request.now
    if came.name == ALL:
        return leads.lead_list(user, came.query, at=at)
    if came.name == MINE:
        return _own_leads(user, came, at=at)
    tab = came.query.get("tab", "waiting")
    if came.name != QUEUE or tab not in TABS:
        return None
    return handoffs.queue(user, came.query, tab=tab, at=at, since=start_of_today(at))


def _own_leads(user: User, came: Trail, *, at: datetime) -> ListFilter | None:
    tab = came.query.get("tab", "all")
    if tab not in own_leads.TABS:
        return None
    return handoffs.mine(user, came.query, at=at, until=end_of_today(at), tab=tab)


def _row_of(listing: Listing, lead: Lead) -> Any | None:
    return listing.rows.filter(**{listing.lead_id: lead.pk}).first()


def _address(listing: Listing, came: Trail, row: Any | None) -> str:
    if row is None:
        return ""
    return came.to_lead(getattr(row, listing.lead_id))
