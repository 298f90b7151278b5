"""`make shots`: a picture of every screen, for each part that sees it, in both languages and
themes, wide and narrow.

The product is a scratch one with demo data, as the browser tests have it; the screens are theirs
(table.py). With ``--readme`` it takes the three pictures that README shows instead.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import django

from crm.deploy import browser as chromium
from tests.harness.prepared import ROOT
from tests.harness.products import product, scratch_folder

THEMES = ("light", "dark")
SIZES = ({"width": 1280, "height": 800}, {"width": 360, "height": 740})
INDEX = Path(__file__).with_name("shots.html")
# What README shows: the picture's name, who sees it, the address, and whose lead it is.
PICTURES = Path("crm/docs/images")
README = (
    ("queue", "sales_rep", "/queue/", ""),
    ("qualify", "marketing", "/leads/{lead}/qualify/", "Paula Ríos"),
    ("alignment", "director", "/alignment/", ""),
)
SLOW = 90_000  # milliseconds: a busy machine takes its time
# WebP is as small as that only below its best quality; text stays sharp.
WEBP = {"format": "webp", "quality": 80}


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make shots", description=__doc__)
    add = parser.add_argument
    add(
        "--out",
        type=Path,
        default=ROOT / "test-results" / "shots",
        help="folder (test-results/shots)",
    )
    add(
        "--only",
        action="append",
        default=[],
        metavar="WORDS",
        help="screens with these words: --only queue",
    )
    add("--language", action="append", choices=["es", "en"], help="one language instead of both")
    add("--readme", action="store_true", help=f"the pictures of README, into {PICTURES}")
    return parser.parse_args(arguments)


def name_of(part: str, path: str) -> str:
    """A file's name for what ``part`` sees at ``path``."""
    where = re.sub(r"[^a-z0-9]+", "-", path.lower()).strip("-") or "home"
    return f"{part or 'nobody'}--{where}"


def take(options: argparse.Namespace, browser: str) -> list[dict[str, str]]:
    """Bring the product up and take all pictures; returns one entry for each screen."""
    from playwright.sync_api import sync_playwright

    from tests.browser.conftest import ARGUMENTS, LOCALES
    from tests.browser.desk import Desk
    from tests.browser.running import Running
    from tests.browser.screens.table import PARTS

    found: dict[str, dict[str, str]] = {}
    with scratch_folder() as data, product(data=data) as state, sync_playwright() as playwright:
        window = playwright.chromium.launch(executable_path=browser, args=ARGUMENTS)
        running = Running(state)
        running.shell("from tests.browser.screens.crowd import make; make()")
        for language in options.language or LOCALES:
            for part in PARTS:
                context = window.new_context(locale=LOCALES[language], reduced_motion="reduce")
                desk = Desk(running, context, language)
                for entry in pictures(desk, part, language, options):
                    found[entry["name"]] = entry
                    if sys.stdout.isatty():
                        print(f"\r{language} {entry['name']:<80.80}", end="", flush=True)
                desk.close()
        window.close()
        running.close()
    if sys.stdout.isatty():
        print("\r" + " " * 84 + "\r", end="")
    return list(found.values())


def pictures(
    desk, part: str, language: str, options: argparse.Namespace
) -> Iterator[dict[str, str]]:
    """Each screen of ``part`` in every theme and size."""
    from tests.browser.screens.table import path_of, seen_by

    wanted = [
        screen
        for screen in seen_by(part)
        if not options.only or any(w in screen.path for w in options.only)
    ]
    if wanted and part:
        desk.sign_in_as(part)
    for screen in wanted:
        path = path_of(screen, desk.running.rows)
        desk.open(path)
        name = name_of(part, path)
        for size in SIZES:
            desk.page.set_viewport_size(size)
            for theme in THEMES:
                desk.page.evaluate(
                    "(theme) => document.documentElement.dataset.theme = theme", theme
                )
                file = options.out / f"{name}--{language}-{theme}-{size['width']}.png"
                desk.page.screenshot(path=file, full_page=True)
        yield {"name": name, "part": part or "nobody", "path": f"{path} {screen.person}".strip()}


def take_for_readme(browser: str) -> list[Path]:
    """Take the pictures of README: English, light, wide, without the banner of the demo."""
    from playwright.sync_api import sync_playwright

    from tests.browser.conftest import ARGUMENTS, LOCALES
    from tests.browser.desk import Desk
    from tests.browser.running import Running
    from tests.browser.screens.table import LEAD_OF

    taken = []
    with scratch_folder() as data, product(data=data) as state, sync_playwright() as playwright:
        window = playwright.chromium.launch(executable_path=browser, args=ARGUMENTS)
        running = Running(state)
        for name, part, path, person in README:
            context = window.new_context(locale=LOCALES["en"], reduced_motion="reduce")
            desk = Desk(running, context, "en")
            context.set_default_timeout(SLOW)
            desk.sign_in_as(part)
            lead = running.rows(LEAD_OF, person)[0][0] if person else 0
            desk.open(path.format(lead=lead))
            desk.page.set_viewport_size(SIZES[0])
            # What only a newcomer and only a demo shows.
            desk.page.evaluate(
                "document.querySelectorAll('.banner--info, .first').forEach((e) => e.remove())"
            )
            taken.append(write_webp(desk, ROOT / PICTURES / f"{name}.webp"))
            desk.close()
        window.close()
        running.close()
    return taken


def write_webp(desk, file: Path) -> Path:
    """Write what the window shows. Playwright itself knows PNG and JPEG only."""
    page = desk.page
    answer = page.context.new_cdp_session(page).send("Page.captureScreenshot", WEBP)
    file.write_bytes(base64.b64decode(answer["data"]))
    return file


def main() -> int:
    options = parse()
    browser, advice = chromium.find(), chromium.HOW_TO
    if browser is None:
        print(advice)
        return 1
    # The screens are those of the product's own resolver, which needs its settings.
    os.environ |= {"RELEVO_MODE": "test", "SECRET_KEY": "only-for-pictures-" + "x" * 40}
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")
    django.setup()
    if options.readme:
        for file in take_for_readme(browser):
            print(f"{file.relative_to(ROOT)}: {file.stat().st_size // 1000} kB")
        return 0
    options.out.mkdir(parents=True, exist_ok=True)
    for old in options.out.glob("*--*.png"):
        old.unlink()
    entries = take(options, browser)
    index = INDEX.read_text().replace(
        "[/* screens */]", json.dumps(entries).replace("<", "\\u003c")
    )
    (options.out / "index.html").write_text(index)
    count = len(list(options.out.glob("*--*.png")))
    print(
        f"{count} pictures of {len(entries)} screens; page through them "
        f"in {options.out / 'index.html'}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
