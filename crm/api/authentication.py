"""Who asks, by key or by session, within which scopes, and how often."""

from __future__ import annotations

from typing import Any

from django.utils import translation
from django.utils.translation import gettext_lazy as _
from django.utils.translation.trans_real import parse_accept_lang_header
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from crm.accounts import people
from crm.accounts.models import User
from crm.api import keys
from crm.api.models import Key
from crm.api.states import Scope
from crm.lib import clock
from crm.lib.bilingual import LANGUAGES
from crm.lib.wording import variants


class KeyAuthentication(BaseAuthentication):
    """``Authorization: Bearer rlv_<prefix>.<secret>``."""

    def authenticate(self, request: Request) -> tuple[User, Key] | None:
        scheme, _space, text = request.headers.get("Authorization", "").strip().partition(" ")
        if scheme.lower() != "bearer":
            return None
        now = clock.now()
        key = keys.find(text.strip(), at=now)
        if key is None:
            raise AuthenticationFailed(
                _("This API key is not valid (any more)."), code="key_invalid"
            )
        keys.note_use(key, at=now)
        variants.choose(people.terms_of(key.organisation))
        _speak_to(key.owner, request.headers.get("Accept-Language", ""))
        return key.owner, key

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="relevo"'


def _speak_to(owner: User, accepted: str) -> None:
    """The language that the request asks for, else the owner's, until the next request says its
    own.
    """
    asked = [name.split("-")[0] for name, _share in parse_accept_lang_header(accepted.lower())]
    language = next((name for name in asked if name in LANGUAGES), owner.language)
    translation.activate(variants.language(language))


class InScope(BasePermission):
    """Signed in; a key also needs the scope: ``read``, or what the view says for what it
    changes.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        if not request.user.is_authenticated:
            return False
        known = hasattr(
            view, str(request.method).lower()
        )  # what the view cannot do at all answers 405
        if isinstance(request.auth, Key) and known:
            needed = Scope.READ if request.method in SAFE_METHODS else view.scope
            if needed not in request.auth.scopes:
                words = _("This key lacks the scope %(scope)s.") % {"scope": needed}
                raise PermissionDenied(words, code="scope_missing")
        return True


class Rate(BaseThrottle):
    """So many requests a minute and key, counted in one row of PostgreSQL."""

    seconds = 0

    def allow_request(self, request: Request, view: Any) -> bool:
        if isinstance(request.auth, Key):
            self.seconds = keys.seconds_to_wait(request.auth, at=clock.now())
        return self.seconds == 0

    def wait(self) -> float:
        return self.seconds
