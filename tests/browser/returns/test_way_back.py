"""The ways back of a lead, by keyboard alone: each person goes on where the one before stopped.

Here each way is gone in one language and at one width; `make soak` goes it in both at both.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from itertools import count

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Sit
from tests.browser.desk import Desk, scrolls_sideways
from tests.browser.running import Running, move_to, wait_for
from tests.browser.words import LANGUAGES
from tests.conftest import Moment

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PHONE, LAPTOP = 360, 1280
TEAM = "Ventas en línea"  # open day and night
GONE = re.compile(r"\bis-gone\b")
HERE = re.compile(r"\bis-here\b")
NUMBERS = count(1)

Take = Callable[..., Desk]


def ways(language: str, width: int) -> pytest.MarkDecorator:
    """Every language at every width; all but the one named in `make soak` only."""
    each = []
    for one in LANGUAGES:
        for other in (PHONE, LAPTOP):
            is_usual = (one, other) == (language, width)
            marks = [] if is_usual else [pytest.mark.soak]
            each.append(pytest.param(one, other, marks=marks))
    return pytest.mark.parametrize(("language", "width"), each)


@pytest.fixture
def take(sit: Sit, language: str, width: int) -> Take:
    """``take("marketing")``: a person at a window of the width, before their first page."""

    def seat(part: str | None = None, **options: str) -> Desk:
        viewport = {"width": width, "height": 740}
        return sit(part, language, viewport=viewport, **options)

    return seat


def hand_off(ana: Desk) -> str:
    """Log a lead and hand it off, by the forms' own addresses; return its name."""
    running, number = ana.running, next(NUMBERS)
    name = f"Vuelta Número {number:02}"
    source = running.value("SELECT id FROM leads_source WHERE code = 'event'")
    action = running.value("SELECT id FROM leads_valuableactionkind WHERE code = 'asked_for_demo'")
    data = {
        "name": name,
        "email": f"vuelta{number}@regreso.relevo.test",
        "phone": f"+52 55 4100 {number:04}",
        "company": f"Grupo {number}",
        "job_title": "CEO",
        "employees": 60,
    }
    ana.post("/leads/new/", "/leads/new/", **data, source=source, first_action=action)
    lead = running.lead_of(name)
    team = running.value("SELECT id FROM accounts_team WHERE name = %s", TEAM)
    ana.post(f"/leads/{lead}/qualify/", f"/leads/{lead}/hand-off/", team=team)
    return name


def reject(bea: Desk, name: str) -> None:
    handoff = bea.running.handoff_of(name)
    reason = bea.running.value("SELECT id FROM sla_rejectionreason WHERE code = 'not_the_persona'")
    address = f"/handoffs/{handoff}/reject/"
    bea.post(address, address, reason=reason, comment="No compra")


def cycles(running: Running, name: str) -> list[str]:
    """The states of the handoffs of a lead, the first one first."""
    rows = running.rows(
        "SELECT state FROM leads_handoff WHERE lead_id = %s ORDER BY cycle", running.lead_of(name)
    )
    return [state for (state,) in rows]


def returned(running: Running, name: str) -> str:
    """The state of the newest return of a lead."""
    return running.value(
        "SELECT r.state FROM leads_return r JOIN leads_handoff h ON h.id = r.handoff_id "
        "WHERE h.lead_id = %s ORDER BY -r.id LIMIT 1",
        running.lead_of(name),
    )


# -- By keyboard alone


def press(desk: Desk, *keys: str) -> None:
    desk.shortcut(*keys)


def tab_to(desk: Desk, target: Locator) -> None:
    """Press Tab until the target has the focus."""
    for _step in range(150):
        desk.page.keyboard.press("Tab")
        if target.evaluate("(each) => each === document.activeElement"):
            return
    raise AssertionError(f"Tab does not reach {target}")


# How many rows the wanted one is below the one that a person stands on.
BELOW = """
(name) => {
  const rows = [...document.querySelectorAll('[data-row]')];
  return rows.findIndex((row) => row.textContent.includes(name))
    - rows.findIndex((row) => row.classList.contains('is-here'));
}
"""


def stand_on(desk: Desk, name: str) -> Locator:
    """Go with `j` and `k` to the row of a lead, on the page of the list that has it."""
    row, following = desk.row(name), desk.page.locator("a[rel=next]")
    while not row.count() and following.count():
        following.focus()
        press(desk, "Enter")
        desk.page.wait_for_url("**after=**")
    expect(row).to_have_count(1)
    steps = desk.page.evaluate(BELOW, name)
    press(desk, *("j" if steps > 0 else "k") * abs(steps))
    expect(row).to_have_class(HERE)
    return row


def fill_in(desk: Desk, form: Locator, text: str) -> None:
    """Open the fold of a form, type into its one text and send it."""
    fold = desk.page.locator("details", has=form).locator("summary")
    tab_to(desk, fold)
    press(desk, "Enter")
    tab_to(desk, form.locator("textarea"))
    desk.page.keyboard.type(text)
    tab_to(desk, form.get_by_role("button"))
    press(desk, "Enter")


