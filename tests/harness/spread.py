"""Which test runs where, and when: longest first, and what shares a product stays in one process.

A plugin (`-p tests.harness.spread`).
"""

from __future__ import annotations

from typing import Any

import pytest

# Their modules each stay in one process: they share a product, or an import.
TOGETHER = (
    "tests/browser/",
    "tests/faults/",
    "tests/api/test_schemathesis.py",
    "tests/alignment/test_olist_numbers.py",
)
# Seconds on a quiet machine of what takes longest; the last product module kills its product for good.
LONGEST: dict[str, float] = {}
LAST_PRODUCT = "tests/faults/test_kill_and_restart.py"


def module_of(nodeid: str) -> str:
    return nodeid.split("::")[0]


def rank(nodeid: str) -> tuple[int, float]:
    """Modules with a product first, then all else; within each the longest first."""
    module = module_of(nodeid)
    if module == LAST_PRODUCT:
        return (1, 0)
    return (0 if module.startswith(TOGETHER) else 2, -LONGEST.get(module, 0))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: rank(item.nodeid))  # keeps the order of equals


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False  # the order is ours


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep modules of TOGETHER whole; give every other test to the process that has room.

    Not by marks (--dist loadgroup): pytest 9.2 and xdist 3.8 together do not see them.
    """
    from xdist.scheduler import LoadScopeScheduling

    class ByProduct(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return module_of(nodeid) if nodeid.startswith(TOGETHER) else nodeid

    return ByProduct(config, log)
