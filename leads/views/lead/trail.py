"""Where a person came from: the list with its filters that "Back", and next and previous, lead to.

Pages carry it as the parameter ``back``, the address of a list of ours. It is taken apart and built
anew from the name of the list, so that it can lead nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import quote, urlsplit

from django.http import QueryDict
from django.urls import Resolver404, resolve, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crm.accounts.request import Request
from crm.lib.input.addresses import is_ours

NAME = "back"
QUEUE = "queue"
MINE = "lead_mine"
ALL = "lead_list"
LABELS: dict[str, Promise] = {
    QUEUE: _("Queue"),
    MINE: _("My leads"),
    ALL: _("All leads"),
    "desk": _("Desk"),
    "desk_team": _("My team"),
    "desk_unconfirmed": _("Contacts to confirm"),
    "mine_unconfirmed": _("Contacts to confirm"),
    "desk_director": _("Director's desk"),
    "notice_list": _("Notices"),
    "search": _("Search"),
    "alignment_leads": _("Leads behind the number"),
}
LONGEST = 1000


# Of the page and not of its list.
NOT_OF_THE_LIST = ("density",)


@dataclass(frozen=True)
class Trail:
    """A list of ours with its filters. ``is_given``: the address named it; else it is the usual."""

    name: str = ALL
    query: QueryDict = field(default_factory=QueryDict)
    is_given: bool = False

    @property
    def url(self) -> str:
        address = reverse(self.name)
        if self.query:
            address = f"{address}?{self.query.urlencode()}"
        return address

    @property
    def label(self) -> Promise:
        return LABELS[self.name]

    @property
    def suffix(self) -> str:
        """What an address needs to carry the trail on: "?back=%2Fqueue%2F", or nothing."""
        if not self.is_given:
            return ""
        return f"?{NAME}={quote(self.url, safe='')}"

    def to_lead(self, pk: int) -> str:
        """Return the address of a lead's page that carries the trail on."""
        return reverse("lead", args=[pk]) + self.suffix


def trail(request: Request) -> Trail:
    """Return the list that the person came from, the usual one where none is given."""
    given = request.POST.get(NAME) or request.GET.get(NAME) or ""
    return read(given) or Trail()


def of_list(request: Request) -> Trail:
    """Return the list that ``request`` shows, as the leads that it links to carry it."""
    address = request.get_full_path()
    if request.htmx:
        # A row of the list, asked for by the page that has it.
        address = _shown(request)
    return read(address) or Trail()


def _shown(request: Request) -> str:
    """Return the address of the page that htmx runs on, without its host; empty if unreadable."""
    try:
        return request.htmx.current_url_abs_path or ""
    # The header of a forged request: "http://[".
    except ValueError:
        return ""


@lru_cache(maxsize=256)
def read(address: str) -> Trail | None:
    """Return the list at ``address``; None for anything else than a list of ours."""
    if not is_ours(address) or len(address) > LONGEST:
        return None
    parts = urlsplit(address)
    try:
        name = resolve(parts.path).url_name or ""
    except Resolver404:
        return None
    if name not in LABELS:
        return None
    query = QueryDict(parts.query, mutable=True)
    for each in NOT_OF_THE_LIST:
        query.pop(each, None)
    return Trail(name, query, is_given=True)
