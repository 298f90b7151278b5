"""What is typed and not saved yet: several forms on one page, a reload, an error, signing out."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Sit
from tests.browser.desk import Desk

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LEAD = "Camila Torres"  # Bea has talked to her
NOTE, COMMENT = "Wants a call on Tuesday", "No budget this year"
KEPT = "Object.keys(sessionStorage).filter((key) => key.startsWith('relevo:'))"


@pytest.fixture
def bea(sit: Sit) -> Desk:
    return sit("sales_rep").open_lead(LEAD)


def field(desk: Desk, step: str, name: str) -> Locator:
    """The field ``name`` of the form that posts to ``step``, in a fold or not."""
    return desk.page.locator(f"form[action$='/{step}/'] [name={name}]")


def unfold(desk: Desk) -> None:
    desk.page.evaluate("document.querySelectorAll('details').forEach((each) => each.open = true)")


def type_three_notes(desk: Desk) -> Locator:
    """A note, a comment and evidence at once; return the form of the evidence."""
    unfold(desk)
    field(desk, "attempt", "note").fill(NOTE)
    field(desk, "disqualify", "comment").fill(COMMENT)
    evidence = desk.page.locator("form[action$='/evidence/budget/']")
    evidence.locator("[name=value]").fill("Signs up to 50,000")
    return evidence


def expect_two_notes(desk: Desk) -> None:
    expect(field(desk, "attempt", "note")).to_have_value(NOTE)
    expect(field(desk, "disqualify", "comment")).to_have_value(COMMENT)


def test_saving_one_form_keeps_the_others_and_the_place(bea):
    evidence = type_three_notes(bea)
    save = evidence.get_by_role("button")
    save.scroll_into_view_if_needed()
    top = bea.page.evaluate("scrollY")
    assert top > 0
    with bea.page.expect_navigation():
        save.click()
    bea.sees("Signs up to 50,000")
    expect_two_notes(bea)
    assert abs(bea.page.evaluate("scrollY") - top) < 200
    # The next thing that waits to be saved has the focus, and is told as a draft.
    expect(field(bea, "disqualify", "comment")).to_be_focused()
    expect(bea.page.locator("[data-restored]")).to_have_count(2)
    # What was saved is typed no more.
    expect(bea.page.locator("form[action$='/evidence/budget/'] [name=value]")).to_have_value("")


def test_notes_survive_a_reload_until_they_are_discarded(bea):
    type_three_notes(bea)
    bea.page.reload()
    expect_two_notes(bea)
    draft = bea.page.locator("form[action$='/attempt/']")
    expect(draft).to_contain_text("Restored draft")
    draft.get_by_role("button", name="discard").click()
    expect(field(bea, "attempt", "note")).to_have_value("")
    bea.page.reload()
    expect(field(bea, "attempt", "note")).to_have_value("")
    expect(field(bea, "disqualify", "comment")).to_have_value(COMMENT)
    assert bea.page.evaluate("localStorage.length") == 0


def test_refused_form_loses_nothing(bea):
    """A form with an error, then an error of the server, then back on the lead."""
    type_three_notes(bea)
    with bea.page.expect_navigation():
        bea.page.locator("form[action$='/attempt/'] button:not([type])").click()
    expect(bea.page.locator(".err-sum")).to_be_visible()
    expect_two_notes(bea)
    bea.page.route("**/attempt/", lambda route: route.fulfill(status=409, body="no"))
    with bea.page.expect_navigation():
        bea.page.locator("form[action$='/attempt/'] button:not([type])").click()
    bea.page.unroute("**/attempt/")
    bea.open_lead(LEAD)
    expect_two_notes(bea)


def test_button_that_nobody_chose_gets_no_focus_after_an_import(sit):
    """Where the button of the import stood, the page has one that undoes the import."""
    ana = sit("marketing")
    ana.open("/imports/new/")
    file = {
        "name": "fair.csv",
        "mimeType": "text/csv",
        "buffer": b"Name,Email\nEva Sol,eva@sol.test",
    }
    ana.page.set_input_files("input[type=file]", file)
    ana.page.locator("main form .btn-primary").click()
    ana.page.locator("form[action$='/columns/'] .btn-primary").click()
    ana.page.locator("form[action$='/start/'] .btn-primary").click()
    undo = ana.page.locator("form[action$='/undo/'] button")
    expect(undo).to_be_visible()
    expect(undo).not_to_be_focused()


def test_sign_out_and_another_person_leave_no_draft(sit):
    bea = sit("sales_rep").open_lead(LEAD)
    type_three_notes(bea)
    assert len(bea.page.evaluate(KEPT)) == 3
    # Somebody else signs in in the same tab without Bea's signing out.
    bea.context.clear_cookies()
    bea.sign_in_as("team_lead")
    assert bea.page.evaluate(KEPT) == []
    bea.open_lead(LEAD)
    unfold(bea)
    reassign = bea.page.locator("form[action$='/reassign/'] [name=comment]")
    reassign.fill("Bea is on leave")
    assert len(bea.page.evaluate(KEPT)) == 1
    bea.page.locator("form[data-signs-out] button").first.evaluate("(button) => button.click()")
    bea.page.wait_for_url("**/accounts/login/**")
    assert bea.page.evaluate(KEPT) == []


def test_newer_value_of_the_server_wins_in_an_edit_form(sit, running):
    """Two forms of a person's page: one is saved while somebody else changes what the other has."""
    root = sit("admin")
    pk = running.value("SELECT id FROM accounts_user WHERE email LIKE 'cruz@%%'")
    root.open(f"/people/{pk}/")
    name = field(root, "edit", "name")
    name.fill("Cruz Medina Soto")
    unfold(root)
    with root.page.expect_navigation():
        root.page.locator("form[action$='/place/']").get_by_role("button").last.click()
    expect(name).to_have_value("Cruz Medina Soto")
    expect(root.page.locator("[data-restored]")).to_have_count(1)
    name.fill("Cruz M.")
    running.execute(f"UPDATE accounts_user SET name = 'Cruz Medina Ruiz' WHERE id = {pk}")
    with root.page.expect_navigation():
        root.page.locator("form[action$='/place/']").get_by_role("button").last.click()
    expect(name).to_have_value("Cruz Medina Ruiz")


