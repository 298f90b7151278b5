"""What every request gets: an id, the person's language and time zone, and answers to refusals."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.middleware import LoginRequiredMiddleware, get_user
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _

from crm import errors
from crm.accounts import people
from crm.accounts.request import moment_of
from crm.accounts.sign_in import guesses, sessions
from crm.accounts.sign_in.client_address import client_address
from crm.accounts.states import Density
from crm.lib import clock, number_formats
from crm.lib.errors import DomainError
from crm.lib.wording import variants
from crm.second_factor import demand

Answer = Callable[[HttpRequest], HttpResponse]
# Types of files that are compressed already: Excel workbooks, archives, pictures.
COMPRESSED = (
    "application/vnd.openxmlformats",
    "application/zip",
    "application/gzip",
    "image/png",
    "image/jpeg",
)
VALID_ID = re.compile(r"^[A-Za-z0-9-]{8,64}$")


class ClientAddress:
    """Put the address of the client into ``REMOTE_ADDR``, also behind proxies of our own."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.META["REMOTE_ADDR"] = client_address(
            request.META.get("REMOTE_ADDR", ""),
            request.headers.get("X-Forwarded-For", ""),
            proxies=settings.RELEVO_PROXIES,
        )
        return self.get_response(request)


class Compression(GZipMiddleware):
    """Compress answers by gzip; its random padding hides their length from BREACH.

    It stands below WhiteNoise, which sends static files that were compressed once.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> Any:
        """Return ``response``, compressed unless that reveals a secret or saves nothing."""
        # The padding makes guessing slow, not impossible: a new session is not worth the bytes.
        sets_session = settings.SESSION_COOKIE_NAME in response.cookies
        if sets_session or response.headers.get("Content-Type", "").startswith(COMPRESSED):
            return response
        return super().process_response(request, response)


class RequestId:
    """Give each request an id for logs and error pages; a valid one from the proxy is kept."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = request.headers.get("X-Request-ID", "")
        if not VALID_ID.match(request_id):
            request_id = uuid.uuid4().hex[:12]
        request.id = request_id
        response = self.get_response(request)
        response["X-Request-ID"] = request_id
        return response


class Terms:
    """Use the words of Spanish texts that the organisation chose (crm.lib.wording.variants)."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with variants.using(people.terms_of_request):
            return self.get_response(request)


class Sessions:
    """End sessions that are over, note that one is used, and list the one that a sign-in begins."""

    # The browser asks for this by itself: an open page is no use of the session.
    BACKGROUND = ("/pulse",)

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            self._go_on(request)
        before = request.session.session_key
        response = self.get_response(request)
        # Whatever page it happened on: Django gives a session another key when somebody signs in
        # or changes the password.
        if request.session.session_key != before and request.user.is_authenticated:
            self._begin(request, response, before or "")
        return response

    def _go_on(self, request: HttpRequest) -> None:
        at = moment_of(request.user)
        if sessions.is_over(request.session, at=at):
            logout(request)
        elif request.path not in self.BACKGROUND:
            sessions.note_use(request.session, address=request.META["REMOTE_ADDR"], at=at)

    @staticmethod
    def _begin(request: HttpRequest, response: HttpResponse, before: str) -> None:
        at = clock.now()
        sessions.begin(
            request.session,
            request.user,
            instead_of=before,
            address=request.META["REMOTE_ADDR"],
            agent=request.headers.get("User-Agent", ""),
            at=at,
        )
        guesses.remember_device(request, response, request.user, at=at)


class Viewer:
    """Activate language, region and time zone of the signed-in person; forbid caches to store.

    ``?density=`` in a URL overrides the saved density for that page, so that a shared link shows
    what was meant.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            return self._answer_person(request)
        if "Authorization" in request.headers:
            # The API activates the language of the key's owner, and uses the organisation that came
            # with the key (crm.api.authentication).
            with people.organisation_of_key():
                return self.get_response(request)
        with variants.override(request.LANGUAGE_CODE):
            return self.get_response(request)

    def _answer_person(self, request: HttpRequest) -> HttpResponse:
        # The person itself: views read it often, and Django's lazy object is slow to read.
        request.user = user = get_user(request)
        language = user.language
        request.LANGUAGE_CODE = language
        request.now = moment_of(user)
        self._set_density(request)
        with people.organisation_of(user) as organisation:
            request.organisation = organisation
            zone = ZoneInfo(user.time_zone or organisation.time_zone)
            region = number_formats.resolve(user.region, organisation.country, language)
            with (
                variants.override(language),
                timezone.override(zone),
                number_formats.override(region),
            ):
                response = self.get_response(request)
        response["Content-Language"] = language
        mark_saved(request, response)
        if not request.path.startswith("/static/"):
            patch_cache_control(response, no_store=True, private=True)
        return response

    @staticmethod
    def _set_density(request: HttpRequest) -> None:
        """Set ``request.density`` and remove it from the query: lists refuse unknown parameters."""
        density = request.GET.get("density")
        if density not in Density.values:
            request.density = request.user.density
            return
        query = request.GET.copy()
        del query["density"]
        request.density = density
        request.GET = query  # type: ignore[assignment]  # the stubs ask for the immutable kind


