"""The real product, as `make run` starts it, and a real Chromium before it.

The product and the browser are those of the process (tests.harness.products); each module has the
database fresh, so that moved time and taken leads never meet another module. A module stays in one
process (tests.harness.spread).
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from crm.deploy import browser as chromium
from tests.browser.desk import Desk
from tests.browser.running import Running
from tests.conftest import Moment
from tests.harness.products import shared

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


class Window:
    """The one Chromium of this process; each person in it has a session of their own."""

    def __init__(self) -> None:
        self.stack = contextlib.ExitStack()
        self.browser: Browser | None = None

    def open(self) -> Browser:
        if self.browser is None or not self.browser.is_connected():
            self.close()
            playwright = self.stack.enter_context(sync_playwright())
            path = chromium_path()
            self.browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
            self.stack.callback(self.browser.close)
        return self.browser

    def close(self) -> None:
        """Close it, and Playwright: its event loop must not run while others use the database."""
        self.browser = None
        self.stack.close()


the_window = Window()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> Iterator[None]:
    try:
        return (yield)
    finally:
        if nextitem is None or nextitem.get_closest_marker("browser") is None:
            the_window.close()


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    """The product with demo data, worker, beat and watchdog, as it is after seeding."""
    found = Running(shared.fresh())
    yield found
    found.close()


@pytest.fixture(scope="module")
def moment(running: Running) -> Moment:
    """Time of all processes of the product; runs straight until the test moves it."""
    return Moment(running.execute, running.offset)


@pytest.fixture
def window() -> Browser:
    return the_window.open()


@dataclass(frozen=True)
class Place:
    """Who sits somewhere, in which language, with which options of the browser."""

    person: str
    language: str
    options: str


class Seats:
    """Signed-in people of one module who wait for the next test: a new session takes a second."""

    def __init__(self) -> None:
        self.free: list[tuple[Place, Desk]] = []
        self.taken: list[tuple[Place, Desk, bool]] = []

    def take(self, place: Place, seat: Callable[[], Desk], anywhere: bool) -> Desk:
        """Return a desk at this place, free or new; at the person's first page, or anywhere.

        The product remembers one language for each person: who sits down in another one ends the
        sessions that wait in the first.
        """
        desk = None
        for pair in list(self.free):
            where, waiting = pair
            if where == place and desk is None:
                desk = waiting
                self.free.remove(pair)
            elif where.person == place.person and where.language != place.language:
                waiting.close()
                self.free.remove(pair)
        if desk and not anywhere:
            desk.open(desk.home)
        desk = desk or seat()
        self.taken.append((place, desk, anywhere))
        return desk

    def give_back(self) -> list[str]:
        """Free all seats; return what their consoles said that nobody should see."""
        problems = [problem for _, desk, _ in self.taken for problem in desk.problems]
        for place, desk, anywhere in self.taken:
            if desk.rest(keep_page=anywhere):
                self.free.append((place, desk))
            else:
                desk.close()
        self.taken = []
        return problems

    def close(self) -> None:
        for _place, desk in self.free:
            desk.close()


@pytest.fixture(scope="module")
def seats() -> Iterator[Seats]:
    found = Seats()
    yield found
    found.close()


@pytest.fixture
def sit(running: Running, window: Browser, seats: Seats) -> Iterator[Sit]:
    """``sit("sales_rep", "es")``: a signed-in person at a browser of their own.

    They stand before their first page; ``anywhere``: on any, for who opens one next. Ends with a
    look at all consoles.
    """

    def take_seat(
        part: str | None = None,
        language: str = "en",
        *,
        mailbox: str = "",
        anywhere: bool = False,
        **options: Any,
    ) -> Desk:
        options = {"viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce"} | options

        def seat() -> Desk:
            desk = Desk(running, window.new_context(locale=LOCALES[language], **options), language)
            if mailbox:
                desk.sign_in(mailbox)
            return desk.sign_in_as(part) if part else desk

        place = Place(f"{part} {mailbox}", language, str(sorted(options.items())))
        return seats.take(place, seat, anywhere)

    yield take_seat
    problems = seats.give_back()
    assert not problems, "\n".join(problems)
