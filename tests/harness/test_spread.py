"""The order of tests, and that its table names modules that exist."""

from __future__ import annotations

import re

from tests.harness import spread
from tests.harness.prepared import ROOT


def test_modules_of_the_table_exist():
    named = [
        *spread.BEFORE_THE_PRODUCT,
        *spread.TOGETHER,
        spread.LOOKS,
        spread.LAST_PRODUCT,
    ]
    assert [module for module in named if not (ROOT / module).exists()] == []


def test_modules_before_the_shared_product_stay_in_one_process():
    """Each of them has its database fresh: in two processes it would be made twice.

    Modules of `make faults` alone start products of their own.
    """
    listed = {*spread.BEFORE_THE_PRODUCT, spread.LOOKS, spread.LAST_PRODUCT}
    found = {
        path.relative_to(ROOT).as_posix()
        for folder in ("browser", "faults", "api")
        for path in (ROOT / "tests" / folder).rglob("test_*.py")
        if "running" in (text := path.read_text())
        and path.name != "test_matrix.py"
        and not re.search(r"^pytestmark = .*long_faults", text, re.MULTILINE)
    }
    assert found - listed == set()


def test_order_keeps_the_product_until_it_is_killed():
    """Whatever needs no product in between would end it, and the next one start it again."""
    modules = [
        "tests/lib/test_text.py",
        "tests/upgrades/test_upgrades.py",
        "tests/house/test_files.py",
        *spread.TOGETHER,
        spread.LAST_PRODUCT,
        spread.LOOKS,
        *spread.BEFORE_THE_PRODUCT,
    ]
    ordered = sorted(modules, key=spread.rank)
    assert ordered == [
        *spread.BEFORE_THE_PRODUCT,
        spread.LOOKS,
        spread.LAST_PRODUCT,
        *spread.TOGETHER,
        "tests/house/test_files.py",
        "tests/upgrades/test_upgrades.py",
        "tests/lib/test_text.py",
    ]


def test_tests_of_the_house_stay_in_one_process():
    assert spread.scope_of("tests/house/test_files.py::test_a") == "house"
    assert spread.scope_of("tests/house/test_layout.py::test_b[c]") == "house"
    assert spread.scope_of("tests/test_help.py::test_d") == "tests/test_help.py::test_d"
