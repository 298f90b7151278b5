"""A draft of the organisation's agreement, and the same signed by both sides."""

from __future__ import annotations

from typing import Any

import pytest

from crm.notifications.models import Message
from sla.agreements import drafts
from sla.models import AgreementVersion
from tests import factories
from tests.factories import Cast, when

NOON = when("2026-02-02 12:00")
LATER = when("2026-02-03 09:00")


@pytest.fixture
def draft(cast: Cast) -> AgreementVersion:
    """The second version of the organisation's agreement."""
    return factories.drafted(cast.calendar, by=cast.luis, of=cast.agreement.agreement)


@pytest.fixture
def signed(cast: Cast, draft: AgreementVersion) -> AgreementVersion:
    """The draft, signed by both sides and in force."""
    half = factories.sign(draft, "marketing", by=cast.luis, at=NOON)
    return factories.sign_sides(half, ["sales"], by=cast.dora, at=NOON)


def changed(draft: AgreementVersion, cast: Cast, **terms: Any) -> AgreementVersion:
    """Return the draft with other terms."""
    return drafts.edit(draft, by=cast.luis, at=NOON, seen=draft.revision, **terms)


def notified(kind: str) -> list[str]:
    """Return the names of those who got a notice of this kind."""
    rows = Message.objects.filter(kind=f"agreement.{kind}", channel="in_app", created_at__gte=NOON)
    return sorted(row.recipient.name for row in rows.select_related("recipient"))


def sign(version: AgreementVersion, cast: Cast) -> AgreementVersion:
    """Return the version, signed by both sides and not in force yet."""
    factories.sign(version, "marketing", by=cast.luis, at=NOON)
    return factories.sign(version, "sales", by=cast.dora, at=NOON)
