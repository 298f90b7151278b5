"""The desks in both languages: counters count what the lists list, and each desk is worked by
keyboard alone and, as cards, with a thumb at 360 px.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Sit
from tests.browser.desk import Desk
from tests.browser.hands import KEYS, THUMB, Hands, ways

pytestmark = [pytest.mark.browser, pytest.mark.slow]

THUMB_PX = 44
TABBED = [("marketing", "/desk/"), ("sales_rep", "/mine/"), ("director", "/desk/director/")]


def rows(page: Page) -> Locator:
    return page.locator("[data-row]")


def listed(desk: Desk) -> int:
    """Return how many rows the list has on all its pages."""
    found = rows(desk.page).count()
    following = desk.page.locator(".pager a[rel=next]")
    while following.count():
        with desk.page.expect_navigation():
            following.click()
        found += rows(desk.page).count()
    return found


# Each tab may list two pages, which takes its time: one way here, all in make soak.
@pytest.mark.parametrize(
    ("language", "hands"),
    [
        pytest.param("es", THUMB, id="es-thumb"),
        pytest.param("es", KEYS, id="es-keys", marks=pytest.mark.soak),
        pytest.param("en", KEYS, id="en-keys", marks=pytest.mark.soak),
        pytest.param("en", THUMB, id="en-thumb", marks=pytest.mark.soak),
    ],
)
def test_tabs_of_the_desks_count_what_they_list(sit: Sit, language: str, hands: Hands) -> None:
    for part, address in TABBED:
        desk = sit(part, language, anywhere=True, **hands.options)
        desk.open(address)
        tabs = desk.page.locator(".tabs a")
        for number in range(tabs.count()):
            hands.press(tabs.nth(number))
            tab = tabs.nth(number)
            expect(tab).to_have_attribute("aria-current", "page")
            # Those of the tabs that judge leads come after the page.
            for each in tabs.all():
                expect(each).to_have_text(re.compile(r"\d\+?\s*$"))
            hands.looks_right(desk.page)
            count = re.search(r"(\d+)(\+?)$", tab.inner_text().strip())
            assert count, tab.inner_text()
            # A tab that counts further than it looked says so.
            if not count[2]:
                assert listed(desk) == int(count[1]), tab.inner_text()


@pytest.mark.parametrize(("language", "hands"), ways("en-keys"))
def test_row_of_each_desk_leads_to_its_lead_and_back(sit: Sit, language: str, hands: Hands) -> None:
    for part, address in TABBED[:2]:
        desk = sit(part, language, anywhere=True, **hands.options)
        desk.open(address)
        name = open_first_row(desk, hands)
        desk.page.wait_for_url(re.compile(r"/leads/\d+/"))
        expect(desk.page.get_by_role("heading", level=1)).to_contain_text(name)
        hands.press(desk.page.locator(".lead-n a").first)
        expect(desk.page).to_have_url(re.compile(rf"{address}(\?.*)?$"))


def open_first_row(desk: Desk, hands: Hands) -> str:
    """Open the first row, by its keys or by a tap; return the name that it shows."""
    first = rows(desk.page).first
    name = first.locator(".nm").inner_text()
    if hands is KEYS:
        desk.shortcut("j", "Enter")
    else:
        looks_like_a_card(first)
        hands.press(first.locator(".nm"))
    return name


def looks_like_a_card(row: Locator) -> None:
    assert row.evaluate("(row) => getComputedStyle(row).display") != "table-row"
    for button in row.locator(".act .btn:visible").all():
        box = button.bounding_box()
        assert box and box["height"] >= THUMB_PX, button.inner_text()


@pytest.mark.parametrize(("language", "hands"), ways("es-thumb"))
def test_team_lead_reassigns_in_place(sit: Sit, language: str, hands: Hands) -> None:
    dora = sit("team_lead", language, anywhere=True, **hands.options)
    dora.open("/desk/team/")
    person = rows(dora.page).filter(has_text="Bea Quintero")
    count = int(person.locator("td.num").first.inner_text())
    hands.press(person.locator(".act a"))
    leads = dora.page.locator("#leads")
    expect(leads.locator("[data-row]")).to_have_count(count)
    name = leads.locator(".nm").first.inner_text()
    leads.locator("select[name=owner]").select_option(label="Cruz Medina")
    leads.locator("input[name=comment]").fill("Bea va llena")
    hands.press(leads.locator("[data-row]").first.locator(".act button"))
    dora.sees("%(lead)s has a new owner, who is told.", lead=name)
    expect(person.locator("td.num").first).to_have_text(str(count - 1))
    expect(leads.get_by_text(name)).to_have_count(0)
    hands.looks_right(dora.page)
