"""A rep with a phone, 360 px wide: decides with the thumb, by buttons that are large enough and
always in sight.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Sit
from tests.browser.desk import PHONE, Desk, scrolls_sideways
from tests.browser.words import LANGUAGES

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MAIN = 44  # px: what a thumb presses all day
LEAST = 24  # px: WCAG 2.2, 2.5.8
GONE = re.compile(r"\bis-gone\b")

# Everything that can be pressed and is smaller than ``least``, a field together with its label.
# Links inside a
# sentence may be smaller (2.5.8), so may the name in a row, beside which the buttons stand.
SMALL = """
([scope, least]) => [...document.querySelectorAll(scope)].flatMap((root) =>
  [...root.querySelectorAll('a, button, summary, select, input:not([type=hidden])')]
    .filter((each) => each.checkVisibility() && !each.closest('.vh, .skip, p a, td a.nm'))
    .map((each) => [each, [each, ...(each.labels ?? [])]])
    .map(([each, parts]) => [each, parts.map((part) => part.getBoundingClientRect())])
    .filter(([, boxes]) => ['width', 'height'].some(
      (side) => Math.max(...boxes.map((box) => box[side])) < least))
    .map(([each, [box]]) => each.outerHTML.slice(0, 90)
      + ` ${Math.round(box.width)}x${Math.round(box.height)}`))
"""


def small(page: Page, scope: str, least: int) -> list[str]:
    return page.evaluate(SMALL, [scope, least])


@pytest.fixture
def bea(sit: Sit) -> Desk:
    return sit("sales_rep", **PHONE)


def row(desk: Desk, number: int) -> Locator:
    return desk.page.locator("[data-row]").nth(number)


def test_rep_accepts_with_the_button_in_the_row(bea):
    name = row(bea, 0).locator(".nm").inner_text()
    bea.button("Accept", within=row(bea, 0)).tap()
    expect(row(bea, 0)).to_have_class(GONE)
    expect(row(bea, 0)).to_contain_text("Yours now.")
    bea.link("Open", within=row(bea, 0)).tap()
    expect(bea.page.get_by_role("heading", level=1)).to_have_text(name)
    assert not scrolls_sideways(bea.page)


def test_rep_rejects_with_the_button_in_the_row(bea, running):
    page, name = bea.page, row(bea, 1).locator(".nm").inner_text()
    bea.link("Reject", within=row(bea, 1)).tap()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Reject {name}")
    assert not scrolls_sideways(page)
    page.get_by_label("Agreed data are missing").tap()
    bea.button("Reject and send back").tap()
    # This reason needs words: the page says so, keeps the choice and stands on the fault.
    expect(page.locator(".err-sum")).to_be_focused()
    expect(page.get_by_label("Agreed data are missing")).to_be_checked()
    page.get_by_label("Comment for marketing").fill("Falta el teléfono")
    bea.button("Reject and send back").tap()
    expect(page).to_have_url(re.compile("/queue/$"))
    expect(page.locator(".toast")).to_contain_text(name)
    assert (
        running.value("SELECT state FROM leads_handoff WHERE id = %s", running.handoff_of(name))
        == "rejected"
    )


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", [320, 360, 1280])
def test_accept_and_reject_stand_side_by_side(sit, language, width):
    bea = sit("sales_rep", language, viewport={"width": width, "height": 740})
    for each in bea.page.locator("[data-row]").all():
        accept = bea.button("Accept", within=each).first.bounding_box()
        reject = bea.link("Reject", within=each).bounding_box()
        assert accept["y"] == reject["y"]
        assert accept["x"] + accept["width"] <= reject["x"]


def test_buttons_that_decide_are_as_large_as_a_thumb(bea):
    assert small(bea.page, "[data-row] .act, .mbar", MAIN) == []
    accept = bea.button("Accept", within=row(bea, 0)).first.bounding_box()
    assert accept["width"] >= bea.link("Reject", within=row(bea, 0)).bounding_box()["width"] - 1


@pytest.mark.parametrize(
    "path", ["/queue/", "/mine/", "/leads/", "/notices/", "/preferences/", "lead", "reject"]
)
def test_everything_can_be_hit(bea, running, path):
    handoff = running.value(
        "SELECT id FROM leads_handoff WHERE state = 'pending' ORDER BY id LIMIT 1"
    )
    lead = running.value(
        "SELECT lead_id FROM leads_handoff WHERE state = 'accepted' ORDER BY id LIMIT 1"
    )
    bea.open({"lead": f"/leads/{lead}/", "reject": f"/handoffs/{handoff}/reject/"}.get(path, path))
    for fold in bea.page.locator("main summary").all():
        fold.tap()
    assert small(bea.page, "body", LEAST) == []
    assert not scrolls_sideways(bea.page)


def test_every_tab_of_the_queue_is_in_sight(bea):
    bea.open("/queue/")
    tabs = bea.page.locator(".tabs a")
    expect(tabs).to_have_count(4)
    for tab in tabs.all():
        expect(tab).to_be_in_viewport(ratio=1)
    assert bea.page.evaluate(
        "(tabs => tabs.scrollWidth <= tabs.clientWidth)(document.querySelector('.tabs'))"
    )


def test_bottom_bar_goes_everywhere_and_covers_nothing(bea):
    page, bar = bea.page, bea.page.locator(".mbar")
    for text, address in (
        ("My leads", "/mine/"),
        ("Alignment", "/alignment/"),
        ("Queue", "/queue/"),
    ):
        bar.get_by_role("link", name=text).tap()
        expect(page).to_have_url(re.compile(f"{address}$"))
        expect(bar.locator("[aria-current=page]")).to_contain_text(text)
    last = bea.page.locator("[data-row]").last
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    box, above = last.bounding_box(), bar.bounding_box()
    assert box["y"] + box["height"] <= above["y"]


def test_bottom_bar_of_admins_has_their_pages(sit):
    root = sit("admin", **PHONE)
    for text, address in (("Settings", "/setup/"), ("People", "/people/")):
        root.page.locator(".mbar").get_by_role("link", name=text).tap()
        expect(root.page).to_have_url(re.compile(f"{address}$"))
        expect(root.page.locator(".mbar [aria-current=page]")).to_have_text(text)


def test_more_opens_a_menu_that_leads_on_and_closes(bea):
    page, menu = bea.page, bea.page.locator("#more")
    expect(menu).to_be_hidden()
    bea.button("More").tap()
    expect(menu).to_be_visible()
    assert small(page, "#more", MAIN) == []
    page.touchscreen.tap(180, 60)
    expect(menu).to_be_hidden()
    bea.button("More").tap()
    menu.get_by_role("link", name="Notices").tap()
    expect(page.get_by_role("heading", level=1)).to_have_text("Notices")
    bea.button("More").tap()
    menu.get_by_role("button", name="Sign out").tap()
    expect(page).to_have_url(re.compile("/accounts/login/"))


def test_lead_page_calls_and_writes_with_one_tap(bea, running):
    bea.open_lead("Diego Luna")
    page = bea.page
    expect(page.get_by_role("link", name="+52 55 5000 1007", exact=True)).to_have_attribute(
        "href", "tel:+525550001007"
    )
    expect(page.get_by_role("link", name="WhatsApp")).to_have_attribute(
        "href", "https://wa.me/525550001007"
    )
    expect(page.get_by_role("link", name="diego7@demo.relevo.test", exact=True)).to_be_visible()
    assert small(page, ".reach", LEAST) == []