def test_refused_form_has_the_focus_and_keeps_the_place_until_it_is_right(bea):
    """The wrong field comes first, not the next note; once it is right, the place is the same."""
    unfold(bea)
    field(bea, "attempt", "note").fill(NOTE)
    field(bea, "disqualify", "comment").fill(COMMENT)
    form = bea.page.locator("form[action$='/evidence/budget/fact/']")
    fact = form.locator("[name=fact]")
    fact.fill("much")
    form.get_by_role("button").last.scroll_into_view_if_needed()
    top = bea.page.evaluate("scrollY")
    assert top > 0
    with bea.page.expect_navigation():
        form.get_by_role("button").last.click()
    expect(fact).to_have_attribute("aria-invalid", "true")
    expect(fact).to_be_focused()
    fact.fill("9000")
    top = bea.page.evaluate("scrollY")
    with bea.page.expect_navigation():
        form.get_by_role("button").last.click()
    bea.sees("Yearly budget: 9,000")
    expect_two_notes(bea)
    assert abs(bea.page.evaluate("scrollY") - top) < 200


def test_draft_whose_form_is_gone_is_shown_until_it_is_discarded(bea):
    """After the lead is disqualified nobody logs an attempt on it: what was typed is shown."""
    unfold(bea)
    field(bea, "attempt", "note").fill(NOTE)
    bea.page.locator("form[action$='/disqualify/'] [name=reason]").first.check()
    with bea.page.expect_navigation():
        bea.page.locator("form[action$='/disqualify/'] button:not([type])").click()
    left = bea.page.locator(".behind")
    expect(left).to_contain_text(NOTE)
    bea.page.reload()
    expect(left).to_contain_text(NOTE)
    left.get_by_role("button", name="discard").click()
    expect(left).to_have_count(0)
    bea.page.reload()
    expect(left).to_have_count(0)
