"""Adapt django-allauth to this product."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from crm.accounts.models import User
from crm.accounts.sign_in import guesses, proofs
from crm.accounts.sign_in.proofs import Proof
from crm.accounts.states import Secret
from crm.lib import clock
from crm.lib.input import addresses


class AccountAdapter(DefaultAccountAdapter):
    """Accounts without sign-up: admins invite people."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def login(self, request: HttpRequest, user: User) -> None:
        """Sign in; every way through allauth has checked the password."""
        super().login(request, user)
        proofs.add(request.session, Proof.PASSWORD, at=clock.now())

    def is_safe_url(self, url: str) -> bool:
        """Return whether ``next`` may lead to ``url``: to pages of ours only, named by path."""
        return addresses.is_ours(url)

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Drop allauth's message "you have signed in": the page itself shows it."""

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """Return the person, or None. Raises ValidationError after too many tries."""
        user = super().authenticate(request, **credentials)
        if user is not None:
            guesses.forgive(self.limits)
        return user

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count the guess by our own limits: those of allauth lock an account for everybody."""
        email = credentials.get("email", "")
        self.limits = guesses.count_in_form(request, Secret.PASSWORD, email)
