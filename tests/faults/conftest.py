"""Real products for the tests of this folder, each with servers and data of its own."""

import contextlib

import pytest

from tests.faults.running import Running
from tests.services import product, scratch_folder


@pytest.fixture
def start():
    """A function that starts a product, options and variables as of ``make run``; all stop at the end."""
    with contextlib.ExitStack() as stack:

        def start(*options, data=None, **variables):
            folder = data or stack.enter_context(scratch_folder())
            variables = {"DJANGO_SETTINGS_MODULE": "tests.faults.settings", **variables}
            state = stack.enter_context(product(*options, data=folder, **variables))
            return Running(state, folder / "ready.json", variables)

        yield start