def told(desk: Desk, text: str, **values: object) -> None:
    """The sentence after the step; nothing is cut off at this width."""
    expect(desk.page.locator(".toast")).to_contain_text(desk.say(text, **values))
    assert not scrolls_sideways(desk.page)


# -- The queue


@ways("es", PHONE)
def test_ten_leads_are_worked_from_the_queue(take: Take, sit: Sit, running: Running) -> None:
    ana, bea = take("marketing"), take("sales_rep")
    offered = bea.page.locator("[data-row]", has=bea.page.locator("[data-key=a]"))
    for _missing in range(offered.count(), 10):
        hand_off(ana)
    bea.open("/queue/")
    names = offered.locator(".nm").all_inner_texts()[:10]
    cruz = sit(mailbox="cruz", anywhere=True)
    lost = names[0]
    for name in names:
        handoff = running.handoff_of(name)
        if name == lost:
            cruz.post("/queue/", f"/handoffs/{handoff}/accept/")
        row = stand_on(bea, name)
        press(bea, "a")
        expect(row).to_have_class(GONE)
        if name == names[1]:
            press(bea, "u")
            expect(row).not_to_have_class(GONE)
            stand_on(bea, name)
            press(bea, "a")
            expect(row).to_have_class(GONE)
    expect(bea.row(lost)).to_contain_text("Cruz Medina")
    assert [cycles(running, name)[-1] for name in names] == ["accepted"] * 10


# -- Rejected, mended, handed off again


@ways("es", PHONE)
def test_rejected_lead_is_mended_and_comes_again(take: Take, running: Running) -> None:
    ana, bea = take("marketing"), take("sales_rep")
    name = hand_off(ana)
    bea.open("/queue/")
    stand_on(bea, name)
    press(bea, "r")
    expect(bea.page.get_by_role("radio").first).to_be_focused()
    press(bea, "ArrowDown", "ArrowDown")
    tab_to(bea, bea.field("Comment for marketing"))
    bea.page.keyboard.type("Contesta otra persona")
    press(bea, "Tab", "Enter")
    told(bea, "%(lead)s went back to marketing with your reason.", lead=name)

    ana.open("/desk/")
    row = stand_on(ana, name)
    expect(row).to_contain_text("“Contesta otra persona”")
    press(ana, "q")
    ana.sees("Nothing has changed since sales sent it back.")
    correct = ana.page.locator("#hand-off .note--warn a")
    tab_to(ana, correct)
    press(ana, "Enter")
    tab_to(ana, ana.field("Phone"))
    press(ana, "ControlOrMeta+a")
    ana.page.keyboard.type("+52 55 4200 0001")
    press(ana, "Enter")
    expect(ana.page.get_by_role("heading", level=1)).to_have_text(name)
    press(ana, "q")
    ana.sees("Changed since sales sent it back:")
    tab_to(ana, ana.field("To the queue of"))
    ana.page.keyboard.type(TEAM)
    tab_to(ana, ana.button("Hand off to sales"))
    press(ana, "Enter")
    told(
        ana,
        "%(lead)s is in the queue of %(team)s. The clock is running.",
        lead=name,
        team=TEAM,
    )

    bea.open("/queue/")
    stand_on(bea, name)
    press(bea, "Enter")
    expect(bea.page.locator("#before .refused")).to_contain_text(bea.say("Changed since then:"))
    press(bea, "a")
    told(bea, "%(lead)s is yours. Make the first contact now.", lead=name)
    assert (cycles(running, name), returned(running, name)) == (["rejected", "accepted"], "fixed")


# -- Decisions that are no rejection


@ways("en", LAPTOP)
def test_duplicate_is_undone_and_lead_is_misrouted_twice(take: Take, running: Running) -> None:
    ana, bea = take("marketing"), take("sales_rep")
    name, page = hand_off(ana), bea.page
    bea.open("/queue/")
    stand_on(bea, name)
    press(bea, "m", "d")
    expect(page.locator("#id_duplicate_q")).to_be_focused()
    page.keyboard.type("Diego Luna")
    press(bea, "Enter")
    tab_to(bea, page.get_by_role("radio").first)
    press(bea, "Space")
    tab_to(bea, page.locator("main .btn-primary"))
    press(bea, "Enter")
    expect(page.locator(".toast")).to_contain_text("Diego Luna")
    assert (cycles(running, name), returned(running, name)) == (["duplicate"], "duplicate")
    press(bea, "u")
    told(bea, "Undone: %(lead)s waits in the queue again.", lead=name)

    misroute(bea, name, is_first=True)
    expect(page.locator(".toast")).to_contain_text(name)
    assert cycles(running, name) == ["misrouted", "pending"]
    misroute(bea, name, is_first=False)
    told(bea, "%(lead)s went back to marketing: it is for another team.", lead=name)
    assert (cycles(running, name), returned(running, name)) == (["misrouted"] * 2, "open")
    ana.open_lead(name)
    ana.sees("It is misrouted for the second time.", within=ana.page.locator("#before"))
    expect(ana.page.locator("#step-dispute")).to_have_count(0)