def mark_saved(request: HttpRequest, response: HttpResponse) -> None:
    """Tell the page by a cookie which address has just saved a form.

    The browser keeps what a person typed until then (crm/static/crm/drafts.js). A redirect or
    "created" after a form means that it is saved; every other answer means that it is not.
    """
    if request.method != "POST":
        return
    name = settings.SAVED_COOKIE_NAME
    if response.status_code == 201 or 300 <= response.status_code < 400:
        path = quote(request.path)
        response.set_cookie(name, path, secure=settings.CSRF_COOKIE_SECURE, samesite="Lax")
    elif name in request.COOKIES:
        response.delete_cookie(name)


class SignInRequired(LoginRequiredMiddleware):
    """Require sign-in for every view that is not marked otherwise.

    Scripts of a page whose session has ended get a 401, not the sign-in page.
    """

    def handle_no_permission(  # type: ignore[override]  # any response will do
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase]
    ) -> HttpResponse:
        if errors.is_asked_by_script(request):
            return errors.as_json(request, 401, _("You are signed out."))
        return super().handle_no_permission(request, view_func)


class SecondFactorRequired:
    """Stop people who must have a second factor and have none at the pages that set it up."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: object) -> HttpResponse | None:
        """Return the answer, or None for a request that may go on. Costs no query."""
        if not request.user.is_authenticated or not demand.is_held(request.user, request.session):
            return None
        name = request.resolver_match.url_name or ""
        if demand.is_open(name, request.session, request.organisation):
            return None
        if not errors.is_asked_by_script(request):
            return redirect("second_factor")
        response = errors.as_json(request, 403, _("Set up your second factor first."))
        response["HX-Redirect"] = reverse("second_factor")
        return response


class DomainErrors:
    """Answer a DomainError that no view caught with a page: what happened and what to do."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        # Set where a guess was refused (crm.accounts.sign_in.guesses): the page may be that of
        # a form, which shows why and keeps what was typed.
        seconds = getattr(request, "retry_after", 0)
        if seconds:
            response.status_code = 429
            response["Retry-After"] = str(seconds)
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Return the answer, or None for exceptions of other classes."""
        if not isinstance(error, DomainError):
            return None
        context = {
            "message": error.message,
            "request_id": request.id,
            "back": errors.page_before(request),
        }
        if request.htmx:
            response = render(request, "components/_refusal.html", context, status=error.status)
            response["HX-Retarget"] = "#toasts"
            response["HX-Reswap"] = "beforeend"
            return response
        if errors.is_asked_by_script(request):
            return errors.as_json(request, error.status, str(error.message))
        return render(request, f"{error.status}.html", context, status=error.status)
