"""Real products for the tests of this folder: the shared one, and others with a safety mechanism
taken out.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.running import Running
from tests.harness.products import SETTINGS, VARIABLES, product, scratch_folder, shared


@pytest.fixture
def running() -> Iterator[Running]:
    """The shared product, its database as it is after seeding, its worker at work."""
    state = shared.fresh()
    with contextlib.closing(Running(state, Path(state["data"]) / "ready.json", VARIABLES)) as made:
        yield made


@pytest.fixture
def start() -> Iterator[Callable[..., Running]]:
    """A function that starts a product, options and variables as of ``make run``; all stop at
    the end.
    """
    with contextlib.ExitStack() as stack:

        def start(*options: str, data: Path | None = None, **variables: str) -> Running:
            folder = data or stack.enter_context(scratch_folder())
            variables = {"DJANGO_SETTINGS_MODULE": SETTINGS, **variables}
            state = stack.enter_context(product(*options, data=folder, **variables))
            running = Running(state, folder / "ready.json", variables)
            stack.callback(running.close)
            return running

        yield start
