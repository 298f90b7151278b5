"""The global search: a page of its own, and the list of the palette while a person types."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_safe

from crm.accounts.request import Request
from crm.lib.text import clean_line
from crm.templatetags.jinja import respond
from leads.records import search
from leads.views.lead.trail import of_list


@require_safe
def search_leads(request: Request) -> HttpResponse:
    """The visible leads that match ``q``; for htmx only the list, which the palette shows."""
    # Cut and not refused: the palette asks while a person types.
    query = clean_line(request.GET.get("q", ""))[: search.LONGEST]
    hits, more = search.find(request.user, query)
    context = {
        "query": query,
        "hits": hits,
        "enough": search.is_enough(query),
    }
    if request.htmx:
        return respond(request, "leads/_search.jinja", context)
    context |= {"found": found_text(len(hits), is_more=more), "came": of_list(request).suffix}
    return respond(request, "leads/search.jinja", context)


def found_text(count: int, *, is_more: bool) -> str:
    """Return how many leads are shown, and that there are more."""
    if is_more:
        return gettext("The newest %(most)s leads that match.") % {"most": search.MOST}
    pattern = ngettext("%(n)s lead matches.", "%(n)s leads match.", count)
    return pattern % {"n": count}
