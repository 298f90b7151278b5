"""The lead page as a rep uses it: what matters is in sight, and fields are edited in place."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Sit
from tests.browser.desk import PHONE, Desk
from tests.browser.running import Running

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CONTACTED = (
    "SELECT h.lead_id FROM leads_handoff h JOIN accounts_user u ON u.id = h.owner_id"
    " WHERE h.state = 'contacted' AND u.email = 'bea@demo.relevo.test' ORDER BY h.id DESC LIMIT 1"
)


def open_contacted(desk: Desk, running: Running) -> Desk:
    desk.open(f"/leads/{running.value(CONTACTED)}/")
    return desk


def test_note_box_is_in_sight_on_a_laptop(sit: Sit, running: Running) -> None:
    bea = open_contacted(sit("sales_rep"), running)
    bea.page.set_viewport_size({"width": 1280, "height": 800})
    expect(bea.page.locator("#id_note_note")).to_be_in_viewport(ratio=1)
    bea.shortcut("n")
    expect(bea.page.locator("#id_note_note")).to_be_focused()


def test_history_is_the_second_part_on_a_phone(sit: Sit, running: Running) -> None:
    bea = open_contacted(sit("sales_rep", **PHONE), running)
    titles = bea.page.locator("main h2").all_inner_texts()
    assert titles[:2] == ["Before you call", "History"]


def test_field_is_edited_in_place_by_keys(sit: Sit, running: Running) -> None:
    bea = open_contacted(sit("sales_rep"), running)
    page = bea.page
    name = page.get_by_role("heading", level=1).inner_text()
    page.locator("#timeline textarea").fill("Wants two offers")
    page.locator("#lead-head h1").click()
    bea.shortcut("e")
    expect(page.locator("#id_place_name")).to_be_focused()
    page.keyboard.type("Nobody")
    page.keyboard.press("Escape")
    expect(page.locator("#field-name")).to_contain_text(name)
    expect(page.locator("#id_place_name")).to_have_count(0)
    page.locator("#field-employees a").click()
    expect(page.locator("#id_place_employees")).to_be_focused()
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.type("321")
    page.keyboard.press("Enter")
    expect(page.locator("#field-employees")).to_contain_text("Saved")
    expect(page.locator("#field-employees a")).to_be_focused()
    # The parts that show or judge the field follow; what is typed in them stays.
    expect(page.locator("#timeline .tl > li").first).to_contain_text("→ 321")
    expect(page.locator("#why")).to_contain_text("Employees: 321")
    expect(page.locator("#timeline textarea")).to_have_value("Wants two offers")
    expect(page.locator("#field-employees a")).to_be_focused()
    page.reload()
    expect(page.locator("#field-employees")).to_contain_text("321")


def test_list_is_leafed_through_by_keys(sit: Sit) -> None:
    bea = sit("sales_rep")
    bea.open("/mine/")
    names = bea.page.locator("[data-row] .nm").all_inner_texts()[:2]
    heading = bea.page.get_by_role("heading", level=1)
    bea.page.locator("[data-row] .nm").first.click()
    expect(heading).to_have_text(names[0])
    bea.shortcut("]")
    expect(heading).to_have_text(names[1])
    bea.shortcut("[")
    expect(heading).to_have_text(names[0])
    bea.link("My leads", within=bea.page.locator("main")).click()
    expect(bea.page).to_have_url(re.compile(r"/mine/$"))
