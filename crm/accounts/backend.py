"""Decide who may sign in, and load the person of a session."""

from __future__ import annotations

from allauth.account.auth_backends import AuthenticationBackend
from django.conf import settings

from crm.accounts.models import User


class Backend(AuthenticationBackend):
    """Sign-in by e-mail.

    Demo people have a known password: outside demo mode they cannot sign in, and their sessions
    end, because Django asks this backend on every request.
    """

    def user_can_authenticate(self, user: User) -> bool:
        """Return whether ``user`` is active and, for demo people, whether this is a demo."""
        is_allowed_here = settings.DEMO or not user.is_demo
        return super().user_can_authenticate(user) and is_allowed_here

    def get_user(self, user_id: int) -> User | None:
        """Return the person of a session with the data that every page needs.

        See User.objects.with_surroundings.
        """
        user = User.objects.with_surroundings(user_id)
        if user is None or not self.user_can_authenticate(user):
            return None
        return user

    @classmethod
    def _stash_user(cls, user: User | None) -> User | None:
        # allauth stores a person whom it refused despite the right password, shows that the account
        # is inactive, and signs the person in when the account is active. A demo person outside
        # demo mode is active and must not be stored.
        if user is not None and user.is_active:
            user = None
        return super()._stash_user(user)
