"""A stranger begins with nothing: sets Relevo up, invites two people, brings a list; the rep
accepts the first handoff.

Each language has an empty product of its own, and everything happens on screens.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Sit
from tests.browser.desk import PHONE, Desk, scrolls_sideways
from tests.browser.jobs import stranger
from tests.browser.running import Running, move_to, wait_for
from tests.browser.screens.looks import judge_words
from tests.conftest import Moment
from tests.harness.products import SETTINGS, product, reset, scratch_folder
from tests.second_factor.devices import code_at

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ADMIN, MARKETING, REP = "Íñigo Muñoz", "Begoña Núñez", "Toño Ibáñez"
STEPS = [
    "Organisation",
    "Holidays",
    "Working hours",
    "Teams and people",
    "Buyer persona",
    "Agreement",
    "Test lead",
]
LONG = 120_000  # ms: work in the background on a busy machine


@pytest.fixture(scope="module")
def empty_product() -> Iterator[dict[str, Any]]:
    with (
        scratch_folder() as data,
        product("--no-demo", data=data, DJANGO_SETTINGS_MODULE=SETTINGS) as state,
    ):
        yield state


@pytest.fixture
def running(empty_product: dict[str, Any]) -> Iterator[Running]:
    """The product on an empty database, on a working morning."""
    reset(empty_product)
    found = Running(empty_product)
    morning = stranger.working_morning(found.value("SELECT clock_timestamp()"))
    move_to(Moment(found.execute), found, morning)
    yield found
    found.close()


# The other language walks in `make soak`, and test_main_job in Spanish here.
@pytest.mark.parametrize("language", ["en", pytest.param("es", marks=pytest.mark.soak)])
def test_stranger_gets_to_the_first_handoff(sit: Sit, language: str):
    admin = first_admin(sit, language)
    links = set_up(admin)
    ana = join(sit, links[MARKETING], language, "Desk")
    toño = join(sit, links[REP], language, "Queue", **PHONE)
    toño.sees("Nothing waiting")

    lines = stranger.contacts()
    import_list(ana, lines)
    lead = lines[stranger.CHOSEN].cells[stranger.NAME]
    qualify_and_hand_off(ana, lead)
    accept_on_the_phone(toño, lead)


def stands(desk: Desk, heading: str, **values: object) -> None:
    """The page is there, in the language of its reader, fits the screen, and the console
    is silent.
    """
    page = desk.page
    expect(page.get_by_role("heading", level=1)).to_have_text(desk.say(heading, **values))
    expect(page.locator("html")).to_have_attribute("lang", desk.say.language)
    assert judge_words(page, desk.say.language) == [], page.url
    assert not scrolls_sideways(page), page.url
    assert desk.problems == []


# -- The admin sets up


def first_admin(sit: Sit, language: str) -> Desk:
    """Somebody with a browser of the other language opens the address and chooses this one."""
    desk = sit(language="en" if language == "es" else "es", timezone_id=stranger.ZONE)
    desk.open("/")
    stands(desk, "Welcome to Relevo")
    desk.say.language = language
    desk.page.get_by_role("button", name=desk.say.either(es="Español", en="English")).click()
    stands(desk, "Welcome to Relevo")
    desk.field("Your name").fill(ADMIN)
    desk.field("E-mail").fill("inigo@faro-norte.test")
    desk.field("Password").fill(stranger.PASSWORD)
    desk.button("Create the first admin").click()
    return desk


def set_up(admin: Desk) -> dict[str, str]:
    """Every step as it is proposed; returns the links of the invited people, by name."""
    stands(admin, "Organisation")
    expect(admin.field("Language")).to_have_value(admin.say.language)
    expect(admin.field("Country")).to_have_value("MX")
    expect(admin.field("Time zone")).to_have_value(stranger.ZONE)
    links = {}
    for number, step in enumerate(STEPS[:-1], start=1):
        stands(admin, step)
        admin.sees("Step %(number)s of %(count)s", number=number, count=len(STEPS))
        if step == "Teams and people":
            links = invite(admin)
        if step == "Agreement":
            admin.field("Your password").fill(stranger.PASSWORD)
        admin.button("Sign for both sides" if step == "Agreement" else "Continue").click()
    send_a_test_lead(admin)
    return links


def invite(admin: Desk) -> dict[str, str]:
    """A rep and a marketing person; no mail goes out, so the page shows their links."""
    people = {REP: "sales", MARKETING: "marketing"}
    for number, (name, part) in enumerate(people.items(), start=1):
        row = admin.page.get_by_role("group", name=admin.say("Person %(n)s", n=number))
        row.get_by_label(admin.say("Name")).fill(name)
        row.get_by_label(admin.say("E-mail")).fill(f"persona{number}@faro-norte.test")
        row.get_by_label(admin.say("As")).select_option(part)
    admin.button("Continue").click()
    stands(admin, "Teams and people")
    admin.context.grant_permissions(["clipboard-read", "clipboard-write"])
    return {name: copied(admin, name) for name in people}


def copied(admin: Desk, name: str) -> str:
    """The link as it comes from the clipboard."""
    admin.page.get_by_role("button", name=f"{admin.say('Copy')} {name}").click()
    link = admin.page.get_by_label(admin.say("Link for %(person)s", person=name)).input_value()
    assert (
        wait_for("the clipboard", lambda: admin.page.evaluate("navigator.clipboard.readText()"))
        == link
    )
    return link


def send_a_test_lead(admin: Desk) -> None:
    """It goes the whole way and leaves again; then the set-up is over."""
    stands(admin, "Test lead")
    admin.button("Send a test lead through").click()
    admin.sees("The clock runs")
    expect(admin.page.locator("#trial time[data-sla=ok]")).to_be_visible()
    stands(admin, "Test lead")
    admin.button("Remove the test lead").click()
    stands(admin, "Set up Relevo")
    admin.button("Finish the set-up").click()
    set_up_second_factor(admin)
    stands(admin, "My team")
    add_passkey(admin)


def set_up_second_factor(admin: Desk) -> None:
    """The admin has to, with an app that gets the key as text, and keeps the codes."""
    stands(admin, "Set up your second factor")
    admin.link("Set up an app").click()
    stands(admin, "Set up an app")
    key = "".join(admin.page.locator(".secret span").all_inner_texts())
    now = admin.running.value("SELECT relevo_now()")
    admin.field("Code that the app shows now").fill(code_at(now, key))
    admin.button("Set up").click()
    stands(admin, "Keep your recovery codes")
    assert admin.page.locator(".codes li").count() == 10
    admin.page.get_by_role("checkbox").check()
    admin.button("Continue").click()


def add_passkey(admin: Desk) -> None:
    """A key in software that the browser itself brings."""
    browser = admin.context.new_cdp_session(admin.page)
    browser.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "usb", "automaticPresenceSimulation": True}
    browser.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    admin.open("/preferences/second-factor/passkey/")
    stands(admin, "Add a passkey")
    admin.field("What do you call it?").fill("Blue key")
    admin.button("Add a passkey").click()
    stands(admin, "Second factor")
    # A name that was typed, and no text of the product.
    expect(admin.page.get_by_text("Blue key").first).to_be_visible()


def join(sit: Sit, link: str, language: str, home: str, **options: object) -> Desk:
    """An invited person opens the link in a browser of their own, sets a password and is
    at home.
    """
    desk = sit(language=language, timezone_id=stranger.ZONE, **options)
    desk.page.goto(link)
    stands(desk, "Join %(name)s", name="Faro Norte")
    expect(desk.field("Language")).to_have_value(language)
    desk.field("Password").fill(stranger.PASSWORD)
    desk.button("Set password and sign in").click()
    stands(desk, home)
    return desk


# -- Marketing brings its list


def import_list(ana: Desk, lines: list[stranger.Line]) -> None:
    page, expected = ana.page, stranger.counts(lines)
    ana.link("Import").first.click()
    stands(ana, "Imports")
    ana.link("Import a file").first.click()
    stands(ana, "Import leads")
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    data = {"name": "Feria de Querétaro.xlsx", "mimeType": kind, "buffer": stranger.workbook(lines)}
    page.locator("input[type=file]").set_input_files(data)
    ana.button("Upload and continue").click()
    match_columns(ana)

    button = page.locator("form[action$='/start/'] button")
    expect(button).to_be_visible(timeout=LONG)
    assert shown_counts(ana, expected) == expected
    assert ana.running.value("SELECT count(*) FROM leads_lead WHERE import_run_id IS NOT NULL") == 0
    n = expected[stranger.NEW]
    expect(button).to_have_text(
        ana.say.either(es=f"Importar {n} prospectos", en=f"Import {n} leads")
    )
    button.click()
    show = ana.link("Show the imported leads")
    expect(show).to_be_visible(timeout=LONG)
    assert shown_counts(ana, expected) == expected
    expect(page.get_by_role("heading", level=1)).to_have_text("Feria de Querétaro.xlsx")
    assert not scrolls_sideways(page)
    rejects_are_whole(ana, lines)
    names_are_whole(ana, lines)
    show.click()
    stands(ana, "All leads")


def match_columns(ana: Desk) -> None:
    """Everything but the notes is suggested rightly; the title above the table does not disturb."""
    page = ana.page
    page.wait_for_url(re.compile("/columns/$"))
    fields = [
        "Name", "E-mail", "Phone", "Job title", "Company", "Employees", "Country", "Source",
        "First valuable action",
        "Do not import",
    ]  # fmt: skip
    for column, target in zip(stranger.HEADER, fields, strict=True):
        chosen = page.get_by_label(column, exact=True).locator("option:checked")
        expect(chosen).to_have_text(ana.say(target))
    expect(page.locator("main table")).to_contain_text("Íñigo Muñoz")
    assert not scrolls_sideways(page)
    ana.button("Check the file").click()


def shown_counts(ana: Desk, kinds: dict[str, int]) -> dict[str, int]:
    """The numbers that the page shows, by what stands above them."""
    found = {}
    for kind in kinds:
        label = ana.page.locator(".l").get_by_text(ana.say(kind), exact=True)
        found[kind] = int(ana.page.locator(".kpi").filter(has=label).locator(".v").inner_text())
    return found


def rejects_are_whole(ana: Desk, lines: list[stranger.Line]) -> None:
    """The file of rejected rows holds each row that was left out, as it was, and why."""
    with ana.page.expect_download() as waiting:
        ana.link("Rows that were left out (CSV)").click()
    head, rows = stranger.read_rejects(waiting.value.path().read_bytes())
    assert head == [*(ana.say(word) for word in ("row", "what it is", "problem")), *stranger.HEADER]
    width = len(stranger.HEADER)
    assert [(row[0], (row[3:] + [""] * width)[:width]) for row in rows] == stranger.left_out(lines)
    kinds = {str(line.number): line.becomes for line in lines}
    assert [row[1] for row in rows] == [ana.say(kinds[row[0]]) for row in rows]
    assert all(row[2] for row in rows)


def names_are_whole(ana: Desk, lines: list[stranger.Line]) -> None:
    sql = (
        "SELECT p.name, p.phone FROM leads_person p JOIN leads_lead l ON l.person_id = p.id"
        " WHERE l.import_run_id IS NOT NULL ORDER BY l.id"
    )
    rows = ana.running.rows(sql)
    assert [name for name, _phone in rows] == [
        line.cells[stranger.NAME] for line in lines if line.becomes == "New"
    ]
    assert dict(rows)[lines[35].cells[stranger.NAME]] == "+525540009035"


# -- The first handoff


def qualify_and_hand_off(ana: Desk, name: str) -> None:
    """The list says too little of this one: marketing notes the action and completes the data."""
    page = ana.page
    search = page.locator("main input[type=search]")
    search.fill(name)
    search.press("Enter")
    page.locator("[data-row]").get_by_role("link", name=name).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    ana.link("Qualify").click()
    stands(ana, "Qualify %(lead)s", lead=name)
    size = ana.say.either(
        es="La empresa tiene al menos 10 empleados", en="The company has at least 10 employees"
    )
    expect(page.locator("#hand-off")).to_contain_text(size)
    expect(page.locator("#hand-off")).to_contain_text(ana.say("At least one valuable action"))
    page.get_by_text(ana.say("Note a valuable action"), exact=True).click()
    ana.field("What did the lead do?").select_option(
        label=ana.say.either(es="Pidió una demo", en="Asked for a demo")
    )
    ana.button("Save action").click()
    ana.link("Complete the data").click()
    ana.field("Phone").fill("55 4000 0011")
    ana.field("Employees").fill("85")
    ana.button("Save").click()
    ana.link("Qualify").click()
    ana.sees("MQL with a complete package.")
    stands(ana, "Qualify %(lead)s", lead=name)
    ana.button("Hand off to sales").click()
    team = ana.say.either(es="Ventas", en="Sales")
    ana.sees("%(lead)s is in the queue of %(team)s. The clock is running.", lead=name, team=team)


def accept_on_the_phone(toño: Desk, name: str) -> None:
    page, bar, row = toño.page, toño.page.locator(".mbar"), toño.row(name)
    bar.get_by_role("link", name=toño.say("Queue")).tap()
    expect(row.locator("time[data-sla=ok]")).to_have_text(
        re.compile(toño.say.either(es="Quedan?", en="left"))
    )
    stands(toño, "Queue")
    toño.button("Accept", within=row).tap()
    expect(row).to_contain_text(toño.say("Yours now."))
    bar.get_by_role("link", name=toño.say("My leads")).tap()
    stands(toño, "My leads")
    mine = toño.row(name)
    expect(page.locator("[data-row]")).to_have_count(1)
    expect(mine).to_contain_text(toño.say("First contact"))
    expect(mine.locator("time[data-sla=ok]")).to_have_text(
        re.compile(toño.say.either(es="Quedan?", en="left"))
    )
    contact = (
        "SELECT c.metric, c.state, u.name FROM leads_handoff h JOIN "
        "sla_clock c ON c.id = h.clock_id"
        " JOIN accounts_user u ON u.id = h.owner_id WHERE h.id = %s"
    )
    assert toño.running.rows(contact, toño.running.handoff_of(name)) == [
        ("first_contact", "running", REP)
    ]
    mine.get_by_role("link", name=name).tap()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    assert not scrolls_sideways(page)
