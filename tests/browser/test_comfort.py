"""Everyday comfort in a real browser: the palette, rows that others take, no connection, signed out
and back.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Sit
from tests.browser.desk import Desk

pytestmark = [pytest.mark.browser, pytest.mark.slow]

GONE = re.compile(r"\bis-gone\b")
PULSE = "document.dispatchEvent(new Event('visibilitychange'))"  # the next pulse, now


@pytest.fixture
def bea(sit: Sit) -> Desk:
    return sit("sales_rep")


def test_palette_finds_a_lead_by_keyboard_alone(bea):
    page = bea.page
    bea.shortcut("Control+k")
    box = page.get_by_role("combobox")
    expect(box).to_be_focused()
    page.keyboard.type("mariana pena")
    option = page.get_by_role("option", name="Mariana Peña")
    expect(option).to_have_attribute("aria-selected", "true")
    bea.shortcut("ArrowDown")
    palette = page.get_by_role("dialog")
    expect(palette.get_by_role("option", selected=True)).to_have_text(
        "No command; search leads for “mariana pena”"
    )
    bea.shortcut("ArrowUp", "Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Mariana Peña")
    bea.shortcut("Control+k", "Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_palette_goes_to_pages_and_never_acts_by_a_leads_name(bea):
    page = bea.page
    bea.shortcut("j", "Control+k")
    page.keyboard.type("maria")
    palette = page.get_by_role("dialog")
    expect(palette.get_by_role("option", name="Mariana Peña")).to_have_count(1)
    expect(page.locator("#acts").get_by_role("option")).to_have_count(0)
    palette.get_by_role("combobox").fill("accept")
    expect(page.locator("#acts").get_by_role("option")).to_have_count(1)
    palette.get_by_role("combobox").fill("aligN")
    expect(palette.get_by_role("option", selected=True)).to_have_text("Alignment")
    bea.shortcut("Enter")
    expect(page).to_have_url(re.compile("/alignment/$"))


def test_row_that_a_colleague_takes_is_dimmed_in_place(bea, sit):
    names = bea.page.locator("[data-row] .nm").all_inner_texts()
    bea.shortcut("j")
    cruz = sit(mailbox="cruz")
    cruz.speak("en")
    cruz.open("/queue/")
    cruz.button("Accept", within=cruz.row(names[0])).first.click()
    expect(cruz.row(names[0])).to_contain_text("Yours now.")
    bea.page.evaluate(PULSE)
    expect(bea.row(names[0])).to_have_class(GONE)
    expect(bea.row(names[0])).to_contain_text("Taken by Cruz Medina, ")
    assert bea.page.locator("[data-row] .nm").all_inner_texts() == names
    expect(bea.page.locator("[data-new-rows]")).to_be_hidden()
    # The keyboard still stands on the row: the key that was about to be pressed decides nothing
    # else.
    bea.shortcut("a")
    expect(bea.page.locator(".is-gone")).to_have_count(1)


def test_without_connection_nothing_is_sent_and_all_comes_back(bea):
    page, banner = bea.page, bea.page.locator("#offline")
    bea.open("/preferences/")
    page.get_by_role("combobox", name="Time zone").select_option("America/Lima")
    bea.context.set_offline(True)
    expect(banner).to_be_visible()
    expect(bea.button("Save")).to_be_disabled()
    bea.context.set_offline(False)
    expect(banner).to_be_hidden()
    expect(bea.button("Save")).to_be_enabled()
    expect(page.get_by_role("combobox", name="Time zone")).to_have_value("America/Lima")


def test_signed_out_page_goes_on_after_signing_in_elsewhere(bea, running):
    page, banner = bea.page, bea.page.locator("#signed-out")
    name = page.locator("[data-row] .nm").first.inner_text()
    bea.link("Reject", within=bea.row(name)).click()
    page.get_by_label("Is not the buyer persona").check()
    page.get_by_label("Comment for marketing").fill("Sells what we sell")
    bea.context.clear_cookies()
    page.evaluate(PULSE)
    expect(banner).to_be_visible()
    expect(bea.button("Reject and send back")).to_be_disabled()
    with bea.context.expect_page() as opened:
        banner.get_by_role("link").click()
    other = opened.value
    other.locator("button[name=as][value=sales_rep]").click()
    other.wait_for_url(lambda url: "/accounts/" not in url)
    page.evaluate(PULSE)
    expect(banner).to_be_hidden()
    expect(page.get_by_label("Comment for marketing")).to_have_value("Sells what we sell")
    bea.button("Reject and send back").click()
    expect(page.locator(".toast")).to_contain_text(
        f"{name} went back to marketing with your reason."
    )


def test_question_mark_tells_the_keys_of_this_page_only(bea):
    def keys() -> list[str]:
        bea.shortcut("?")
        found = bea.page.locator("#keys dl > div:visible kbd").all_inner_texts()
        bea.shortcut("Escape")
        return found

    queue = keys()
    bea.open("/preferences/")
    assert [key for key in queue if key not in keys()] == ["a", "r", "w", "j", "k", "Enter"]
