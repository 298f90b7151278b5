"""Which test runs where, and when: longest first, and what shares something dear in one process.

A plugin (`-p tests.harness.spread`).
"""

from __future__ import annotations

from typing import Any

import pytest

# Modules that stay in one process, since their tests share a fresh database of the running product,
# the demo, an import or dear rows; with the seconds that they take on a quiet machine.
TOGETHER: dict[str, float] = {
    "tests/browser/test_stranger.py": 60,
    "tests/browser/test_main_job.py": 60,
    "tests/faults/test_without_valkey.py": 50,
    "tests/faults/test_ladder_exactly_once.py": 40,
    "tests/api/test_schemathesis.py": 40,
    "tests/browser/screens/test_words.py": 40,
    "tests/browser/test_phone.py": 35,
    "tests/browser/test_keyboard.py": 30,
    "tests/browser/test_races_on_screen.py": 30,
    "tests/browser/test_agreement.py": 20,
    "tests/browser/test_comfort.py": 15,
    "tests/browser/test_personas.py": 10,
    "tests/faults/test_parallel_accepts.py": 10,
    "tests/alignment/test_olist_numbers.py": 10,
    "tests/leads/imports/history/test_olist.py": 10,
    "tests/alignment/test_panels.py": 10,
    "tests/leads/qualification/test_impact.py": 10,
    "tests/test_invariants.py": 10,
    "tests/lib/wording/test_chosen_words.py": 10,
    "tests/leads/test_visible_to.py": 5,
    "tests/demo/test_loaded.py": 5,
}
LOOKS = "tests/browser/screens/test_looks.py"  # any process takes the next one
LAST_PRODUCT = "tests/faults/test_kill_and_restart.py"  # kills the product of its process for good


def module_of(nodeid: str) -> str:
    return nodeid.split("::")[0]


def rank(nodeid: str) -> tuple[int, float]:
    """What shares a product comes first, so that each process needs it once; longest first."""
    module = module_of(nodeid)
    if module in TOGETHER:
        return (0, -TOGETHER[module])
    return ({LOOKS: 1, LAST_PRODUCT: 2}.get(module, 3), 0)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: rank(item.nodeid))  # keeps the order of equals


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False  # the order is ours


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep the modules of TOGETHER whole; give every other test to the process that has room.

    Not by marks (--dist loadgroup): pytest 9.2 and xdist 3.8 together do not see them.
    """
    from xdist.scheduler import LoadScopeScheduling

    class ByProduct(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            module = module_of(nodeid)
            return module if module in TOGETHER else nodeid

    return ByProduct(config, log)
