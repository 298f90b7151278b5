"""Every screen, for each part that sees it, in both languages, both themes, at 1280 and
at 320 px.
"""

from __future__ import annotations

import pytest

from tests.browser.conftest import Sit
from tests.browser.running import Running
from tests.browser.screens import looks, table
from tests.browser.screens.looks import ALL_RULES, COLOURS, NARROW, WIDE
from tests.browser.screens.table import NOBODY, PARTS, Screen
from tests.browser.words import LANGUAGES

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.soak]

EVERY_WAY = tuple(
    (size, theme, rules)
    for size in (WIDE, NARROW)
    for theme, rules in (("light", ALL_RULES), ("dark", COLOURS))
)


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_screens_are_sound(sit: Sit, crowded: Running, language: str, part: str):
    desk = sit(part if part != NOBODY else None, language)
    faults = []
    for screen in table.seen_by(part):
        path = table.path_of(screen, crowded.rows)
        desk.page.set_viewport_size(WIDE)
        answer = desk.open(path)
        found = looks.judge_answer(answer, screen) + looks.judge_words(desk.page, language)
        if looks_closely(screen, part, language):
            found += looks.look(desk, path, *EVERY_WAY)
        faults += [f"{path}: {fault}" for fault in found]
    assert not faults, "\n" + "\n".join(faults)


def looks_closely(screen: Screen, part: str, language: str) -> bool:
    """Whether axe judges the screen for this part in this language.

    In both for the first part that sees it, which is every screen in every language, theme and
    width; in one of them, by turns, for the others, who see it too.
    """
    place = screen.parts.index(part)
    return place == 0 or language == LANGUAGES[place % 2]
