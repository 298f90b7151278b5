"""An installation in its set-up: with its first admin, and with all steps up to the test lead."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from crm.setup import checklist
from tests.conftest import Moment

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
    form = client.get(path).context["form"]
    data = {}
    for field in form:
        value = field.value()
        if value not in (None, False, ""):
            data[field.html_name] = getattr(value, "pk", value)
    if "password" in form.fields:  # the one thing that must be typed
        data["password"] = FIRST["password"]
    return client.post(path, data)


@pytest.fixture
def founded(moment: Moment, client: Client) -> Client:
    """The first admin, signed in, with nothing set up yet."""
    create_first_admin(client)
    return client


@pytest.fixture
def ready(founded: Client) -> Client:
    """Everything up to the test lead by pressing Continue only."""
    for name in PAGES[:-1]:
        assert press_continue(founded, name).status_code == 302, name
    return founded
