"""Many leads at once by keyboard: x, Shift+x, the bar, the confirmation and the result."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Sit

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_rows_are_selected_by_keyboard_and_handed_off_after_a_confirmation(sit: Sit) -> None:
    desk = sit("marketing")
    page = desk.page
    desk.open("/leads/?stage=captured")
    expect(page.locator(".bulk")).to_be_hidden()
    desk.shortcut("j", "x")
    expect(page.locator("[name=lead]").first).to_be_checked()
    expect(page.locator("[data-selected]")).to_have_text("1 selected")
    desk.shortcut("j", "j", "Shift+X")
    expect(page.locator("[name=lead]:checked")).to_have_count(3)
    expect(page.locator("[data-selects]").first).to_have_js_property("indeterminate", True)
    # The box has the focus after a click; keys go on, and Enter opens the row instead of sending.
    page.locator("[name=lead]").nth(2).click()
    desk.shortcut("x")
    expect(page.locator("[name=lead]:checked")).to_have_count(3)
    page.get_by_role("button", name="Hand off", exact=True).click()
    expect(page.locator("h1")).to_have_text("Hand off 3 leads")
    page.get_by_role("button", name="Hand off 3 leads").click()
    expect(page.get_by_text(re.compile(r"Done: \d of 3\."))).to_be_visible()
    page.locator(".back a").click()
    expect(page).to_have_url(re.compile(r"/leads/\?stage=captured$"))
