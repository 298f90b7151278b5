"""The main job in both languages: a lead travels from marketing to won; another is left alone and
climbs the ladder.
"""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Sit
from tests.browser.desk import Desk
from tests.browser.running import Running, move_to, wait_for
from tests.conftest import Moment

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TEAM = "Ventas en línea"  # open day and night
LADDER = ["warn", "breach", "tell_lead", "requeue", "tell_director"]


@pytest.fixture
def quiet(running: Running, sit: Sit) -> Running:
    """The demo with an empty queue, so that nothing else runs out of time here."""
    ana = sit("marketing")
    for handoff, lead in running.rows(
        "SELECT id, lead_id FROM leads_handoff WHERE state = 'pending'"
    ):
        ana.post(f"/leads/{lead}/", f"/handoffs/{handoff}/withdraw/", comment="A quiet queue")
    return running


# The other language walks in `make soak`, and test_stranger in English here.
@pytest.mark.parametrize("language", ["es", pytest.param("en", marks=pytest.mark.soak)])
def test_main_job(sit: Sit, quiet: Running, moment: Moment, language: str):
    elsa = sit("director", language)
    before = alignment(elsa)

    won, alone = {"es": ("Julia Paz", "Irene Soto"), "en": ("Grace Field", "Ruth Stone")}[language]
    ana = sign_in_by_the_page(sit, language)
    log(ana, won)
    qualify_and_hand_off(ana, won)
    bea = sit("sales_rep", language)
    accept_in_the_queue(bea, won)
    contact(bea, won)
    prove_and_qualify(bea)
    win(bea, won)
    timeline_tells_every_step(bea)

    hand_off_quickly(ana, alone)
    leave_alone(bea, quiet, moment, alone)
    team_lead_sees_what_nobody_did(sit("team_lead", language), alone)
    director_is_told(elsa, alone)
    marketing_heard_of_every_step(ana, won)

    after = alignment(elsa)
    assert {name: after[name] - before[name] for name in after} == {
        "won": 1,
        "in time": 1,
        "late": 1,
    }
    the_numbers_open_their_lists(elsa, won, alone)


# -- A lead travels from marketing to won


def sign_in_by_the_page(sit: Sit, language: str) -> Desk:
    """Marketing comes with a browser of the other language, chooses this one, and tries
    the demo.
    """
    desk = sit(language="en" if language == "es" else "es")
    desk.open("/accounts/login/")
    desk.say.language = language
    desk.page.get_by_role("button", name=desk.say.either(es="Español", en="English")).click()
    expect(desk.page.get_by_role("heading", level=1)).to_have_text(
        desk.say.either(es="Iniciar sesión", en="Sign in")
    )
    desk.page.get_by_role("button", name=desk.say("Log a lead, qualify it, hand it off")).click()
    expect(desk.page.locator("html")).to_have_attribute("lang", language)
    expect(desk.page.get_by_role("heading", level=1)).to_have_text(
        desk.say.either(es="Escritorio", en="Desk")
    )
    return desk


def log(ana: Desk, name: str) -> None:
    """Without phone and source, and without anything that the lead did."""
    page = ana.page
    ana.link("New lead").first.click()
    ana.field("Name").fill(name)
    ana.field("Job title").fill("Directora de Ventas")
    ana.field("E-mail").fill(f"{name.split()[0].lower()}@nuevo.relevo.test")
    ana.field("Company").fill(f"Comercial {name.split()[1]}")
    page.get_by_text(ana.say("More about the person and the company")).click()
    ana.field("Employees").fill("80")
    ana.button("Save and qualify").click()
    ana.sees("%(lead)s is logged.", lead=name)


