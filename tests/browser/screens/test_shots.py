"""Pictures of screens: each has a name of its own, and the page that shows them takes the list."""

from __future__ import annotations

from tests.browser.screens import shots
from tests.browser.screens.table import PARTS, seen_by


def test_every_screen_has_a_name_of_its_own():
    seen = [
        (
            part,
            screen.path.format(
                lead=screen.person,
                handoff=screen.person,
                checked="checked",
                done="done",
                first=1,
                draft=2,
                waiting=3,
            ),
        )
        for part in PARTS
        for screen in seen_by(part)
    ]
    names = {shots.name_of(part, path) for part, path in seen}
    assert len(names) == len(set(seen)) > 50
    assert shots.name_of("", "/accounts/login/?next=/queue/") == "nobody--accounts-login-next-queue"


def test_page_of_pictures_has_a_place_for_the_screens():
    assert shots.INDEX.read_text().count("[/* screens */]") == 1
