"""People who ask over the API: by key, or by their session."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from crm.accounts.models import User
from crm.api import keys
from crm.api.states import Scope
from crm.lib import clock
from tests.conftest import Moment


class Caller:
    """Sends JSON as one key; ``last`` is the whole last answer."""

    def __init__(self, text: str, **headers: str) -> None:
        self.client = Client(raise_request_exception=False)
        self.headers = {"Authorization": f"Bearer {text}", **headers}

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        given = {
            **self.headers,
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        raw = (
            body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        )
        self.last = self.client.generic(
            method, f"/api/v1/{path}", raw, content_type="application/json", headers=given
        )
        return self.last.status_code, json.loads(self.last.content or b"null")

    def get(self, path: str, **headers: str) -> tuple[int, Any]:
        return self.ask("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        return self.ask("POST", path, body, **headers)

    def patch(self, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        return self.ask("PATCH", path, body, **headers)


def key_of(user: User, *scopes: str, days: int = 30) -> str:
    """The text of a new key of ``user`` with ``scopes``, by default all."""
    _key, text = keys.create(
        user, "Tests", scopes or Scope.values, days=days, by=user, at=clock.now()
    )
    return text


@pytest.fixture
def caller(moment: Moment) -> Callable[..., Caller]:
    """``caller(user, *scopes)`` asks with a new key."""
    return lambda user, *scopes: Caller(key_of(user, *scopes))