def misroute(bea: Desk, name: str, *, is_first: bool) -> None:
    bea.open("/queue/")
    stand_on(bea, name)
    press(bea, "m", "w")
    if is_first:
        expect(bea.page.locator("#id_misroute_team")).to_be_focused()
        press(bea, "ArrowDown", "Tab")
    expect(bea.page.locator("#id_misroute_comment")).to_be_focused()
    bea.page.keyboard.type("Es de otra región")
    press(bea, "Tab", "Enter")
    bea.page.wait_for_url("**/queue/**")


# -- The arbiter


@ways("en", LAPTOP)
def test_arbiter_upholds_one_dispute_and_denies_another(take: Take, running: Running) -> None:
    ana, bea, elsa = take("marketing"), take("sales_rep"), take("director")
    upheld, denied = hand_off(ana), hand_off(ana)
    for name in (upheld, denied):
        reject(bea, name)
        ana.open_lead(name)
        fill_in(ana, ana.page.locator("#step-dispute"), "Son sesenta personas")
        ana.sees("The arbiter decides what becomes of it.")
        # What became of the step has the focus, and no other form.
        expect(ana.page.locator("#return")).to_be_focused()
        assert returned(running, name) == "disputed"
    for name, step, sentence in (
        (upheld, "uphold", "The rejection is overturned: %(lead)s is with sales again."),
        (denied, "deny", "The rejection stands: %(lead)s is back with marketing."),
    ):
        elsa.open("/desk/director/")
        row = stand_on(elsa, name)
        expect(row).to_contain_text("“Son sesenta personas”")
        press(elsa, "d")
        fill_in(elsa, elsa.page.locator(f"#step-{step}"), "Lo dice el paquete")
        told(elsa, sentence, lead=name)
    assert cycles(running, upheld) == ["rejected", "pending"]
    assert (cycles(running, denied), returned(running, denied)) == (["rejected"], "open")
    # Who rejected it does not decide on it again.
    bea.open("/queue/")
    row = stand_on(bea, upheld)
    expect(row.get_by_role("button")).to_have_count(0)
    bea.open_lead(upheld)
    bea.sees("Overturned by the arbiter")
    ana.open_lead(denied)
    expect(ana.page.locator("#step-dispute")).to_have_count(0)
    expect(ana.page.locator("#return")).to_contain_text("“Lo dice el paquete”")


# -- Recycled


@ways("es", PHONE)
def test_parked_lead_wakes_by_an_action_and_on_its_date(
    take: Take, running: Running, moment: Moment
) -> None:
    ana, bea = take("marketing"), take("sales_rep")
    by_action, by_date = hand_off(ana), hand_off(ana)
    for name in (by_action, by_date):
        reject(bea, name)
        ana.open_lead(name)
        park(ana, tomorrow(running) if name == by_date else "")
        assert returned(running, name) == "recycled"

    ana.open_lead(by_action)
    action = ana.page.locator("form[action$='/actions/']")
    tab_to(ana, ana.page.locator("details", has=action).locator("summary"))
    press(ana, "Enter")
    tab_to(ana, action.locator("select"))
    press(ana, "ArrowDown")
    tab_to(ana, action.get_by_role("button"))
    press(ana, "Enter")
    expect(ana.page.locator(".toast")).to_contain_text(by_action)
    expect(ana.link("Qualify")).to_be_visible()

    due = running.value(
        "SELECT wake_at FROM leads_parking WHERE lead_id = %s", running.lead_of(by_date)
    )
    move_to(moment, running, due + timedelta(seconds=1))
    woken = "SELECT state FROM leads_parking WHERE lead_id = %s"
    wait_for(
        "the wake", lambda: running.value(woken, running.lead_of(by_date)) == "woken", within=90
    )
    for name, cause in ((by_action, "A new valuable action"), (by_date, "Its date came")):
        ana.open("/desk/?tab=waking")
        row = stand_on(ana, name)
        expect(row).to_contain_text(ana.say(cause))
        press(ana, "q")
        expect(ana.page.get_by_role("heading", level=1)).to_have_text(
            ana.say("Qualify %(lead)s", lead=name)
        )


def tomorrow(running: Running) -> str:
    return running.value("SELECT to_char(relevo_now() + interval '1 day', 'YYYY-MM-DD')")


def park(ana: Desk, wake_on: str) -> None:
    form = ana.page.locator("#step-recycle")
    tab_to(ana, ana.page.locator("details", has=form).locator("summary"))
    press(ana, "Enter")
    tab_to(ana, form.get_by_role("radio").first)
    press(ana, "Space")
    if wake_on:
        # In which order day and month are typed is the browser's.
        form.locator("input[type=date]").fill(wake_on)
    tab_to(ana, form.get_by_role("button"))
    press(ana, "Enter")
    expect(ana.page.locator("#next")).to_contain_text(ana.say("Recycled"))
