"""Drafts of the organisation's agreement, and browsers of the people who write it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client

from crm.accounts.models import User
from sla.agreements import proposals
from sla.models import AgreementVersion
from sla.text import labels
from tests import factories
from tests.conftest import Moment
from tests.factories import Cast, when

NOON = when("2026-02-02 12:00")
Browser = Callable[[User], Client]


@pytest.fixture
def draft(cast: Cast, moment: Moment) -> AgreementVersion:
    """The second version of the organisation's agreement, on Monday 2 March 2026."""
    return factories.drafted(cast.calendar, by=cast.luis, of=cast.agreement.agreement, at=NOON)


@pytest.fixture
def proposed(cast: Cast, draft: AgreementVersion) -> AgreementVersion:
    return proposals.propose(draft, by=cast.luis, at=NOON, labels=labels.labels_of(draft))


@pytest.fixture
def half_signed(cast: Cast, proposed: AgreementVersion) -> AgreementVersion:
    """Signed by marketing."""
    return factories.sign(proposed, "marketing", by=cast.luis, at=NOON)


@pytest.fixture
def browser() -> Browser:
    def open_for(user: User) -> Client:
        client = Client()
        client.force_login(user, backend="crm.accounts.backend.Backend")
        return client

    return open_for


def typed(response: Any) -> QueryDict:
    """What the form on the page of the editor would send, read from its context."""
    context = response.context
    data = QueryDict(mutable=True)
    forms = [
        context["form"],
        *(form for row in context["commitments"].rows for form in _forms(row)),
    ]
    for field in (field for form in forms for field in form):
        value = field.value()
        values = value if isinstance(value, list) else [value]
        for each in values:
            if each not in (None, "", False):
                data.appendlist(field.html_name, "on" if each is True else str(each))
    for row in context["commitments"].rows:
        data.appendlist("p", str(row.number))
        for number, _step in row.steps:
            data.appendlist(f"{row.prefix}-s", str(number))
    data["revision"], data["was"] = str(context["revision"]), context["was"]
    return data


def _forms(row: Any) -> list[Any]:
    return [row.form, *(form for _number, form in row.steps)]
