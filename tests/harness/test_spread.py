"""The order of tests, and that its table names modules that exist."""

from __future__ import annotations

from tests.harness import spread
from tests.harness.prepared import ROOT


def test_modules_of_the_table_exist():
    named = [*spread.TOGETHER, spread.LOOKS, spread.LAST_PRODUCT]
    assert [module for module in named if not (ROOT / module).exists()] == []


def test_modules_before_the_shared_product_stay_in_one_process():
    """Each of them has its database fresh: in two processes it would be made twice."""
    listed = {*spread.TOGETHER, spread.LOOKS, spread.LAST_PRODUCT}
    found = {
        path.relative_to(ROOT).as_posix()
        for folder in ("browser", "faults", "api")
        for path in (ROOT / "tests" / folder).rglob("test_*.py")
        if "running" in path.read_text() and "pytest.mark.soak" not in path.read_text()
    }
    assert found - listed == set()


def test_what_kills_the_product_comes_after_all_that_share_it():
    order = [spread.LAST_PRODUCT, spread.LOOKS, "tests/lib/test_text.py", *spread.TOGETHER]
    ordered = sorted((f"{module}::test" for module in order), key=spread.rank)
    assert ordered[-3:] == [
        f"{spread.LOOKS}::test",
        f"{spread.LAST_PRODUCT}::test",
        "tests/lib/test_text.py::test",
    ]
