"""The real product, as `make run` starts it, and a real Chromium before it.

Each module has a product of its own, so that moved time and taken leads never meet another module; xdist keeps a
module together (tests.services). Playwright ends with its module, too: its event loop must not stand around others.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from crm.deploy import browser as chromium
from tests.browser.desk import Desk
from tests.browser.running import Running
from tests.conftest import Moment
from tests.services import product, scratch_folder

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-quic",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
]
LOCALES = {"es": "es-MX", "en": "en-US"}

Sit = Callable[..., Desk]


chromium_path = cache(chromium.find)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Without a browser all tests here are skipped, told in one line; in CI that is a failure."""
    if item.get_closest_marker("browser") is None or chromium_path():
        return
    if os.environ.get("CI") == "true":
        pytest.fail(chromium.HOW_TO, pytrace=False)
    pytest.skip(chromium.HOW_TO)


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    """The product with demo data, worker, beat and watchdog."""
    with scratch_folder() as data, product(data=data) as state:
        found = Running(state)
        yield found
        found.close()


@pytest.fixture(scope="module")
def moment(running: Running) -> Iterator[Moment]:
    """Time of all processes of the product; runs straight until the test moves it."""
    found = Moment(running.execute, running.offset)
    yield found
    found.flow(running.offset)


@pytest.fixture(scope="module")
def window() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
        yield found
        found.close()


@pytest.fixture
def sit(running: Running, window: Browser) -> Iterator[Sit]:
    """``sit("sales_rep", "es")``: a signed-in person at a browser of their own. Ends with a look at all consoles."""
    desks: list[Desk] = []

    def take_seat(part: str | None = None, language: str = "en", *, mailbox: str = "", **options: Any) -> Desk:
        options = {"viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce"} | options
        desk = Desk(running, window.new_context(locale=LOCALES[language], **options), language)
        desks.append(desk)
        if mailbox:
            desk.sign_in(mailbox)
        return desk.sign_in_as(part) if part else desk

    yield take_seat
    problems = [problem for desk in desks for problem in desk.problems]
    for desk in desks:
        desk.close()
    assert not problems, "\n".join(problems)
