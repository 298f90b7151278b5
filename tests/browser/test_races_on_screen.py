"""Two people at two browsers reach for the same lead: one gets it, the other is told by whom, and
works on.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import Sit
from tests.browser.desk import Desk
from tests.browser.running import Running

pytestmark = [pytest.mark.browser, pytest.mark.slow]

GONE = re.compile(r"\bis-gone\b")
FASTER = "Cruz Medina was faster and accepted this lead."


@pytest.fixture
def bea(sit: Sit) -> Desk:
    return sit("sales_rep")


@pytest.fixture
def cruz(sit: Sit) -> Desk:
    desk = sit(mailbox="cruz")
    desk.speak("en")
    return desk


def decisions(running: Running, name: str) -> list[tuple[str, str]]:
    """Those that were not put back: the demo has a lead that Cruz accepted, and that lay until the
    queue had it.
    """
    sql = (
        "SELECT d.kind, u.name FROM leads_decision d JOIN accounts_user u ON u.id = d.by_id "
        "WHERE d.handoff_id = %s"
        " AND d.released_at IS NULL ORDER BY d.id"
    )
    return running.rows(sql, running.handoff_of(name))


def test_second_rep_is_told_who_was_faster_and_works_on(bea, cruz, running):
    name, next_name = bea.page.locator("[data-row] .nm").all_inner_texts()[:2]
    cruz.open("/queue/")
    cruz.button("Accept", within=cruz.row(name)).first.click()
    expect(cruz.row(name)).to_contain_text("Yours now.")
    with bea.page.expect_response(lambda answer: "/accept/" in answer.url) as answer:
        bea.button("Accept", within=bea.row(name)).first.click()
    assert answer.value.status == 409
    row = bea.row(name)
    expect(row).to_have_class(GONE)
    expect(row).to_contain_text(FASTER)
    # What is Cruz' now is no longer hers to open: no link and no button is left in the row.
    expect(row.get_by_role("link")).to_have_count(0)
    expect(row.get_by_role("button")).to_have_count(0)
    expect(bea.row(next_name)).to_have_class(re.compile(r"\bis-here\b"))
    bea.shortcut("a")
    expect(bea.row(next_name)).to_contain_text("Yours now.")
    assert decisions(running, name) == [("accept", "Cruz Medina")]
    assert decisions(running, next_name) == [("accept", "Bea Quintero")]


def test_new_leads_wait_behind_a_line_until_asked_for(bea, sit, running):
    page, ana = bea.page, sit("marketing")
    line, rows = page.locator("[data-new-rows]"), page.locator("[data-row]")
    listed = rows.locator(".nm").all_inner_texts()
    bea.shortcut("j", "a")
    expect(page.locator(".is-gone")).to_have_count(1)
    lead = running.lead_of("Ximena Castro")
    team = running.value("SELECT id FROM accounts_team WHERE name = 'Ventas en línea'")
    ana.post(f"/leads/{lead}/qualify/", f"/leads/{lead}/hand-off/", team=team)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # the next pulse, now
    expect(line).to_be_visible()
    expect(line).to_have_text("1 new – show")
    assert rows.locator(".nm").all_inner_texts() == listed
    line.get_by_role("link").click()
    expect(bea.row("Ximena Castro")).to_have_count(1)
    expect(line).to_be_hidden()


def test_lead_page_that_is_out_of_date_answers_with_a_page_that_leads_on(bea, cruz, running):
    name = bea.page.locator("[data-row] .nm").first.inner_text()
    bea.open_lead(name)
    cruz.open_lead(name)
    cruz.button("Accept").click()
    cruz.sees("%(lead)s is yours. Make the first contact now.", lead=name)
    with bea.page.expect_navigation() as answer:
        bea.button("Accept").click()
    assert answer.value.status == 409
    expect(bea.page.get_by_role("heading", level=1)).to_have_text("Somebody was faster")
    bea.sees(FASTER)
    # In the shell: the way on is there.
    bea.page.locator(".nav").get_by_role("link", name="Queue").click()
    expect(bea.page.get_by_role("heading", level=1)).to_have_text("Queue")
    expect(bea.row(name)).to_have_count(0)
    assert decisions(running, name) == [("accept", "Cruz Medina")]


def test_rejecting_what_a_colleague_accepted_says_so(bea, cruz, running):
    name = bea.page.locator("[data-row] .nm").first.inner_text()
    bea.link("Reject", within=bea.row(name)).click()
    cruz.open("/queue/")
    cruz.button("Accept", within=cruz.row(name)).first.click()
    expect(cruz.row(name)).to_contain_text("Yours now.")
    bea.page.get_by_label("Is not the buyer persona").check()
    bea.button("Reject and send back").click()
    expect(bea.page.get_by_role("heading", level=1)).to_have_text("Somebody was faster")
    bea.sees(FASTER)
    assert decisions(running, name) == [("accept", "Cruz Medina")]


def test_stale_edit_keeps_what_was_typed_and_says_what_happened(sit, running):
    name = "Paula Ríos"
    address = f"/leads/{running.lead_of(name)}/edit/"
    ana, luis = sit("marketing"), sit(mailbox="luis")
    luis.speak("en")
    for desk in (ana, luis):
        desk.open(address)
    luis.page.get_by_label("Job title").fill("Gerente Regional")
    luis.button("Save").click()
    luis.sees("Saved.")
    ana.page.get_by_label("Company", exact=False).first.fill("Viajes Altiplano Internacional")
    with ana.page.expect_navigation() as answer:
        ana.button("Save").click()
    assert answer.value.status == 409
    expect(ana.page.locator(".err-sum")).to_contain_text(
        "Luis Ferrer changed this lead while you edited it."
    )
    # Both values stand side by side: what Luis saved, and what Ana typed. Nothing else is shown.
    groups = ana.page.locator("main fieldset")
    expect(groups).to_have_count(2)
    expect(
        groups.filter(has_text="Job title").get_by_role("radio", name="Gerente Regional")
    ).to_be_checked()
    company = groups.filter(has_text="Company")
    expect(company.get_by_role("radio", name="Yours")).to_be_checked()
    expect(company.get_by_role("textbox")).to_have_value("Viajes Altiplano Internacional")
    ana.button("Save").click()
    ana.sees("Saved.")
    saved = "SELECT p.job_title, c.name FROM leads_lead l JOIN leads_person p ON p.id = l.person_id"
    saved += " JOIN leads_company c ON c.id = l.company_id WHERE l.id = %s"
    assert running.rows(saved, running.lead_of(name)) == [
        ("Gerente Regional", "Viajes Altiplano Internacional")
    ]


@pytest.mark.parametrize("where", ["queue", "lead"])
def test_double_click_makes_one_decision(bea, running, where):
    name = bea.page.locator("[data-row] .nm").first.inner_text()
    sent: list[str] = []

    def slowly(route: Route) -> None:
        sent.append(route.request.url)
        bea.page.wait_for_timeout(150)  # the answer takes longer than the second click
        route.continue_()

    bea.page.route("**/accept/", slowly)
    if where == "queue":
        bea.button("Accept", within=bea.row(name)).first.dblclick()
        expect(bea.row(name)).to_contain_text("Yours now.")
    else:
        bea.open_lead(name)
        bea.button("Accept").dblclick()
        bea.sees("%(lead)s is yours. Make the first contact now.", lead=name)
    assert len(sent) == 1
    assert decisions(running, name) == [("accept", "Bea Quintero")]
