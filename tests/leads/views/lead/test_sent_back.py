"""The panel of what sales sent back."""

from __future__ import annotations

from typing import Any

import pytest

from crm.accounts.models import User
from leads.returns import disputes
from sla.agreements import default_terms
from sla.agreements.default_terms import Term
from tests import factories
from tests.conftest import Moment
from tests.factories import CONTACTED_AT, Cast


@pytest.mark.parametrize(
    ("term", "words"),
    [
        (Term(3, is_default=True), "working days: 3, the usual, which nobody has agreed on"),
        (Term(5, is_default=False), "working days: 5, agreed"),
    ],
)
def test_page_says_whether_the_time_of_the_decision_is_agreed(
    cast: Cast,
    moment: Moment,
    signed_in: Any,
    monkeypatch: pytest.MonkeyPatch,
    term: Term,
    words: str,
) -> None:
    monkeypatch.setattr(default_terms, "dispute_days", lambda version: term)
    User.objects.update(language="en")
    handoff = factories.rejected(cast)
    disputes.contest(handoff, "Sí cumple", by=cast.ana, at=CONTACTED_AT)
    moment.set(CONTACTED_AT)
    page = signed_in(cast.elsa).get(f"/leads/{handoff.lead_id}/").content.decode()
    assert words in page
