"""How a person presses what is on the screen: by keyboard alone, or by a thumb on a phone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.desk import PHONE, scrolls_sideways

MOST_TABS = 120


@dataclass(frozen=True)
class Hands:
    """``options``: those of the browser session."""

    name: str
    options: dict[str, object]

    def press(self, target: Locator) -> None:
        if self.name == "thumb":
            target.tap()
            return
        walk_to(target)
        target.page.keyboard.press("Enter")

    def looks_right(self, page: Page) -> None:
        assert not scrolls_sideways(page)


def walk_to(target: Locator) -> None:
    """Press Tab until ``target`` has the focus, which must show."""
    expect(target).to_be_visible()
    for _step in range(MOST_TABS):
        if target.evaluate("(element) => element === document.activeElement"):
            return
        target.page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not reach {target}")


KEYS = Hands("keys", {})
THUMB = Hands("thumb", PHONE)
# Language and hands of each way through the product.
WAYS = {
    "es-thumb": ("es", THUMB),
    "en-thumb": ("en", THUMB),
    "es-keys": ("es", KEYS),
    "en-keys": ("en", KEYS),
}


def ways(*here: str) -> list[Any]:
    """Return every way for a test; others than ``here`` are walked by make soak alone."""
    return [
        pytest.param(*way, id=name, marks=[] if name in here else [pytest.mark.soak])
        for name, way in WAYS.items()
    ]
