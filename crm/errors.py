"""Pages for when something goes wrong: what happened, what was kept, what to do, and the id of the
request.

500 and 503 are drawn without the database, the session and the request's person: those may be what
is broken.
"""

from __future__ import annotations

import sys
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from crm.lib.db.availability import RETRY_AFTER, is_away
from crm.lib.wording import variants


def is_asked_by_script(request: HttpRequest) -> bool:
    """Whether a script or a program asked, which can do nothing with a whole page."""
    accepts = request.headers.get("Accept", "")
    wants_no_page = "json" in accepts or request.path.startswith("/api/")
    return "HX-Request" in request.headers or (wants_no_page and "text/html" not in accepts)


def as_json(request: HttpRequest, status: int, title: str) -> JsonResponse:
    """A problem by RFC 9457."""
    problem = {
        "type": "about:blank",
        "status": status,
        "title": title,
        "request_id": getattr(request, "id", ""),
    }
    return JsonResponse(problem, status=status, content_type="application/problem+json")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, 400, _("This request could not be read"))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, 403, _("You may not do this"))


def missing(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, 404, _("There is nothing here"))


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form with an old token: going back brings what was typed."""
    return _answer(request, 403, _("This page was open for too long"), "403_csrf.html")


def _answer(request: HttpRequest, status: int, title: str, template: str = "") -> HttpResponse:
    if is_asked_by_script(request):
        return as_json(request, status, title)
    return render(
        request,
        template or f"{status}.html",
        {"request_id": getattr(request, "id", "")},
        status=status,
    )


def broken(request: HttpRequest) -> HttpResponse:
    """500, or 503 while the database is away. Django calls this while it handles the exception."""
    if is_away(sys.exc_info()[1]):
        response = _bare(request, 503, "503.html")
        response["Retry-After"] = str(RETRY_AFTER)
        return response
    return _bare(request, 500, "500.html")


def _bare(request: HttpRequest, status: int, template: str) -> HttpResponse:
    language = getattr(request, "LANGUAGE_CODE", None) or translation.get_language_from_request(
        request
    )
    with variants.override(language):
        if is_asked_by_script(request):
            titles = {
                500: _("Something broke on our side"),
                503: _("Relevo cannot be reached for the moment"),
            }
            return as_json(request, status, titles[status])
        context: dict[str, Any] = {"request_id": getattr(request, "id", "")}
        return HttpResponse(render_to_string(template, context), status=status)
