"""Working screens and every error page once, by axe: at 320 px light by all rules, at 1280 px dark
by colours. Of an address that many screens share (topics of the help, filters of a list), two are
looked at; tests.browser.screens.test_matrix has them all, in every way.

RELEVO_SHOTS=folder also keeps a picture of each.
"""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.template.loader import render_to_string
from django.test import RequestFactory
from playwright.sync_api import Route

from crm.lib.wording import variants
from tests.browser.conftest import Sit
from tests.browser.running import Running
from tests.browser.screens import looks, table
from tests.browser.screens.looks import ALL_RULES, COLOURS, NARROW, WIDE
from tests.browser.screens.table import NOBODY, SCREENS, Screen
from tests.browser.words import LANGUAGES

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ONCE = ((NARROW, "light", ALL_RULES), (WIDE, "dark", COLOURS))
LISTED = [s for screens in SCREENS.values() if not isinstance(screens, str) for s in screens]
OF_ONE_ADDRESS = 2
# Where a state of the lead changes the page, each state is looked at; of the tabs of the queue, all
# that differ.
MORE_OF = {"lead": None, "queue": 4}


def working_screens() -> list[Screen]:
    chosen = []
    for name, screens in SCREENS.items():
        if isinstance(screens, str):
            continue
        working = [screen for screen in screens if screen.status == 200]
        chosen += working[: MORE_OF.get(name, OF_ONE_ADDRESS)]
    return chosen


WORKING = working_screens()
# One refusal of each kind in the shell, and the pages that no address leads to.
REFUSALS = [next(s for s in LISTED if s.status == status) for status in (400, 403, 404, 422)]
ERRORS = ["403_csrf", "409", "422", "429", "500", "503"]


def language_of(place: int) -> str:
    """The languages by turns: test_words reads every screen in both."""
    return LANGUAGES[place % len(LANGUAGES)]


TURNS = [(language_of(place), screen) for place, screen in enumerate([*WORKING, *REFUSALS])]


def name_of(screen: Screen) -> str:
    return f"{screen.parts[0] or 'nobody'} {screen.path} {screen.person}".strip()


@pytest.mark.parametrize(
    ("screen", "language"),
    [
        pytest.param(screen, language, id=f"{language} {name_of(screen)}")
        for language, screen in sorted(TURNS, key=lambda turn: (turn[0], turn[1].parts[0]))
    ],
)
def test_screen_is_sound(sit: Sit, crowded: Running, screen: Screen, language: str):
    part = screen.parts[0]
    desk = sit(part if part != NOBODY else None, language, viewport=NARROW, anywhere=True)
    desk.page.set_viewport_size(NARROW)
    path = table.path_of(screen, crowded.rows)
    answer = desk.open(path)
    faults = looks.judge_answer(answer, screen) + looks.judge_words(desk.page, language)
    assert faults + looks.look(desk, path, *ONCE) == []


@pytest.mark.parametrize(
    ("template", "language"),
    [(template, language_of(place)) for place, template in enumerate(ERRORS)],
)
def test_error_page_is_sound(sit: Sit, template: str, language: str):
    """Drawn here, shown at an address of the running product, which has the styles."""
    request = RequestFactory().get("/made-up/")
    request.user, request.csp_nonce = AnonymousUser(), ""
    with variants.override(language):
        given = {"request_id": "7d1f0c2a9b3e", "message": "Cruz Medina"}
        html = render_to_string(f"{template}.html", given, request)
    desk = sit(language=language, viewport=NARROW)

    def answer(route: Route) -> None:
        route.fulfill(body=html, content_type="text/html; charset=utf-8")

    desk.page.route("**/made-up/", answer)
    desk.open("/made-up/")
    faults = looks.judge_words(desk.page, language)
    assert faults + looks.look(desk, template, *ONCE) == []


def test_these_checks_see_what_is_wrong(sit: Sit):
    """So that "no fault" above means that somebody looked."""
    desk = sit("director", "es")
    desk.page.evaluate("""() => {
      document.querySelector('main').insertAdjacentHTML(
        'afterbegin', '<h1>Queue</h1><p></p><img src="">');
      document.querySelector('h1').setAttribute('style', 'width: 9000px');
      document.documentElement.lang = 'en';
      const wide = document.querySelector('main p');
      wide.innerHTML = '<input>'; wide.firstChild.size = 900;
    }""")
    words = looks.judge_words(desk.page, "es")
    found = looks.look(desk, "wrong", (WIDE, "light", ALL_RULES))
    assert {"html[lang] is en", "2 h1", "not es: 'Queue'"} <= set(words)
    rules = {fault.split(": ")[1] for fault in found}
    assert rules >= {"image-alt", "label"}
    assert any("scrolls sideways" in fault for fault in found)
    assert any("style-src" in problem for problem in desk.problems)
    desk.problems.clear()
