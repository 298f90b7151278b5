"""Two people in two browsers, one of each side, draft, comment, sign and activate an agreement in
Spanish; then nobody changes the text any more: not in the browser, not through the API, not in SQL
as the product's role.
"""

from __future__ import annotations

import re

import psycopg2
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Sit
from tests.browser.desk import PASSWORD, Desk
from tests.browser.running import Running

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_agreement_of_two_people(sit: Sit, running: Running) -> None:
    luis, dora = sit(mailbox="luis", language="es"), sit("team_lead", "es")
    draft = find_the_draft(dora)
    edit(dora, draft)
    talk(luis, dora, draft)
    ask_for_signatures(luis, draft)
    sign(dora, draft)
    dora.sees("Signed. Now the other side has to sign.")
    sign(luis, draft)
    luis.sees("Signed by both sides. The agreement is in force.")
    states = dict(running.rows("SELECT number, state FROM sla_agreementversion ORDER BY number"))
    assert states == {1: "superseded", 2: "superseded", 3: "in_force"}
    both_signatures_stand_beside_the_text(dora, draft)
    no_door_opens_it(luis, draft)


def find_the_draft(dora: Desk) -> int:
    dora.open("/agreement/")
    dora.link("Version %(number)s is being prepared", number=3).click()
    expect(dora.page.get_by_role("heading", level=1)).to_have_text("Acuerdo Marketing–Ventas")
    return int(dora.page.url.rstrip("/").rsplit("/", 1)[1])


def edit(dora: Desk, draft: int) -> None:
    """Too many MQLs are warned of while they are typed; a row is removed and added without
    losing anything; then it is saved.
    """
    page = dora.page
    dora.link("Edit").click()
    dora.field("Leads a month that sales can work").fill("40")
    dora.field("Leads a month that sales can work").blur()
    expect(page.locator("#fits")).to_contain_text(
        "Marketing promete 60 MQL al mes y ventas puede trabajar 40."
    )
    dora.field("Leads a month that sales can work").fill("90")
    feedback = page.locator("fieldset.ag-p", has_text=dora.say("Feedback on every outcome"))
    dora.button("Remove", within=feedback).click()
    expect(feedback).to_have_count(0)
    page.get_by_text(dora.say("Add a commitment")).nth(1).click()
    dora.button("Feedback on every outcome").click()
    expect(dora.field("Leads a month that sales can work")).to_have_value("90")
    page.locator("fieldset[data-focus]").get_by_label(dora.say("Target in %")).fill("80")
    dora.button("Save the draft").click()
    dora.sees("Saved.")
    expect(page.locator("#sales")).to_contain_text("80 de cada 100 veces")
    expect(page.locator("#capacity")).to_contain_text(
        "Ventas dice que puede trabajar 90 prospectos al mes."
    )


def talk(luis: Desk, dora: Desk, draft: int) -> None:
    luis.open(f"/agreement/{draft}/")
    section = luis.page.locator("#package")
    section.get_by_text(luis.say("Comment on this")).click()
    section.get_by_label(luis.say("What you want to say")).fill("¿También el cargo?")
    luis.button("Send", within=section).click()
    expect(luis.page.locator("#package .talk")).to_contain_text("¿También el cargo?")
    dora.open(f"/agreement/{draft}/")
    section = dora.page.locator("#package")
    section.get_by_text(dora.say("Answer this")).click()
    section.locator(".talk").get_by_label(dora.say("What you want to say")).fill("Por ahora no.")
    dora.button("Send", within=section.locator(".talk")).click()
    expect(dora.page.locator("#package .talk-a")).to_contain_text("Por ahora no.")


def ask_for_signatures(luis: Desk, draft: int) -> None:
    luis.open(f"/agreement/{draft}/")
    luis.button("Close the text and ask for signatures").click()
    luis.sees("The text is closed. Both sides have been asked to sign it.")
    expect(luis.page.locator("#signatures code").first).to_have_text(re.compile("^[0-9a-f]{12}$"))


def sign(desk: Desk, draft: int) -> None:
    """The wrong password first: nothing is signed."""
    desk.open(f"/agreement/{draft}/")
    desk.link("Read and sign").click()
    desk.sees("What happens when you sign")
    desk.field("Your password").fill("no es la mía")
    desk.button("Sign").click()
    desk.sees("This is not your password.")
    desk.field("Your password").fill(PASSWORD)
    desk.button("Sign").click()


def both_signatures_stand_beside_the_text(dora: Desk, draft: int) -> None:
    dora.open("/agreement/")
    signatures = dora.page.locator("#signatures")
    for name in ("Luis Ferrer", "Dora Salinas"):
        expect(signatures).to_contain_text(name)
    sha = dora.running.value("SELECT content_hash FROM sla_agreementversion WHERE id = %s", draft)
    expect(signatures).to_contain_text(sha[:12])


def no_door_opens_it(luis: Desk, draft: int) -> None:
    running = luis.running
    whole = "SELECT to_jsonb(v)::text FROM sla_agreementversion v WHERE id = %s"
    before = running.value(whole, draft)
    token = next(each["value"] for each in luis.context.cookies() if "csrf" in each["name"])
    headers = {"Referer": luis.running.url, "X-CSRFToken": token}
    tried = {
        f"/agreement/{draft}/edit/": 409,
        f"/agreement/{draft}/propose/": 409,
        f"/agreement/{draft}/discard/": 409,
        "/admin/": 404,
    }
    found = {
        path: luis.context.request.post(
            running.url + path, form={"capacity": "1"}, headers=headers
        ).status
        for path in tried
    }
    assert found == tried
    api = f"{running.url}/api/v1/agreements/{draft}/"
    assert luis.context.request.post(api, data={"capacity": 1}, headers=headers).status == 404
    for statement in (
        f"UPDATE sla_agreementversion SET capacity = 1 WHERE id = {draft}",
        f"UPDATE sla_agreementversion SET text = '{{}}' WHERE id = {draft}",
        f"UPDATE sla_commitment SET target = 0.1 WHERE version_id = {draft}",
        f"DELETE FROM sla_agreementversion WHERE id = {draft}",
        f"UPDATE sla_signature SET content_hash = '' WHERE version_id = {draft}",
    ):
        with pytest.raises((psycopg2.errors.CheckViolation, psycopg2.errors.InsufficientPrivilege)):
            running.execute(f"SET ROLE relevo_app; {statement}")
        running.execute("RESET ROLE")
    assert running.value(whole, draft) == before
