"""What each role is led to: its first page, the entries of the navigation, the links on pages.

Nobody is offered a page that answers anything but 200 to them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
from django.test import Client

from tests import factories
from tests.conftest import Moment
from tests.factories import Cast
from tests.harness.remembered import Remembered

pytestmark = pytest.mark.django_db
READS = ["/leads/", "/alignment/", "/agreement/", "/personas/"]
# Who: the first page, and the entries of the navigation in their order.
ROLES = {
    "ana": ("/desk/", ["/desk/", *READS, "/notices/"]),
    "luis": ("/desk/team/", ["/desk/", "/desk/team/", *READS, "/notices/"]),
    "bea": ("/queue/", ["/queue/", "/mine/", *READS, "/notices/"]),
    "dora": ("/desk/team/", ["/desk/team/", "/queue/", "/mine/", *READS, "/notices/"]),
    "elsa": ("/desk/director/", ["/desk/director/", *READS, "/notices/"]),
    "root": ("/setup/", ["/personas/", "/people/", "/notices/", "/setup/"]),
}
IN_BAR = {
    "ana": ["/desk/", "/leads/", "/alignment/"],
    "bea": ["/queue/", "/mine/", "/alignment/"],
    "elsa": ["/desk/director/", "/leads/", "/alignment/"],
    "root": ["/personas/", "/people/", "/setup/"],
}
LINK = re.compile(r'<a\b[^>]*\bhref="([^"]*)"')
# Links that end a session, or leave the product.
NOT_FOLLOWED = ("/accounts/logout/", "/static/")


def make_world() -> Cast:
    """Every stage has a lead, and every list a row."""
    cast = factories.cast_of_a_new_organisation()
    factories.won(cast)
    factories.rejected(cast)
    factories.handed_off(cast)
    factories.contacted(cast)
    factories.mql(cast)
    return cast


whole_world = Remembered(make_world)


@pytest.fixture
def world(moment: Moment) -> Cast:
    moment.set("2026-03-31 12:00")
    made: Cast = whole_world()
    return made


def entries(client: Client, path: str) -> list[str]:
    text = client.get(path).content.decode()
    rail = text.split('class="nav"')[1].split("</nav>")[0]
    return [href for href in LINK.findall(rail) if href != "/search/"]


def links(text: str, base: str) -> Iterator[str]:
    for href in LINK.findall(text):
        url = urljoin(base, href.replace("&amp;", "&"))
        parts = urlsplit(url)
        if parts.scheme or parts.netloc or not parts.path.startswith("/"):
            continue
        if not parts.path.startswith(NOT_FOLLOWED):
            yield f"{parts.path}?{parts.query}".rstrip("?")


def shape_of(url: str, *, with_values: bool) -> str:
    """One of each shape is followed: a list has many rows, a filter many values, and a page many
    that lead back.
    """
    path, _, query = url.partition("?")
    names = sorted(parse_qs(query))
    values = [f"{one}={parse_qs(query)[one]}" for one in names if one != "back"]
    return re.sub(r"\d+", "0", f"{path}?{values if with_values else names}")


@pytest.mark.parametrize("name", ROLES)
def test_first_page_is_that_of_the_role(world: Cast, signed_in, name: str) -> None:
    home, _entries = ROLES[name]
    answer = signed_in(getattr(world, name)).get("/", follow=True)
    assert (answer.request["PATH_INFO"], answer.status_code) == (home, 200)


@pytest.mark.parametrize("name", ROLES)
def test_navigation_offers_the_pages_of_the_role(world: Cast, signed_in, name: str) -> None:
    home, expected = ROLES[name]
    assert entries(signed_in(getattr(world, name)), home) == expected


@pytest.mark.parametrize("name", IN_BAR)
def test_phones_bar_has_three_of_them(world: Cast, signed_in, name: str) -> None:
    home, _entries = ROLES[name]
    text = signed_in(getattr(world, name)).get(home).content.decode()
    bar = text.split('class="mbar"')[1].split("</nav>")[0]
    assert LINK.findall(bar) == IN_BAR[name]


@pytest.mark.parametrize("name", [*ROLES, "extra"])
def test_every_link_on_the_pages_of_a_role_answers(world: Cast, signed_in, name: str) -> None:
    """From the first page, the navigation and everything that these link to, one click on."""
    client = signed_in(getattr(world, name))
    waiting, seen, shapes = {"/"}, {}, set()
    for _click in range(3):
        found: set[str] = set()
        for url in sorted(waiting):
            # The values of a filter are the same for all roles; a director reads every list.
            shape = shape_of(url, with_values=name == "elsa")
            if shape in shapes:
                continue
            shapes.add(shape)
            answer = client.get(url, follow=True)
            seen[url] = answer.status_code
            if "html" in answer["Content-Type"]:
                asked = answer.request
                base = f"{asked['PATH_INFO']}?{asked['QUERY_STRING']}"
                found.update(links(answer.content.decode(), base))
        waiting = found
    assert len(seen) > 10
    assert {url: status for url, status in seen.items() if status != 200} == {}
