"""The crowded demo: in a running product, and in the database of this process."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from crm.lib import clock
from tests import factories
from tests.browser.running import Running
from tests.browser.screens import crowd


@pytest.fixture(scope="module")
def crowded(running: Running) -> Running:
    """The product with all that the screens need."""
    running.shell("from tests.browser.screens.crowd import make; make()")
    return running


@pytest.fixture(scope="module")
def crowd_of_process(within: Callable[[Callable[[], object]], None]) -> None:
    def make() -> None:
        factories.demo(at=clock.now())
        crowd.make()

    within(make)