def qualify_and_hand_off(ana: Desk, name: str) -> None:
    page = ana.page
    expect(page.get_by_role("heading", level=1)).to_have_text(
        ana.say("Qualify %(lead)s", lead=name)
    )
    size = page.locator("#criterion-company-size")
    expect(size).to_contain_text(
        ana.say.either(
            es="La empresa tiene al menos 20 empleados", en="The company has at least 20 employees"
        )
    )
    expect(size).to_contain_text(ana.say.either(es="Cumplido", en="Met"))
    expect(page.locator("#criterion-budget")).to_contain_text(ana.say("Unknown"))

    ana.sees("Not an MQL yet. Open:")
    ana.button("Hand off to sales").click()
    expect(page.locator(".err-sum")).to_contain_text(ana.say("This lead is not an MQL yet."))
    page.get_by_text(ana.say("Note a valuable action"), exact=True).click()
    ana.field("What did the lead do?").select_option(
        label=ana.say.either(es="Pidió una demo", en="Asked for a demo")
    )
    ana.button("Save action").click()
    expect(page.get_by_text(ana.say("Not an MQL yet. Open:"))).to_have_count(0)

    ana.button("Hand off to sales").click()
    missing = f"{ana.say('Phone')}, {ana.say('Source')}"
    expect(page.locator(".err-sum")).to_contain_text(
        ana.say("The package is not complete. Missing: %(fields)s.", fields=missing)
    )
    assert (
        ana.running.value(
            "SELECT count(*) FROM leads_handoff WHERE lead_id = %s", ana.running.lead_of(name)
        )
        == 0
    )
    ana.link("Complete the data").click()
    ana.field("Phone").fill("+52 55 4000 7000")
    ana.field("Source").select_option(label=ana.say.either(es="Referido", en="Referral"))
    ana.button("Save").click()
    ana.link("Qualify").click()
    ana.sees("MQL with a complete package.")
    ana.field("To the queue of").select_option(label=TEAM)
    ana.button("Hand off to sales").click()
    ana.sees("%(lead)s is in the queue of %(team)s. The clock is running.", lead=name, team=TEAM)


def accept_in_the_queue(bea: Desk, name: str) -> None:
    page, row = bea.page, bea.row(name)
    expect(page.get_by_role("heading", level=1)).to_have_text(bea.say.either(es="Cola", en="Queue"))
    expect(row.locator("time[data-sla=ok]")).to_have_text(
        re.compile(bea.say.either(es="Quedan?", en="left"))
    )
    bea.button("Accept", within=row).click()
    expect(row).to_contain_text(bea.say.either(es="A tu cargo.", en="Yours now."))
    assert page.url.endswith("/queue/")
    bea.link("Open", within=row).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    expect(page.locator("#clock time[data-sla=ok]")).to_be_visible()


def contact(bea: Desk, name: str) -> None:
    work = bea.page.locator("#work")
    work.get_by_label(bea.say("Reached"), exact=True).check()
    work.get_by_label(bea.say("Call"), exact=True).check()
    work.get_by_label(bea.say("Note")).fill("Quiere verlo el martes")
    bea.button("Save attempt", within=work).click()
    bea.sees("Noted for %(lead)s.", lead=name)


def prove_and_qualify(bea: Desk) -> None:
    """Without means and authority there is no SQL; each is proven by evidence."""
    page = bea.page
    bea.button("Qualify as SQL").click()
    budget = bea.say.either(es="Tiene presupuesto para este año", en="Has budget for this year")
    decides = bea.say.either(
        es="Decide la compra o firma el contrato", en="Decides the purchase or signs the contract"
    )
    bea.sees("Not proven yet: %(criteria)s.", criteria=f"{budget}, {decides}")
    missing = page.locator("#proofs .is-missing")
    expect(missing).to_have_count(2)
    give(bea, "budget", "90000")
    said = page.locator("#criterion-decides")
    said.locator("summary").click()
    said.get_by_label(bea.say("What proves it")).fill("Firma el contrato")
    said = said.locator("form", has=page.get_by_label(bea.say("What proves it")))
    said.get_by_label(bea.say("Who or what says so")).fill("Llamada")
    bea.button("Save", within=said).click()
    expect(page.locator("#criterion-decides")).to_contain_text(
        "“Firma el contrato” · Llamada · Bea Quintero"
    )
    bea.button("Qualify as SQL").click()
    expect(page.locator(".toast")).to_contain_text("SQL")


