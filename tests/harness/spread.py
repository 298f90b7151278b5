"""Which test runs where, and when: longest first, and what shares something dear in one process.

A plugin (`-p tests.harness.spread`).
"""

from __future__ import annotations

from typing import Any

import pytest

# Modules that stay in one process, with the seconds that they take on a quiet machine.
# First those before the shared product: each needs its database fresh. One that needs no demo comes
# second, so that one process does not wait while the other prepares the demo for both.
BEFORE_THE_PRODUCT: dict[str, float] = {
    "tests/faults/test_ladder_exactly_once.py": 50,
    "tests/deploy/test_compose.py": 42,
    "tests/browser/returns/test_way_back.py": 40,
    "tests/browser/lead/test_follow_up.py": 38,
    "tests/browser/jobs/test_main_job.py": 35,
    "tests/browser/jobs/test_stranger.py": 30,
    "tests/api/test_schemathesis.py": 28,
    "tests/faults/test_without_valkey.py": 26,
    "tests/browser/test_keyboard.py": 25,
    "tests/browser/test_races_on_screen.py": 16,
    "tests/browser/test_phone.py": 15,
    "tests/browser/test_agreement.py": 12,
    "tests/browser/test_comfort.py": 12,
    "tests/browser/lead/test_page.py": 12,
    "tests/browser/forms/test_drafts.py": 12,
    "tests/browser/test_personas.py": 10,
    "tests/faults/test_parallel_accepts.py": 5,
}
LOOKS = "tests/browser/screens/test_looks.py"  # any process takes the next one
LAST_PRODUCT = "tests/faults/test_kill_and_restart.py"  # kills the product of its process for good
# These share the demo, an import or dear rows. After the product, which they would end.
TOGETHER: dict[str, float] = {
    "tests/browser/screens/test_words.py": 40,
    "tests/lib/wording/test_chosen_words.py": 12,
    "tests/leads/imports/history/test_olist.py": 10,
    "tests/alignment/test_panels.py": 8,
    "tests/leads/qualification/test_impact.py": 6,
    "tests/test_invariants.py": 6,
    "tests/demo/test_loaded.py": 6,
    "tests/leads/test_visible_to.py": 4,
}
HOUSE = "tests/house/"  # its tests share the parsed files
# Tests of seconds, each alone: before the many short ones, so that both processes end together.
LONG = (
    "tests/upgrades/",
    "tests/deploy/",
    "tests/races/",
    "tests/demo/",
    "tests/leads/machine/",
)


def module_of(nodeid: str) -> str:
    return nodeid.split("::")[0]


def scope_of(nodeid: str) -> str:
    """Return what goes to one process as a whole: a module, the house, or the test alone."""
    module = module_of(nodeid)
    if module in BEFORE_THE_PRODUCT or module in TOGETHER:
        return module
    return "house" if module.startswith(HOUSE) else nodeid


def rank(nodeid: str) -> tuple[int, float]:
    """What shares a product comes first, so that each process needs it once; longest first."""
    module = module_of(nodeid)
    if module in BEFORE_THE_PRODUCT:
        return (0, -BEFORE_THE_PRODUCT[module])
    if module in TOGETHER:
        return (3, -TOGETHER[module])
    if module.startswith(HOUSE):
        return (4, -1 if module == HOUSE[0] else 0)
    if module.startswith(LONG):
        return (5, 0)
    return ({LOOKS: 1, LAST_PRODUCT: 2}.get(module, 6), 0)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: rank(item.nodeid))  # keeps the order of equals


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False  # the order is ours


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep whole what belongs together; give every other test to the process that has room.

    Not by marks (--dist loadgroup): pytest 9.2 and xdist 3.8 together do not see them.
    """
    from xdist.scheduler import LoadScopeScheduling

    class ByProduct(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return scope_of(nodeid)

        def mark_test_complete(self, node: Any, item_index: int, duration: float = 0) -> None:
            """Forget what is done: after each test, xdist counts over all that it remembers."""
            nodeid = self.registered_collections[node][item_index]
            left = self.assigned_work[node][scope_of(nodeid)]
            left.pop(nodeid, None)
            if not left:
                del self.assigned_work[node][scope_of(nodeid)]
            self._reschedule(node)

    return ByProduct(config, log)
