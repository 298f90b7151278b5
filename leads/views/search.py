"""The global search: a page of its own, and the list of the palette while a person types."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from crm.accounts.request import Request
from crm.lib.text import clean_line
from leads.records import search


@require_safe
def search_leads(request: Request) -> HttpResponse:
    """The visible leads that match ``q``; for htmx only the list, which the palette shows."""
    # Cut and not refused: the palette asks while a person types.
    query = clean_line(request.GET.get("q", ""))[: search.LONGEST]
    hits, more = search.find(request.user, query)
    context = {
        "query": query,
        "hits": hits,
        "more": more,
        "enough": search.is_enough(query),
        "most": search.MOST,
    }
    template = "leads/_search.html" if request.htmx else "leads/search.html"
    return render(request, template, context)
