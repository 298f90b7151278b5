"""An installation in its set-up: with its first admin, and with all steps up to the test lead."""

from __future__ import annotations

from http.cookies import SimpleCookie
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from crm.setup import checklist
from tests.conftest import Moment
from tests.harness.remembered import Remembered
from tests.pages import hidden_fields

FIRST = {
    "name": "Ana Pérez",
    "email": "ana@cafe-andino.co",
    "password": "caballo batería grapa",
    "zone": "America/Bogota",
}
PAGES = [f"setup_{key}" for key in checklist.KEYS]


def create_first_admin(client: Client, **changes: str) -> Any:
    return client.post("/setup/first/", {**FIRST, **changes}, headers={"Accept-Language": "es-CO"})


def press_continue(client: Client, name: str) -> Any:
    """What a browser sends when one only presses the button: the form as it was shown."""
    path = reverse(name)
    page = client.get(path)
    form = page.context["form"]
    data = {**hidden_fields(page.content.decode(), path, path=path)}
    for field in form:
        value = field.value()
        if value not in (None, False, ""):
            data[field.html_name] = getattr(value, "pk", value)
    if "password" in form.fields:  # the one thing that must be typed
        data["password"] = FIRST["password"]
    return client.post(path, data)


def sign_up() -> SimpleCookie:
    """Create the first admin; return the cookies of their browser."""
    client = Client()
    create_first_admin(client)
    return client.cookies


def press_through() -> SimpleCookie:
    """Press Continue up to the test lead."""
    client = Client()
    create_first_admin(client)
    for name in PAGES[:-1]:
        assert press_continue(client, name).status_code == 302, name
    return client.cookies


founded_organisation = Remembered(sign_up)
ready_organisation = Remembered(press_through)


@pytest.fixture
def founded(moment: Moment, client: Client) -> Client:
    """The first admin, signed in, with nothing set up yet."""
    client.cookies = founded_organisation()
    return client


@pytest.fixture
def ready(moment: Moment, client: Client) -> Client:
    """Everything up to the test lead by pressing Continue only."""
    client.cookies = ready_organisation()
    return client
