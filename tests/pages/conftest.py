"""The cast, and the clock that tests move."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from crm.accounts.models import User
from crm.lib.clock import RELEVO_NOW_BODY
from tests.pages import firm as factories
from tests.pages.firm import Firm


class Moment:
    """Moves time for every process of the test by replacing the body of ``relevo_now()``."""

    def __init__(self) -> None:
        self.now: datetime | None = None

    def set(self, when: str | datetime) -> datetime:
        """Stop the clock at ``when`` (ISO text with an offset, or an aware datetime)."""
        self.now = datetime.fromisoformat(when) if isinstance(when, str) else when
        self._deploy(f"SELECT '{self.now.isoformat()}'::timestamptz")
        return self.now

    def advance(self, **span: float) -> datetime:
        """Move the stopped clock on: ``advance(minutes=30)``."""
        assert self.now is not None, "set a moment first"
        return self.set(self.now + timedelta(**span))

    def restore(self) -> None:
        self._deploy(RELEVO_NOW_BODY)

    def _deploy(self, body: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE OR REPLACE FUNCTION relevo_now() RETURNS timestamptz LANGUAGE sql VOLATILE"
                f" AS $moment${body}$moment$"
            )


@pytest.fixture
def moment(request: pytest.FixtureRequest) -> Iterator[Moment]:
    """Monday 2 March 2026, 10:00 in Mexico City, standing still until a test moves it."""
    committed = request.node.get_closest_marker("django_db") and request.node.get_closest_marker(
        "django_db"
    ).kwargs.get("transaction")
    request.getfixturevalue("transactional_db" if committed else "db")
    moment = Moment()
    moment.set(factories.MONDAY)
    yield moment
    moment.restore()


@pytest.fixture
def firm(moment: Moment) -> Firm:
    """The organisation with the whole cast and a signed agreement."""
    return factories.firm()


@pytest.fixture
def signed_in() -> Any:
    """``signed_in(user)`` gives a browser-like client of that person."""

    def make(user: User) -> Client:
        client = Client()
        client.force_login(user, backend="crm.accounts.backend.Backend")
        return client

    return make
