"""Who may sign in."""

from __future__ import annotations

from allauth.account.auth_backends import AuthenticationBackend
from django.conf import settings

from crm.accounts.models import User


class Backend(AuthenticationBackend):
    """Sign-in by e-mail. Demo people have a known password: outside demo mode they cannot sign in
    at all, and a session of theirs ends (Django asks this on every request).
    """

    def user_can_authenticate(self, user: User) -> bool:
        return super().user_can_authenticate(user) and (settings.DEMO or not user.is_demo)

    def get_user(self, user_id: int) -> User | None:
        """The person of a session, with all that a page asks for
        (User.objects.with_surroundings).
        """
        user = User.objects.with_surroundings(user_id)
        return user if user and self.user_can_authenticate(user) else None

    @classmethod
    def _stash_user(cls, user: User | None) -> User | None:
        """allauth remembers whom it refused despite the right password, to tell them that they are
        inactive, and lets in whoever is active: a demo person outside demo mode must not be
        remembered.
        """
        return super()._stash_user(None if user and user.is_active else user)
