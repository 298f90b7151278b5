"""Budgets of a run: what is counted, and what is too much."""

from __future__ import annotations

import pytest

from tests.harness import budgets, tally
from tests.harness.budgets import Spent


def test_counts_are_shared_by_all_processes_through_one_file(tmp_path, monkeypatch):
    monkeypatch.setenv(tally.VARIABLE, str(tmp_path / "counts"))
    for what in (tally.START, tally.LOOK, tally.LOOK):
        tally.add(what)
    assert tally.counts() == {tally.START: 1, tally.LOOK: 2}


@pytest.mark.parametrize(
    ("starts", "found"),
    [(6, []), (7, ["start of the product: 7 times, over 6"])],
)
def test_run_with_too_many_starts_is_over_budget(starts, found):
    assert budgets.over({tally.START: starts, tally.LOOK: 150}) == found


def test_folder_whose_cases_are_dear_on_average_is_named():
    spent = Spent()
    spent.add_all({"leads": (16.0, 100), "sla": (15.0, 100), "browser": (500.0, 100)})
    spent.add("api", 9.0)
    assert spent.dear() == ["tests/leads: 160 ms of CPU a case, over 150"]


@pytest.mark.parametrize(
    ("nodeid", "folder"),
    [
        ("tests/leads/handoffs/test_undo.py::test_a[x/y]", "leads"),
        ("tests/sla/test_explain.py::test_b", "sla"),
        ("tests/test_demo.py::test_c", ""),
    ],
)
def test_folder_is_the_first_below_tests(nodeid, folder):
    assert budgets.folder_of(nodeid) == folder


def test_slower_machine_may_take_longer():
    spent = Spent()
    spent.add_all({"leads": (16.0, 100), "sla": (31.0, 100)})
    spent.add(budgets.SAME_WORK, 10 * 2 * budgets.SECONDS_OF_SAME_WORK, 10)
    assert spent.slowness() == pytest.approx(2)
    assert spent.dear() == ["tests/sla: 310 ms of CPU a case, over 300"]


def test_faster_machine_has_the_same_budget():
    spent = Spent()
    spent.add_all({"leads": (14.0, 100)})
    spent.add(budgets.SAME_WORK, budgets.SECONDS_OF_SAME_WORK / 2)
    assert (spent.slowness(), spent.dear()) == (1, [])
