"""What every request gets: an id, the person's language and zone, and answers to refusals."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _

from crm import errors
from crm.accounts import people
from crm.accounts.states import Density
from crm.lib import clock, number_formats
from crm.lib.errors import DomainError
from crm.lib.wording import variants

Answer = Callable[[HttpRequest], HttpResponse]
GIVEN_ID = re.compile(r"^[A-Za-z0-9-]{8,64}$")


class RequestId:
    """Gives each request an id (or keeps a sane one from the proxy) for logs and error pages."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request.id = given if GIVEN_ID.match(given) else uuid.uuid4().hex[:12]
        response = self.get_response(request)
        response["X-Request-ID"] = request.id
        return response


class Terms:
    """Spanish texts say the words that the organisation chose (crm.lib.wording.variants)."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with variants.using(people.terms):
            return self.get_response(request)


class Viewer:
    """Signed-in people read in their own language, region and zone, and nothing of theirs is kept
    by caches.

    ``?density=`` in an address overrides the saved density for that page, so that a link shows what
    was meant.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            if "Authorization" in request.headers:
                # The API activates the language of the key's owner (crm.api.authentication).
                return self.get_response(request)
            with variants.override(request.LANGUAGE_CODE):
                return self.get_response(request)
        request.LANGUAGE_CODE = language = (
            request.user.language
        )  # of before the view, which may sign out
        request.now = getattr(request.user, "fetched_at", None) or clock.now()
        with people.organisation_of(request.user) as organisation:
            request.organisation = organisation
            zone = ZoneInfo(request.user.time_zone or organisation.time_zone)
            region = number_formats.resolve(request.user.region, organisation.country)
            self._look(request)
            with (
                variants.override(language),
                timezone.override(zone),
                number_formats.override(region),
            ):
                response = self.get_response(request)
        response["Content-Language"] = language
        if not request.path.startswith("/static/"):
            patch_cache_control(response, no_store=True, private=True)
        return response

    @staticmethod
    def _look(request: HttpRequest) -> None:
        """Take the density out of the address: lists refuse parameters that they do not know."""
        asked = request.GET.get("density")
        if asked in Density.values:
            known = request.GET.copy()
            del known["density"]
            request.density, request.GET = asked, known  # type: ignore[assignment]  # the stubs ask for the frozen kind
        else:
            request.density = request.user.density


class SignInRequired(LoginRequiredMiddleware):
    """Default deny. Scripts of a page that was signed out get a 401 that they understand, not the
    sign-in page.
    """

    def handle_no_permission(  # type: ignore[override]  # any response will do
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase]
    ) -> HttpResponse:
        if errors.is_asked_by_script(request):
            return errors.as_json(request, 401, _("You are signed out."))
        return super().handle_no_permission(request, view_func)


class DomainErrors:
    """A rule that said no and that no view caught becomes a page that says what happened and what
    to do.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, DomainError):
            return None
        context = {"message": error.message, "request_id": request.id}
        if request.htmx:
            response = render(request, "components/_refusal.html", context, status=error.status)
            response["HX-Retarget"], response["HX-Reswap"] = "#toasts", "beforeend"
            return response
        if errors.is_asked_by_script(request):
            return errors.as_json(request, error.status, str(error.message))
        return render(request, f"{error.status}.html", context, status=error.status)
