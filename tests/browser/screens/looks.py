"""Judging how a page looks: axe in both themes, and nothing that needs scrolling sideways."""

from __future__ import annotations

import os
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, Response

from tests.browser.desk import Desk
from tests.browser.screens.table import Screen
from tests.browser.screens.words import judge_policy, judge_texts
from tests.harness import tally

WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 320, "height": 640}
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text()
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
ALL_RULES: dict[str, Any] = {"type": "tag", "values": TAGS}
# A theme changes colours and nothing else: the second theme is judged by what looks at colours.
COLOURS: dict[str, Any] = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
RUN = """
(runOnly) => axe.run(document, {
  runOnly, resultTypes: ['violations'], rules: {'target-size': {enabled: true}},
  preload: false,  // fetches the styles again for one rule only, about orientation: test_table
}).then(
  (found) => found.violations.map((rule) =>
    `${rule.id}: ${rule.help} | `
    + rule.nodes.slice(0, 3).map((node) => node.target.join(' ')).join(' ; ')))
"""
# Texts as they stand on the screen, each text node by itself: as words.Page reads an answer.
TEXTS = """
() => {
  const found = new Set(), walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const node = walk.currentNode, text = node.data.replace(/\\s+/g, ' ').trim();
    const elsewhere = 'script, style, template, [lang]:not(html), select[name=language]';
    if (text && !node.parentElement.closest(elsewhere)) found.add(text);
  }
  for (const each of document.querySelectorAll('[aria-label], [title], [placeholder]'))
    for (const name of ['aria-label', 'title', 'placeholder'])
      found.add(each.getAttribute(name) ?? '');
  return [...found];
}
"""


def judge_answer(answer: Response, screen: Screen) -> list[str]:
    right = answer.status == screen.status
    faults = [] if right else [f"status {answer.status}, not {screen.status}"]
    faults += judge_policy(answer.header_value("content-security-policy") or "")
    return [*faults, "a component was not rendered (<c-)"] if "<c-" in answer.text() else faults


def judge_words(page: Page, language: str) -> list[str]:
    faults = []
    if page.get_attribute("html", "lang") != language:
        faults.append(f"html[lang] is {page.get_attribute('html', 'lang')}")
    if page.locator("h1").count() != 1:
        faults.append(f"{page.locator('h1').count()} h1")
    return [*faults, *judge_texts(set(page.evaluate(TEXTS)), language)]


def judge_look(page: Page, theme: str, rules: dict[str, Any]) -> list[str]:
    """Axe, and at 320 px that nothing needs scrolling in two directions (1.4.10)."""
    page.evaluate("(theme) => document.documentElement.dataset.theme = theme", theme)
    faults = page.evaluate(RUN, rules)
    over = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return [*faults, f"scrolls sideways by {over} px"] if over > 0 else faults


def look(desk: Desk, name: str, *ways: tuple[dict[str, int], str, dict[str, Any]]) -> list[str]:
    """Judge the page that is open at each size, in each theme, by the rules; keep a picture."""
    tally.add(tally.LOOK)
    desk.page.evaluate(AXE)
    faults = []
    for size, theme, rules in ways:
        desk.page.set_viewport_size(size)
        found = judge_look(desk.page, theme, rules)
        faults += [f"{size['width']} {theme}: {fault}" for fault in found]
        keep_picture(desk.page, f"{name}-{desk.say.language}-{theme}-{size['width']}")
    return faults


def keep_picture(page: Page, name: str) -> None:
    if folder := os.environ.get("RELEVO_SHOTS"):
        file = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
        page.screenshot(path=Path(folder) / f"{file}.png", full_page=True)
