"""The queue by keyboard alone: keys move and decide, leave fields alone, and stay silent where
switched off.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Sit
from tests.browser.desk import Desk

pytestmark = [pytest.mark.browser, pytest.mark.slow]

HERE = re.compile(r"\bis-here\b")
GONE = re.compile(r"\bis-gone\b")


@pytest.fixture
def bea(sit: Sit) -> Desk:
    """A rep before the queue."""
    desk = sit("sales_rep")
    assert desk.page.url.endswith("/queue/")
    return desk


def rows(page: Page) -> Locator:
    return page.locator("[data-row]")


def focused(page: Page) -> Locator:
    return page.locator(":focus")


def test_tab_reaches_the_skip_link_first_and_it_leads_to_the_content(bea):
    bea.shortcut("Tab")
    expect(focused(bea.page)).to_have_text("Skip to content")
    expect(focused(bea.page)).to_be_in_viewport()
    bea.shortcut("Enter")
    expect(bea.page.locator("main")).to_be_focused()
    bea.shortcut("Tab")
    expect(focused(bea.page)).to_have_text(re.compile("^Waiting"))


def test_j_and_k_move_through_the_rows_and_stay_inside_the_list(bea):
    listed = rows(bea.page)
    bea.shortcut("j")
    expect(listed.nth(0)).to_have_class(HERE)
    expect(listed.nth(0).locator(".nm")).to_be_focused()
    bea.shortcut("j", "j", "k")
    expect(listed.nth(1)).to_have_class(HERE)
    expect(bea.page.locator(".is-here")).to_have_count(1)
    bea.shortcut(*"kkk")
    expect(listed.nth(0).locator(".nm")).to_be_focused()
    bea.shortcut("Escape")
    expect(bea.page.locator(".is-here")).to_have_count(0)


def test_enter_opens_the_row(bea):
    name = rows(bea.page).nth(1).locator(".nm").inner_text()
    bea.shortcut("j", "j", "Enter")
    expect(bea.page.get_by_role("heading", level=1)).to_have_text(name)


def test_a_accepts_the_row_and_the_focus_goes_on(bea):
    listed = rows(bea.page)
    first, last = listed.nth(0), listed.last
    bea.shortcut("j", "a")
    expect(first).to_have_class(GONE)
    expect(first).to_contain_text("Yours now.")
    expect(listed.nth(1)).to_have_class(HERE)
    expect(listed.nth(1).locator(".nm")).to_be_focused()
    # On the last row there is no next: the focus goes to the one before it.
    bea.shortcut(*"j" * listed.count(), "a")
    expect(last).to_have_class(GONE)
    expect(listed.nth(listed.count() - 2).locator(".nm")).to_be_focused()
    # A decided row is not decided again.
    bea.shortcut("j", "a")
    expect(last.locator(".nm")).to_be_focused()
    expect(bea.page.locator(".is-gone")).to_have_count(2)


def test_u_undoes_what_a_accepted(bea, running):
    page, row, waiting = (
        bea.page,
        rows(bea.page).nth(0),
        bea.page.locator(".nav [data-count=queue]"),
    )
    name, before = row.locator(".nm").inner_text(), waiting.inner_text()
    handoff = running.handoff_of(name)
    state = "SELECT state FROM leads_handoff WHERE id = %s"
    bea.shortcut("j", "a")
    expect(row).to_have_class(GONE)
    assert running.value(state, handoff) == "accepted"
    # One stands on the next row already; u is meant for what was just done.
    expect(rows(page).nth(1)).to_have_class(HERE)
    bea.shortcut("u")
    expect(row).not_to_have_class(GONE)
    expect(row.locator(".nm")).to_have_text(name)
    expect(bea.button("Accept", within=row).first).to_be_enabled()
    expect(waiting).to_have_text(before)
    assert running.value(state, handoff) == "pending"
    # Undone is undone: the row can be decided like any other, and u finds nothing more to undo.
    bea.shortcut("u")
    expect(page.locator(".is-gone")).to_have_count(0)
    bea.shortcut("k", "a")
    expect(row).to_have_class(GONE)
    assert running.value(state, handoff) == "accepted"


def test_undo_of_an_accept_leaves_the_row_after_ten_seconds(bea):
    row = rows(bea.page).nth(0)
    bea.shortcut("j", "a")
    expect(bea.button("Undo", within=row)).to_be_visible()
    expect(bea.button("Undo", within=row)).to_have_count(0, timeout=12_000)
    expect(bea.link("Open", within=row)).to_be_visible()


def test_accepting_by_a_leaves_what_the_counters_say_true(bea, running):
    waiting = bea.page.locator(".nav [data-count=queue]")
    before = int(waiting.inner_text())
    bea.shortcut("j", "a")
    expect(bea.page.locator(".is-gone")).to_have_count(1)
    expect(waiting).to_have_text(str(before - 1))
    expect(bea.page.locator(".tabs [data-count=queue]")).to_have_text(str(before - 1))
    # The list changed by one's own hand: nothing is offered to be shown anew.
    expect(bea.page.locator("[data-new-rows]")).to_be_hidden()


def test_r_opens_the_reasons_and_escape_leads_back(bea):
    name = rows(bea.page).nth(1).locator(".nm").inner_text()
    bea.shortcut("j", "j", "r")
    expect(bea.page.get_by_role("heading", level=1)).to_have_text(f"Reject {name}")
    bea.shortcut("Escape")
    expect(bea.page).to_have_url(re.compile("/queue/$"))
    expect(rows(bea.page).nth(1).locator(".nm")).to_be_focused()


def test_a_lead_is_rejected_by_keyboard_alone(bea, running):
    name, following = rows(bea.page).locator(".nm").all_inner_texts()[:2]
    bea.shortcut("j", "r")
    page = bea.page
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Reject {name}")
    expect(page.get_by_role("radio").first).to_be_focused()
    bea.shortcut("ArrowDown", "ArrowDown")
    expect(page.get_by_role("radio").nth(2)).to_be_checked()
    bea.shortcut("Tab")
    page.keyboard.type("jark: wrong number")
    bea.shortcut("Escape")  # would lose what was typed
    expect(page.get_by_label("Comment for marketing")).to_have_value("jark: wrong number")
    bea.shortcut("Tab", "Enter")
    expect(page).to_have_url(re.compile("/queue/$"))
    expect(page.locator(".toast")).to_contain_text(
        f"{name} went back to marketing with your reason."
    )
    # One stands on the lead that follows it.
    expect(focused(page)).to_have_text(following)
    state = "SELECT state FROM leads_handoff WHERE id = %s"
    assert running.value(state, running.handoff_of(name)) == "rejected"
    bea.shortcut("u")  # the toast has the button
    expect(page.locator(".toast")).to_contain_text(f"Undone: {name} waits in the queue again.")
    expect(page.locator(".toast").get_by_role("button", name="Undo")).to_have_count(0)
    expect(bea.row(name)).to_have_count(1)
    assert running.value(state, running.handoff_of(name)) == "pending"


def test_toast_after_a_reject_undoes_it(bea, running):
    page, name = bea.page, rows(bea.page).nth(0).locator(".nm").inner_text()
    bea.shortcut("j", "r")
    page.get_by_label("Is not the buyer persona").check()
    bea.button("Reject and send back").click()
    expect(bea.row(name)).to_have_count(0)
    bea.button("Undo", within=page.locator(".toast")).click()
    expect(page.locator(".toast")).to_contain_text(f"Undone: {name} waits in the queue again.")
    expect(bea.row(name)).to_have_count(1)
    assert (
        running.value("SELECT state FROM leads_handoff WHERE id = %s", running.handoff_of(name))
        == "pending"
    )


def test_letters_in_a_field_are_letters(bea):
    page = bea.page
    bea.open("/leads/")
    bea.shortcut("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("jark?gq/")
    expect(page.get_by_role("searchbox")).to_have_value("jark?gq/")
    expect(page.locator(".is-here")).to_have_count(0)
    expect(page.locator("dialog[open]")).to_have_count(0)
    assert page.url.endswith("/leads/")


def test_g_and_a_letter_go_to_pages(bea):
    page = bea.page
    for letter, address in (
        ("m", "/mine/"),
        ("l", "/leads/"),
        ("q", "/queue/"),
        ("d", "/alignment/"),
    ):
        bea.shortcut("g", letter)
        expect(page).to_have_url(re.compile(f"{address}$"))


def test_marketing_answers_from_its_desk_by_its_main_key(sit: Sit):
    ana = sit("marketing")
    page = ana.page
    assert page.url.endswith("/desk/")
    # At once: the moment after a page has loaded is not the one after "g".
    ana.shortcut("j")
    expect(rows(page).nth(0).locator(".nm")).to_be_focused()
    ana.shortcut("q")
    expect(page).to_have_url(re.compile(r"/leads/\d+/qualify/\?back="))


def test_question_mark_tells_the_keys_and_escape_gives_the_focus_back(bea):
    bea.shortcut("j", "?")
    expect(bea.page.get_by_role("dialog")).to_contain_text("Accept")
    bea.shortcut("j", "a", "Escape")
    expect(bea.page.get_by_role("dialog")).to_have_count(0)
    expect(bea.page.locator(".is-gone")).to_have_count(0)
    expect(rows(bea.page).nth(0).locator(".nm")).to_be_focused()


def test_switched_off_keys_do_nothing_at_all(bea):
    page = bea.page
    bea.open("/preferences/")
    page.get_by_role("checkbox", name="Keyboard shortcuts").uncheck()
    bea.button("Save").click()
    bea.sees("Preferences saved.")
    bea.open("/queue/")
    bea.shortcut(*"jjar?/", "g", "m", "x")
    expect(page.locator(".is-here, .is-gone, dialog[open]")).to_have_count(0)
    expect(page).to_have_url(re.compile("/queue/$"))
    expect(focused(page)).to_have_count(0)
    # Tab and Enter are not shortcuts.
    rows(page).nth(0).get_by_role("button").first.focus()
    bea.shortcut("Enter")
    expect(rows(page).nth(0)).to_have_class(GONE)
    bea.open("/preferences/")
    page.get_by_role("checkbox", name="Keyboard shortcuts").check()
    bea.button("Save").click()
    bea.sees("Preferences saved.")
