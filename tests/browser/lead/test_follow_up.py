"""Follow-up on the lead page in both languages, by keyboard alone and with a thumb at 360 px."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Sit
from tests.browser.desk import Desk
from tests.browser.hands import Hands, ways
from tests.browser.running import Running

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PENDING = """
SELECT h.id, h.lead_id, p.name, p.phone FROM leads_handoff h
JOIN leads_lead l ON l.id = h.lead_id JOIN leads_person p ON p.id = l.person_id
JOIN accounts_team t ON t.id = h.team_id
WHERE h.state = 'pending' AND t.name = 'Ventas en línea' AND p.phone LIKE '+%%' AND p.email <> ''
ORDER BY h.id LIMIT 1
"""
STATE = """
SELECT h.state, l.stage FROM leads_handoff h JOIN leads_lead l ON l.id = h.lead_id
WHERE h.id = %s
"""
ATTEMPTS = (
    "SELECT channel, outcome, tier, reached FROM leads_attempt WHERE handoff_id = %s ORDER BY id"
)


class Story:
    """Bea before a lead that she has just accepted."""

    def __init__(self, desk: Desk, hands: Hands, running: Running) -> None:
        self.desk, self.hands, self.running = desk, hands, running
        self.page = desk.page
        [(self.handoff, self.lead, self.name, self.phone)] = running.rows(PENDING)
        desk.post("/queue/", f"/handoffs/{self.handoff}/accept/")

    def open(self) -> None:
        self.desk.open(f"/leads/{self.lead}/?back=/mine/")

    def press(self, target: Locator) -> None:
        self.hands.press(target)

    def says(self, text: str) -> None:
        """The toast after a step, and nothing too wide."""
        self.desk.sees(text, lead=self.name)
        self.hands.looks_right(self.page)

    def attempts(self) -> list[tuple[object, ...]]:
        return self.running.rows(ATTEMPTS, self.handoff)

    def come_back(self) -> Locator:
        """Return from the app that a link opened; the question has the focus and is in sight."""
        question = self.page.locator("#begun > section").first
        expect(question).to_be_visible()
        for event in ("blur", "focus"):
            self.page.evaluate("(name) => window.dispatchEvent(new Event(name))", event)
        expect(question).to_be_focused()
        expect(question).to_be_in_viewport(ratio=1)
        return question


def write_template(dora: Desk, running: Running) -> None:
    team = running.value("SELECT id FROM accounts_team WHERE name = 'Ventas en línea'")
    texts = {"name": "Saludo", "subject": "", "body": "Hola {first_name}, soy {rep_first_name}."}
    dora.post(
        "/templates/new/",
        "/templates/new/",
        team=team,
        channel="whatsapp",
        language="es",
        **texts,
    )


@pytest.fixture(scope="module")
def written(running: Running) -> list[str]:
    """Who has written the template of this module; it is written once."""
    return []


@pytest.mark.parametrize(("language", "hands"), ways("es-thumb"))
def test_whatsapp_by_a_template_then_a_wrong_number(
    sit: Sit, running: Running, written: list[str], language: str, hands: Hands
) -> None:
    if not written:
        write_template(sit("team_lead", anywhere=True), running)
        written.append("dora")
    bea = Story(sit("sales_rep", language, anywhere=True, **hands.options), hands, running)
    bea.open()
    begin_by_the_template(bea)
    bea.press(bea.desk.button("No answer", within=bea.come_back()))
    bea.says("Noted for %(lead)s.")
    assert bea.attempts() == [("whatsapp", "no_answer", "clicked", False)]
    move_the_next_step(bea)
    give_back_after_a_wrong_number(bea)


def begin_by_the_template(bea: Story) -> None:
    bea.page.context.route("https://wa.me/**", lambda route: route.fulfill(body="WhatsApp"))
    bea.press(bea.page.locator("summary", has_text=bea.desk.say("Write with a template")))
    with bea.page.expect_popup() as opened:
        bea.press(bea.page.get_by_role("link", name=re.compile("^Saludo")))
    text = quote(f"Hola {bea.name.split()[0]}, soy Bea.", safe="")
    assert opened.value.url == f"https://wa.me/{bea.phone[1:]}?text={text}"
    opened.value.close()


def move_the_next_step(bea: Story) -> None:
    step = bea.page.locator("#next")
    expect(step).to_contain_text(bea.desk.say("Try again"))
    bea.press(bea.desk.button("In a week", within=step))
    # The same step, on another day.
    expect(step.locator(".big")).to_have_text(bea.desk.say("Try again"))
    days = "SELECT due_at::date - relevo_now()::date FROM leads_plannedstep WHERE ended_at IS NULL"
    assert bea.running.value(f"{days} AND lead_id = %s", bea.lead) in (7, 8)
    bea.hands.looks_right(bea.page)


def give_back_after_a_wrong_number(bea: Story) -> None:
    bea.press(bea.page.locator(".reach a[data-begins=phone]").first)
    bea.press(bea.desk.button("Wrong number, or it bounced", within=bea.come_back()))
    bea.says("Noted for %(lead)s.")
    bea.press(bea.desk.button("Give back to marketing"))
    bea.says("%(lead)s is back with marketing.")
    assert bea.running.rows(STATE, bea.handoff) == [("rejected", "returned")]
    # The way back to the list is kept through all of it.
    assert "back=%2Fmine%2F" in bea.page.url


@pytest.mark.parametrize(("language", "hands"), ways("en-keys"))
def test_lead_that_was_never_reached_is_recycled(
    sit: Sit, running: Running, language: str, hands: Hands
) -> None:
    bea = Story(sit("sales_rep", language, anywhere=True, **hands.options), hands, running)
    address = f"/handoffs/{bea.handoff}/attempt/"
    for _try in range(5):
        bea.desk.post(f"/leads/{bea.lead}/", address, channel="phone", outcome="no_answer")
    bea.open()
    assert bea.desk.button("Not reached: recycle it").count() == 0
    bea.press(bea.page.locator(".reach a[data-begins=email]").first)
    bea.press(bea.desk.button("No answer", within=bea.come_back()))
    expect(bea.page.locator("#next .big")).to_have_text(bea.desk.say("Not reached: recycle it"))
    bea.press(bea.desk.button("Not reached: recycle it"))
    bea.says("%(lead)s is parked, until its date or a new valuable action wakes it.")
    assert running.rows(STATE, bea.handoff) == [("recycled", "recycled")]
    assert [row[1] for row in bea.attempts()] == ["no_answer"] * 6
