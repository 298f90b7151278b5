"""Every address for every part in both languages, by the test client: status, words, policy."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from crm.accounts.models import User
from tests.browser.screens import forms, table, words
from tests.browser.screens.crowd import client_of
from tests.browser.screens.table import (
    DATA,
    FOR_ADMINS,
    FOR_MARKETING,
    MOVES_ON,
    NOBODY,
    PARTS,
    SCREENS,
    TAKES_A_FORM,
    Screen,
)
from tests.browser.words import LANGUAGES

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("crowd_of_process")]

MAILBOX = {
    "marketing": "ana",
    "sales_rep": "bea",
    "team_lead": "dora",
    "director": "elsa",
    "admin": "root",
}
WITH_SCREENS = [name for name, screens in SCREENS.items() if not isinstance(screens, str)]
# How an address may refuse a part for which the table has no screen there.
REFUSED = {302, 401, 403, 404}


def rows(sql: str, *values: object) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


def seated(part: str, language: str) -> Client:
    """A browser of this part that reads in this language."""
    if part == NOBODY:
        return Client(SERVER_NAME="localhost", HTTP_ACCEPT_LANGUAGE=language)
    User.objects.filter(email__startswith=f"{MAILBOX[part]}@").update(language=language)
    return client_of(MAILBOX[part])


def faults(client: Client, path: str, language: str, expected: set[int]) -> list[str]:
    """What is wrong with the answer; of a page also with its words."""
    answer = client.get(path)
    found = [] if answer.status_code in expected else [f"status {answer.status_code}"]
    found += words.judge_policy(answer.headers.get("Content-Security-Policy", ""))
    if answer.headers.get("Content-Type", "").startswith("text/html") and answer.content:
        html = answer.content.decode()
        found += words.Page(html).faults(language)
        found += forms.judge_forms(html)
        found += ["a component was not rendered (<c-)"] if "<c-" in html else []
    return [f"{path}: {fault}" for fault in found]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", WITH_SCREENS)
def test_screens_say_what_they_should(name: str, language: str, settings):
    settings.DEMO = True
    screens: list[Screen] = SCREENS[name]  # type: ignore[assignment]
    paths = {screen: table.path_of(screen, rows) for screen in screens}
    found = []
    for part in PARTS:
        client = seated(part, language)
        seen = [screen for screen in screens if part in screen.parts]
        expected = {screen: {screen.status} for screen in seen}
        for screen, statuses in (expected or {screens[0]: {screens[0].status, *REFUSED}}).items():
            wrong = faults(client, paths[screen], language, statuses)
            found += [f"{part or 'nobody'}, {fault}" for fault in wrong]
    assert not found, "\n" + "\n".join(found)


def test_addresses_without_a_screen_answer_as_said(settings):
    settings.DEMO = True
    client = seated("team_lead", "en")
    ((lead, _handoff),) = rows(table.LEAD_OF, "Mariana Peña")
    known = {"pk": lead, "code": "budget", "panel": "weekly", "key": "hours", "leave": 1}
    known["name"] = "job_title"
    wanted = {TAKES_A_FORM: 405, MOVES_ON: 302, DATA: 200, FOR_ADMINS: 403, FOR_MARKETING: 403}
    wrong = []
    for name, route in table.addresses():
        if isinstance(reason := SCREENS[name], str):
            path = re.sub(r"<\w+:(\w+)>", lambda found: str(known[found[1]]), route)
            status = client.get(path).status_code
            if status != wanted[reason]:
                wrong.append(f"{name} {path}: {status}, but it {reason}")
    assert not wrong