def give(bea: Desk, code: str, value: str) -> None:
    """Give the field that the criterion asks for, in its place."""
    criterion = bea.page.locator(f"#criterion-{code}")
    criterion.locator("input[name=fact]").fill(value)
    asked = criterion.locator("form", has=bea.page.locator("input[name=fact]"))
    bea.button("Save", within=asked).click()
    expect(criterion).to_contain_text(bea.say("Met"))


def win(bea: Desk, name: str) -> None:
    bea.page.locator("summary", has_text=bea.say("Close as won")).click()
    bea.page.get_by_label(bea.say("Amount in %(currency)s", currency="MXN"), exact=True).fill(
        "120000"
    )
    bea.button("Close as won").click()
    bea.sees("%(lead)s is won. Congratulations!", lead=name)


def timeline_tells_every_step(bea: Desk) -> None:
    steps = [
        "Won",
        "Opportunity opened",
        "Qualified as SQL",
        "Evidence added",
        "Evidence added",
        "Data changed",
        "Contacted",
        "Accepted",
        "Handed off to sales",
        "Qualified as MQL",
        "Data changed",
        "Valuable action",
        "Lead logged",
    ]
    expect(bea.page.locator("#timeline li strong")).to_have_text([bea.say(step) for step in steps])
    expect(bea.page.locator("#timeline li").first).to_contain_text(re.compile(r"120.000"))


# -- Another is left alone


def hand_off_quickly(ana: Desk, name: str) -> None:
    """What was played above, by the forms' own addresses."""
    running = ana.running
    source = running.value("SELECT id FROM leads_source WHERE code = 'event'")
    action = running.value("SELECT id FROM leads_valuableactionkind WHERE code = 'asked_for_demo'")
    data = {
        "name": name,
        "email": f"{name.split()[0].lower()}@solo.relevo.test",
        "phone": "+52 55 4000 8000",
    }
    data |= {"company": f"Grupo {name.split()[1]}", "job_title": "CEO", "employees": 60}
    ana.post("/leads/new/", "/leads/new/", **data, source=source, first_action=action)
    lead = running.lead_of(name)
    team = running.value("SELECT id FROM accounts_team WHERE name = %s", TEAM)
    ana.post(f"/leads/{lead}/qualify/", f"/leads/{lead}/hand-off/", team=team)


def leave_alone(bea: Desk, running: Running, moment: Moment, name: str) -> None:
    """Nobody acts; step after step comes, fired by the running worker.

    The rep's open queue tells it in place.
    """
    bea.open("/queue/")
    badge = bea.row(name).locator("time[data-sla]")
    expect(badge).to_have_attribute("data-sla", "ok")
    clock = running.value(
        "SELECT clock_id FROM leads_handoff WHERE id = %s", running.handoff_of(name)
    )
    shown = {"warn": "soon", "breach": "late"}
    for number, step in enumerate(LADDER, start=1):
        due = running.value("SELECT next_step_at FROM sla_clock WHERE id = %s", clock)
        move_to(moment, running, due + timedelta(seconds=1))
        fired = f"SELECT kind FROM sla_firing WHERE clock_id = {clock} ORDER BY level"
        wait_for(f"{step} of {name}", lambda: len(running.rows(fired)) == number)  # noqa: B023
        assert [kind for (kind,) in running.rows(fired)] == LADDER[:number]
        if step in shown:
            bea.page.evaluate(
                "document.dispatchEvent(new Event('visibilitychange'))"
            )  # the next pulse, now
            expect(badge).to_have_attribute("data-sla", shown[step], timeout=10_000)
    waits = running.rows(
        "SELECT extract(epoch FROM at - planned_at) FROM sla_firing WHERE clock_id = %s", clock
    )
    assert all(0 <= wait < 60 for (wait,) in waits), waits
    # The worker did it: the watchdog sweeps only while Celery has been silent for 12 s.
    assert running.value(
        "SELECT clock_timestamp() - beat_at < interval '30 s' FROM "
        "sla_heartbeat WHERE name = 'celery'"
    )


