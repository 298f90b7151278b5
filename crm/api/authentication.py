"""The authentication by key, its scopes and its rate."""

from __future__ import annotations

from typing import Any

from django.utils import translation
from django.utils.translation import gettext_lazy as _
from django.utils.translation.trans_real import parse_accept_lang_header
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied, Throttled
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from crm.accounts import people
from crm.accounts.models import User
from crm.accounts.sign_in import guesses
from crm.accounts.sign_in.tries import TooManyTries
from crm.accounts.states import Secret
from crm.api import keys
from crm.api.models import Key
from crm.api.states import Scope
from crm.lib.bilingual import LANGUAGES
from crm.lib.wording import variants


class KeyAuthentication(BaseAuthentication):
    """``Authorization: Bearer rlv_<prefix>.<secret>``."""

    def authenticate(self, request: Request) -> tuple[User, Key] | None:
        header = request.headers.get("Authorization", "")
        scheme, _space, token = header.strip().partition(" ")
        if scheme.lower() != "bearer":
            # No refusal: the session is asked next, for scripts of our own pages.
            return None
        key = keys.find(token.strip())
        if key is None:
            _count_guess(request)
            text = _("This API key is not valid (any more).")
            raise AuthenticationFailed(text, code="key_invalid")
        keys.record_use(key, at=key.fetched_at)
        # The chosen words first: they decide which variant of Spanish is activated.
        people.use(key.organisation)
        variants.choose(people.terms_of(key.organisation))
        accepted = request.headers.get("Accept-Language", "")
        _activate_language(key.owner, accepted)
        return key.owner, key

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="relevo"'


def _count_guess(request: Request) -> None:
    """Count a wrong key. Right ones are not counted: no address can be closed for them."""
    try:
        guesses.count(request, Secret.API_KEY)
    except TooManyTries as error:
        raise Throttled(error.seconds) from error


def _activate_language(owner: User, accepted: str) -> None:
    """Activate the language that the request asks for, else the owner's.

    It stays active until the next request activates its own.
    """
    language = owner.language
    for name, _share in parse_accept_lang_header(accepted.lower()):
        base = name.split("-")[0]
        if base in LANGUAGES:
            language = base
            break
    translation.activate(variants.language(language))


class InScope(BasePermission):
    """A signed-in person. A key also needs the scope ``read``, or the view's own for a change."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not request.user.is_authenticated:
            return False
        key = request.auth
        # A method that the view does not have answers 405, whatever the scopes.
        is_known = hasattr(view, str(request.method).lower())
        if not isinstance(key, Key) or not is_known:
            return True
        needed = view.scope
        if request.method in SAFE_METHODS:
            needed = Scope.READ
        if needed not in key.scopes:
            text = _("This key lacks the scope %(scope)s.") % {"scope": needed}
            raise PermissionDenied(text, code="scope_missing")
        return True


class Rate(BaseThrottle):
    """The limit of requests per minute and key, counted in one row of PostgreSQL."""

    seconds = 0

    def allow_request(self, request: Request, view: Any) -> bool:
        # The limit belongs to a key; requests with the session of a page have none.
        if isinstance(request.auth, Key):
            self.seconds = keys.seconds_to_wait(request.auth, at=request.auth.fetched_at)
        return self.seconds == 0

    def wait(self) -> float:
        return self.seconds
