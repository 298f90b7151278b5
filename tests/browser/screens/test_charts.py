"""Charts by themselves in a browser: labels keep apart, and marks say what they are.

The drawings are set into a page with the product's own styles; no product runs.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.utils import translation
from django.utils.safestring import SafeString
from playwright.sync_api import Page

from crm.alignment.charts import figures
from crm.alignment.charts.marks import Mark, Series
from crm.alignment.panels.drawings import tick_every
from crm.lib.number_formats import share
from tests.browser.conftest import the_window
from tests.sources import ROOT

pytestmark = pytest.mark.browser
STATIC = ROOT / "crm" / "static" / "crm"
# The inner width of a panel at 320, 360 and 1280 pixels of the window.
WIDTHS = (256, 296, 480)
# Texts of one drawing whose boxes meet, in pixels, a hair's breadth apart allowed.
OVERLAPS = """
() => {
  const found = [];
  const texts = [...document.querySelectorAll('svg text')].filter((each) => each.textContent);
  const boxes = texts.map((each) => each.getBoundingClientRect());
  for (let a = 0; a < boxes.length; a++) for (let b = a + 1; b < boxes.length; b++) {
    const wide = Math.min(boxes[a].right, boxes[b].right) - Math.max(boxes[a].left, boxes[b].left);
    const tall = Math.min(boxes[a].bottom, boxes[b].bottom) - Math.max(boxes[a].top, boxes[b].top);
    if (wide > 0.5 && tall > 2) found.push(`${texts[a].textContent} / ${texts[b].textContent}`);
  }
  return found;
}
"""


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    page = the_window.open().new_page()
    yield page
    page.close()


def set_up(page: Page, drawing: SafeString, width: int) -> None:
    styles = "".join(
        (STATIC / name).read_text() for name in ("tokens.css", "app.css", "charts.css")
    )
    page.set_viewport_size({"width": width + 64, "height": 700})
    page.set_content(
        f"<!doctype html><html lang=en><style>{styles}</style>"
        f"<body><div style='width:{width}px;margin:32px'>{drawing}</div></body></html>"
    )


def columns(counts: list[int], limit_after: int | None = 4) -> SafeString:
    labels = ("0–15", "15–30", "30–60", "60–90", "90–120", "2–4 h", "4–8 h", "> 8 h")
    marks = [
        Mark(label, count, "/list/", late=number > 4)
        for number, (label, count) in enumerate(zip(labels, counts, strict=True))
    ]
    return figures.columns(
        "Decided", marks, heads=("Minutes", "Decided"), limit_after=limit_after, limit_text="Límite"
    )


def weeks(rates: list[float | None], agreed: float | None) -> SafeString:
    ticks = ["28 sept", "5 oct", "12 oct", "19 oct", "26 oct", "30 nov", "31 dic"]
    named = [ticks[number % len(ticks)] for number in range(len(rates))]
    reference = agreed if agreed is None else (f"Acordado: {share(agreed)}", agreed, agreed)
    each = Series("Share", rates, hrefs=["/list/"] * len(rates), solid=[True] * len(rates))
    return figures.line(
        "In time",
        named,
        [each],
        head="Week of",
        high=1,
        shown=share,
        reference=reference,
        tick_every=tick_every(len(rates)),
    )


COLUMNS = {
    "usual": ([39, 73, 71, 68, 60, 39, 7, 0], 4),
    "nothing": ([0] * 8, 4),
    "all equal and large": ([9999] * 8, 4),
    "tens of thousands": ([12_345] * 8, 4),
    "hundreds of thousands": ([987_654] * 8, 4),
    "limit at the first edge": ([5] * 8, 0),
    "limit at the last edge": ([1234] * 8, 6),
}
LINES = {
    "usual": ([0.9, 1, 0.95, 0.9, 0.86, 0.8, 0.45, 0.87, 0.86, 0.84, 0.89, 0.86, 0.84], 0.9),
    "one week at the agreed share": ([0.9], 0.9),
    "one week just below": ([0.88], 0.9),
    "one week at nothing": ([0.0], 0.02),
    "two weeks": ([0.9, 0.9], 0.9),
    "seven weeks": ([1.0] * 7, 1.0),
    "six weeks at nothing": ([0.0] * 6, 0.01),
    "first week far above a low promise": ([1.0, 0.2, 0.02], 0.03),
    "a year": ([1.0, 0.0] * 26, 0.5),
    "without a promise": ([0.5, None, 0.996], None),
}


@pytest.mark.parametrize("width", WIDTHS)
def test_labels_never_stand_over_each_other(page: Page, width: int) -> None:
    found = {}
    with translation.override("es"):
        drawings = {f"columns: {name}": columns(*case) for name, case in COLUMNS.items()}
        drawings |= {f"line: {name}": weeks(*case) for name, case in LINES.items()}
    for name, drawing in drawings.items():
        set_up(page, drawing, width)
        if overlaps := page.evaluate(OVERLAPS):
            found[name] = overlaps
    assert found == {}


def test_mark_says_what_it_is_on_the_pointer_and_on_the_keyboard(page: Page) -> None:
    with translation.override("en"):
        set_up(page, columns([39, 73, 71, 68, 60, 39, 7, 0]), 480)
    page.add_script_tag(content=(STATIC / "tips.js").read_text(), type="module")
    tip = page.locator("[role=tooltip]")
    page.locator("a.mk").nth(1).hover()
    assert tip.text_content() == "15–30: 73"
    page.keyboard.press("Escape")
    assert not tip.is_visible()
    page.keyboard.press("Tab")
    assert tip.text_content() == "0–15: 39"
    for key, words in (("ArrowRight", "15–30: 73"), ("End", "> 8 h: 0"), ("ArrowLeft", "4–8 h: 7")):
        page.keyboard.press(key)
        assert (tip.text_content(), tip.is_visible()) == (words, True)
    assert page.locator("a.mk[tabindex='0']").count() == 1
    assert page.locator("a.mk").nth(6).get_attribute("aria-label") == "4–8 h: 7"


def test_mark_says_what_it_is_without_javascript(page: Page) -> None:
    with translation.override("en"):
        set_up(page, weeks([0.9, 0.8], 0.9), 480)
    titles = page.locator("a.mk title").all_text_contents()
    assert titles == ["28 sept: 90%", "5 oct: 80%"]
