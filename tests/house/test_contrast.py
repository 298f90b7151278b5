"""Contrast of both themes, computed from the tokens (WCAG 2.2: 1.4.3 and 1.4.11).

Pairs are those that a rule of the styles names together, and every text on every ground it may
stand on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product

import pytest

from tests.sources import ROOT

STYLES = ROOT / "crm" / "static" / "crm"
THEMES = {
    "light": r":root, \[data-theme=light\]",
    "dark": r"\[data-theme=dark\]",
    "system": r"\[data-theme=system\]",
}
TEXT, PART = 4.5, 3.0
GROUNDS = ("bg", "bg-subtle", "bg-muted")
STATUSES = ("ok", "warn", "bad", "info", "pause")
PAIRS = [
    *((text, ground, TEXT) for text, ground in product(("text", "text-muted"), GROUNDS)),
    *((text, ground, TEXT) for text, ground in product(("link", *STATUSES), GROUNDS[:2])),
    *((status, f"{status}-soft", TEXT) for status in STATUSES),
    *((f"h{step}t", f"h{step}", TEXT) for step in range(5)),
    *((text, "accent-soft", TEXT) for text in ("link", "text")),
    *(("on-accent", accent, TEXT) for accent in ("accent", "accent-hover")),
    *((part, ground, PART) for part, ground in product(("border-strong", "focus"), GROUNDS[:2])),
    *((part, "bg", PART) for part in ("accent", "warn-line", "bad-solid")),
    *((f"c{series}", "bg", PART) for series in range(1, 7)),
]


def tokens(theme: str) -> dict[str, str]:
    """Return the colours of a theme by name, as six hexadecimal digits."""
    text = (STYLES / "tokens.css").read_text()
    block = re.search(rf"^{THEMES[theme]} \{{(.*?)\}}", text, re.MULTILINE | re.DOTALL)
    assert block, theme
    found = re.findall(r"--([\w-]+): #([0-9a-f]{3}|[0-9a-f]{6});", block[1])
    return {
        name: hexes if len(hexes) == 6 else "".join(2 * digit for digit in hexes)
        for name, hexes in found
    }


def luminance(hexes: str) -> float:
    def linear(part: int) -> float:
        share = part / 255
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(int(hexes[at : at + 2], 16)) for at in (0, 2, 4))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def named_together() -> Iterator[tuple[str, str]]:
    """Pairs of text and ground from rules that set both."""
    for sheet in sorted(STYLES.glob("*.css")):
        for rule in re.findall(r"\{([^{}]*)\}", sheet.read_text()):
            text = re.search(r"(?<![\w-])color: var\(--([\w-]+)\)", rule)
            ground = re.search(r"(?<![\w-])background(?:-color)?: var\(--([\w-]+)\)", rule)
            if text and ground:
                yield text[1], ground[1]


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("000000", "ffffff") == 21
    assert round(contrast("777777", "ffffff"), 2) == 4.48


@pytest.mark.parametrize("theme", THEMES)
def test_text_and_parts_stand_out_from_their_ground(theme: str) -> None:
    colours = tokens(theme)
    pairs = {*PAIRS, *((text, ground, TEXT) for text, ground in named_together())}
    assert len(pairs) > 45
    assert [
        f"{one} on {other}: {contrast(colours[one], colours[other]):.2f}, not {least}"
        for one, other, least in sorted(pairs)
        if contrast(colours[one], colours[other]) < least
    ] == []


def test_dark_by_the_device_is_dark_by_choice() -> None:
    assert tokens("system") == tokens("dark") != tokens("light")
    assert tokens("dark").keys() == tokens("light").keys()
