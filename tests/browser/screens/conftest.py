"""The crowded demo: in a running product, and in the database of this process."""

from __future__ import annotations

import pytest

from tests.browser.running import Running
from tests.browser.screens import crowd


@pytest.fixture(scope="module")
def crowded(running: Running) -> Running:
    """The product with all that the screens need."""
    running.shell("from tests.browser.screens.crowd import make; make()")
    return running


@pytest.fixture(scope="module")
def crowd_of_process(demo_of_module: None) -> None:
    crowd.make()
