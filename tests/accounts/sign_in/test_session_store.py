"""How a request finds its session."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.db.models import F
from django.test import Client

from crm.accounts.sign_in.session_store import SessionStore
from tests.factories import Cast

pytestmark = pytest.mark.django_db


def stored() -> str:
    """The key of a session that Django's own store wrote."""
    session = db.SessionStore()
    session["seen"] = "Ñandú"
    session.create()
    return session.session_key or ""


def test_session_of_django_is_read_and_kept() -> None:
    key = stored()
    session = SessionStore(key)
    assert (session["seen"], session.session_key) == ("Ñandú", key)
    session["more"] = 1
    session.save()
    assert dict(db.SessionStore(key).items()) == {"seen": "Ñandú", "more": 1}


@pytest.mark.parametrize("key", ["a" * 32, "x" * 5000, "nul\0" * 8, "ñ" * 32, "' OR 1=1 --", ""])
def test_key_that_no_session_has_is_dropped(key: str) -> None:
    stored()
    session = SessionStore(key)
    assert (dict(session.items()), session.session_key) == ({}, None)


def test_session_whose_time_is_over_is_empty() -> None:
    key = stored()
    Session.objects.update(expire_date=F("expire_date") - timedelta(days=365))
    session = SessionStore(key)
    assert (dict(session.items()), session.session_key) == ({}, None)


def test_request_with_nul_in_its_cookie_is_one_of_a_visitor(cast: Cast, client: Client) -> None:
    client.cookies.load({settings.SESSION_COOKIE_NAME: "abc\0def12345"})
    assert client.get("/queue/").status_code == 302
