"""The page that re-applies the agreement."""

from __future__ import annotations

from typing import Any

import pytest

from leads import handoffs
from tests import factories
from tests.conftest import Moment
from tests.factories import Cast, when
from tests.leads.handoffs.reapply.next_terms import ELEVEN, agreed, due, stored


def test_page_shows_and_applies(cast: Cast, client: Any, moment: Moment) -> None:
    handoff = factories.accepted(cast)
    agreed(cast, contact=480)
    moment.set(ELEVEN)
    client.force_login(cast.dora)
    page = client.get("/reapply/")
    assert "Agreement: version 1 → 2" in page.content.decode()
    answer = client.post("/reapply/", {"token": page.context["preview"].token}, follow=True)
    assert "1 deadline was moved." in answer.content.decode()
    assert due(handoff) == when("2026-03-03 10:20")


def test_page_refuses_a_stale_preview_and_names_what_changed(
    cast: Cast, client: Any, moment: Moment
) -> None:
    handoff = factories.handed_off(cast)
    agreed(cast, accept=240)
    moment.set(ELEVEN)
    client.force_login(cast.dora)
    token = client.get("/reapply/").context["preview"].token
    handoffs.accept(stored(handoff), by=cast.bea, at=ELEVEN)
    answer = client.post("/reapply/", {"token": token})
    assert (answer.status_code, answer.context["changed"]) == (409, [handoff])


@pytest.mark.parametrize(
    ("who", "status"), [("dora", 200), ("elsa", 200), ("bea", 403), ("luis", 403), ("root", 403)]
)
def test_page_is_for_leads_of_sales_teams_and_the_director(
    cast: Cast, client: Any, who: str, status: int
) -> None:
    client.force_login(getattr(cast, who))
    assert client.get("/reapply/").status_code == status