def notice(desk: Desk, text: str, **values: object) -> None:
    """The sentence stands once in the person's inbox."""
    told = desk.say(text, **values)

    def look() -> bool:
        desk.open("/notices/")
        return desk.page.locator(".notices").get_by_text(told).count() == 1

    wait_for(f"the notice {told!r}", look)


def team_lead_sees_what_nobody_did(dora: Desk, name: str) -> None:
    notice(dora, "Your team is overdue with %(lead)s, nobody took it: please step in", lead=name)
    notice(dora, "Back at the head of the queue of %(team)s: %(lead)s", team=TEAM, lead=name)
    dora.open("/queue/")
    first = dora.page.locator("[data-row]").first
    expect(first).to_contain_text(name)
    expect(first).to_contain_text(
        dora.say.either(es="De vuelta en la cola", en="Back in the queue")
    )
    expect(first.locator("time[data-sla=late]")).to_be_visible()
    dora.open_lead(name)
    told = [
        "The director was told",
        "Back in the queue",
        "Sent back to the queue",
        "The team lead was told",
        "Overdue: the commitment is broken",
        "Warning: time is running out",
        "Handed off to sales",
    ]
    # The older ones are folded away.
    texts = dora.page.locator("#timeline li strong").all_text_contents()
    told_here = [text.strip() for text in texts[: len(told)]]
    assert sorted(told_here) == sorted(dora.say(text) for text in told)


def director_is_told(elsa: Desk, name: str) -> None:
    notice(elsa, "%(team)s is still overdue with %(lead)s: nobody took it", team=TEAM, lead=name)


def marketing_heard_of_every_step(ana: Desk, name: str) -> None:
    notice(ana, "%(by)s accepted %(lead)s", by="Bea Quintero", lead=name)
    notice(ana, "%(lead)s is an SQL, says %(by)s", by="Bea Quintero", lead=name)
    notice(ana, "%(by)s won %(lead)s", by="Bea Quintero", lead=name)


# -- The page that both sides read

NUMBERS = {
    "won": ("#funnel", "Won"),
    "in time": ("#accept", "In time"),
    "late": ("#accept", "Late or overdue"),
}


def number(desk: Desk, name: str):
    panel, head = NUMBERS[name]
    row = desk.page.locator(f"{panel} tr").filter(
        has=desk.page.get_by_role("rowheader", name=desk.say(head))
    )
    return row.get_by_role("link")


def alignment(elsa: Desk) -> dict[str, int]:
    """Won, accepted or rejected in time, and too late, as the director reads them.

    Of so many days that none of the demo falls out while the test moves time on.
    """
    began = elsa.running.value("SELECT (relevo_now() - interval '200 days')::date")
    elsa.open(f"/alignment/?from={began}")
    expect(elsa.page.get_by_role("heading", level=1)).to_have_text(
        elsa.say("Marketing–sales alignment")
    )
    return {name: int(number(elsa, name).inner_text()) for name in NUMBERS}


def the_numbers_open_their_lists(elsa: Desk, won: str, alone: str) -> None:
    for name, person in (("won", won), ("late", alone)):
        elsa.open("/alignment/")
        counted = int(number(elsa, name).inner_text())
        number(elsa, name).click()
        expect(elsa.page.locator("[data-row]")).to_have_count(
            min(counted, 50)
        )  # a page of the list
        expect(elsa.row(person)).to_have_count(1)
