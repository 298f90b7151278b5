"""Back, next and previous: the list that a person came from, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from crm.notifications import outbox
from crm.notifications.models import Notice
from leads.views.lead import trail
from tests import factories
from tests.conftest import Moment
from tests.factories import Cast, when

pytestmark = pytest.mark.django_db
SignedIn = Callable[..., Client]

LISTS = [
    "/queue/",
    "/queue/?tab=overdue&source=event",
    "/mine/?stage=sql",
    "/leads/?q=Pe%C3%B1a&stage=mql",
    "/notices/",
    "/search/?q=andino",
    "/alignment/leads/?show=won",
]
ELSEWHERE = [
    "",
    "https://evil.example/queue/",
    "//evil.example/queue/",
    "//[",
    "/\\evil.example/queue/",
    "javascript:alert(1)",
    "queue/",
    "/nowhere/",
    "/leads/7/",
    "/accounts/logout/",
    "/queue/?" + "x" * 2000,
    "/queue/\r\nLocation: https://evil.example",
]


@pytest.mark.parametrize("address", LISTS)
def test_back_leads_to_the_list_with_its_filters(
    cast: Cast, signed_in: SignedIn, address: str
) -> None:
    lead = factories.lead(cast)
    page = signed_in(cast.ana).get(f"/leads/{lead.pk}/?back={quote(address)}")
    assert page.context["trail"].url == address


@pytest.mark.parametrize("address", ELSEWHERE)
def test_back_leads_nowhere_else(cast: Cast, signed_in: SignedIn, address: str) -> None:
    assert trail.read(address) is None
    lead = factories.lead(cast)
    page = signed_in(cast.ana).get(f"/leads/{lead.pk}/", {"back": address})
    assert (page.status_code, page.context["trail"].url) == (200, "/leads/")


@pytest.mark.parametrize(
    ("who", "address"), [("bea", "/queue/"), ("ana", "/leads/?stage=handed_off"), ("bea", "/mine/")]
)
def test_row_of_a_list_names_the_list(
    cast: Cast, signed_in: SignedIn, moment: Moment, who: str, address: str
) -> None:
    handoff = factories.accepted(cast) if address == "/mine/" else factories.handed_off(cast)
    html = signed_in(getattr(cast, who)).get(address).content.decode()
    assert f'href="/leads/{handoff.lead_id}/?back={quote(address, safe="")}"' in html


def test_step_and_note_return_to_the_lead_with_the_list(
    cast: Cast, signed_in: SignedIn, moment: Moment
) -> None:
    handoff = factories.handed_off(cast)
    client = signed_in(cast.bea)
    back = {"back": "/queue/?tab=soon"}
    path = f"/leads/{handoff.lead_id}/?back=%2Fqueue%2F%3Ftab%3Dsoon"
    assert client.post(f"/handoffs/{handoff.pk}/accept/", back)["Location"] == path
    note = {**back, "note": "Call at ten"}
    assert client.post(f"/leads/{handoff.lead_id}/notes/", note)["Location"] == f"{path}#timeline"
    page = client.post(f"/handoffs/{handoff.pk}/attempt/", {**back, "note": "Busy"})
    assert (page.status_code, page.context["trail"].url) == (422, "/queue/?tab=soon")


def test_notice_of_a_lead_leads_back_to_the_notices(
    cast: Cast, signed_in: SignedIn, moment: Moment
) -> None:
    handoff = factories.handed_off(cast)
    outbox.deliver()
    notice = Notice.objects.filter(recipient=cast.bea).latest("id")
    answer = signed_in(cast.bea).post(f"/notices/{notice.pk}/open/")
    assert answer["Location"] == f"/leads/{handoff.lead_id}/?back=%2Fnotices%2F"


def test_rejecting_returns_to_the_list(cast: Cast, signed_in: SignedIn, moment: Moment) -> None:
    handoff = factories.handed_off(cast)
    client = signed_in(cast.bea)
    page = client.get(f"/handoffs/{handoff.pk}/reject/?back=%2Fqueue%2F%3Ftab%3Dsoon")
    assert 'href="/queue/?tab=soon"' in page.content.decode()
    reason = factories.rejection().pk
    answer = client.post(
        f"/handoffs/{handoff.pk}/reject/", {"reason": reason, "back": "/queue/?tab=soon"}
    )
    assert answer["Location"] == "/queue/?tab=soon"


# -- Next and previous


def beside(client: Client, pk: int, address: str) -> tuple[str, str]:
    """The ids of the leads before and behind, "" for none."""
    found = client.get(f"/leads/{pk}/", {"back": address}).context["beside"]
    carried = f"?back={quote(address, safe='')}"
    for link in (found.previous, found.next):
        assert not link or link.endswith(carried)
    return tuple(link.split("/")[2] if link else "" for link in (found.previous, found.next))


def test_queue_is_leafed_through_in_its_order_and_within_sight(
    cast: Cast, signed_in: SignedIn, moment: Moment
) -> None:
    late, early = (
        factories.handed_off(cast, at=when(at)).lead_id
        for at in ("2026-03-02 10:30", "2026-03-02 10:00")
    )
    factories.handed_off(cast, to=cast.other_sales, at=when("2026-03-02 10:10"))
    client = signed_in(cast.bea)
    assert beside(client, early, "/queue/") == ("", str(late))
    assert beside(client, late, "/queue/") == (str(early), "")


def test_filters_of_the_list_hold(cast: Cast, signed_in: SignedIn) -> None:
    first = factories.lead(cast, from_source="event")
    factories.lead(cast)
    last = factories.lead(cast, from_source="event")
    client = signed_in(cast.ana)
    address = "/leads/?source=event"
    assert beside(client, last.pk, address) == ("", str(first.pk))
    assert beside(client, first.pk, address) == (str(last.pk), "")


def test_lead_that_left_the_list_is_followed_by_its_first(
    cast: Cast, signed_in: SignedIn, moment: Moment
) -> None:
    taken = factories.accepted(cast).lead_id
    waiting = factories.handed_off(cast).lead_id
    assert beside(signed_in(cast.bea), taken, "/queue/") == ("", str(waiting))


@pytest.mark.parametrize("address", ["/leads/?nonsense=1", "/queue/?tab=nonsense", "/notices/"])
def test_list_that_cannot_be_leafed_through_has_no_neighbours(
    cast: Cast, signed_in: SignedIn, address: str
) -> None:
    lead = factories.lead(cast)
    assert beside(signed_in(cast.ana), lead.pk, address) == ("", "")


@pytest.mark.parametrize("address", ["/queue/", "/leads/?stage=handed_off"])
def test_neighbours_cost_the_same_in_a_short_and_in_a_long_list(
    cast: Cast, signed_in: SignedIn, moment: Moment, address: str
) -> None:
    client = signed_in(cast.dora)
    counts = []
    for size in (3, 9):
        leads = [factories.handed_off(cast).lead_id for _number in range(size)]
        path = f"/leads/{leads[1]}/"
        client.get(path, {"back": address})
        with CaptureQueriesContext(connection) as plain:
            client.get(path)
        with CaptureQueriesContext(connection) as carried:
            client.get(path, {"back": address})
        counts.append(len(carried) - len(plain))
    assert counts[0] == counts[1] <= 7
