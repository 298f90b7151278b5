"""Error pages: what happened, what was kept, what to do, and the id of the request.

500 and 503 are rendered without the database, the session and the person of the request, because
those may be what is broken.
"""

from __future__ import annotations

import sys
from urllib.parse import urlsplit, urlunsplit

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from crm.lib.db.availability import RETRY_AFTER, is_away
from crm.lib.wording import variants


def is_asked_by_script(request: HttpRequest) -> bool:
    """Return whether a script or a program asks, which cannot use a whole page."""
    accepts = request.headers.get("Accept", "")
    wants_no_page = "json" in accepts or request.path.startswith("/api/")
    return "HX-Request" in request.headers or (wants_no_page and "text/html" not in accepts)


def as_json(request: HttpRequest, status: int, title: str) -> JsonResponse:
    """Return a problem as RFC 9457 describes it."""
    problem = {
        "type": "about:blank",
        "status": status,
        "title": title,
        "request_id": _id_of(request),
    }
    return JsonResponse(problem, status=status, content_type="application/problem+json")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, 400, _("This request could not be read"))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, 403, _("You may not do this"), why=str(exception))


def missing(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, 404, _("There is nothing here"))


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form with an old token; the page explains how to get back what was typed."""
    return _answer(request, 403, _("This page was open for too long"), "403_csrf.html")


def _answer(
    request: HttpRequest, status: int, title: str, template: str = "", why: str = ""
) -> HttpResponse:
    if is_asked_by_script(request):
        return as_json(request, status, title)
    template = template or f"{status}.html"
    context = {"request_id": _id_of(request), "back": page_before(request), "why": why}
    return render(request, template, context, status=status)


def page_before(request: HttpRequest) -> str:
    """Return the address of our page that a refused form was on; empty where it is not known."""
    if request.method != "POST":
        return ""
    address = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(address, {request.get_host()}):
        return ""
    parts = urlsplit(address)
    # Only the path: the page is on the host that is asked. A form that was refused before has
    # the address of the step, which shows no page.
    if parts.path == request.path:
        return ""
    return urlunsplit(("", "", parts.path, parts.query, ""))


def _id_of(request: HttpRequest) -> str:
    return getattr(request, "id", "")


def broken(request: HttpRequest) -> HttpResponse:
    """Answer 500, or 503 while the database is away.

    Django calls this while it handles the exception.
    """
    if not is_away(sys.exc_info()[1]):
        return _answer_without_context(request, 500)
    response = _answer_without_context(request, 503)
    response["Retry-After"] = str(RETRY_AFTER)
    return response


def _answer_without_context(request: HttpRequest, status: int) -> HttpResponse:
    language = getattr(request, "LANGUAGE_CODE", None)
    language = language or translation.get_language_from_request(request)
    with variants.override(language):
        if is_asked_by_script(request):
            titles = {
                500: _("Something broke on our side"),
                503: _("Relevo cannot be reached for the moment"),
            }
            return as_json(request, status, titles[status])
        page = render_to_string(f"{status}.html", {"request_id": _id_of(request)})
        return HttpResponse(page, status=status)
