"""What a run of the tests may cost; over it, the run fails. A plugin (`-p tests.harness.budgets`).

Counted in every run but those of long forms: starts of the whole product, and looks by axe. With
CI=true also the CPU time of the test process for a case, on average over a folder of tests.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.harness import tally

AT_MOST = {tally.START: 6, tally.LOOK: 150}
SECONDS_A_CASE = 0.150
# What `same_work` takes on the machine on which the budget was set, when nothing else runs there.
SECONDS_OF_SAME_WORK = 0.0015
EVERY = 50  # cases between two measurements of it
SAME_WORK = "the same work"  # as if it were a folder
EXEMPT = ("browser", "faults", "races", "deploy", "bench", SAME_WORK)
ENOUGH = 20  # cases: below, one heavy one would decide


def folder_of(nodeid: str) -> str:
    """Return the folder below tests/ that a test belongs to; "" for those in tests/ itself."""
    parts = nodeid.split("::")[0].split("/")
    return parts[1] if len(parts) > 2 else ""


def same_work() -> float:
    """Return the CPU seconds of a bit of work that is always the same."""
    began = time.process_time()
    table: dict[int, int] = {}
    for number in range(20_000):
        table[number % 97] = table.get(number % 89, 0) + number
    return time.process_time() - began


class Spent:
    """CPU seconds and cases of each folder, and of the work that is always the same."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self.cases: Counter[str] = Counter()

    def slowness(self) -> float:
        """Return how many times slower this machine is than the one of the budget, at least 1."""
        if not self.cases[SAME_WORK]:
            return 1
        return max(1, self.seconds[SAME_WORK] / self.cases[SAME_WORK] / SECONDS_OF_SAME_WORK)

    def add(self, folder: str, seconds: float, cases: int = 1) -> None:
        self.seconds[folder] += seconds  # type: ignore[assignment]
        self.cases[folder] += cases

    def add_all(self, found: Mapping[str, tuple[float, int]]) -> None:
        for folder, (seconds, cases) in found.items():
            self.add(folder, seconds, cases)

    def as_dict(self) -> dict[str, tuple[float, int]]:
        return {folder: (self.seconds[folder], self.cases[folder]) for folder in self.cases}

    def dear(self) -> list[str]:
        """Return a line for each folder whose cases are too dear."""
        found = []
        allowed = SECONDS_A_CASE * self.slowness()
        for folder, cases in sorted(self.cases.items()):
            mean = self.seconds[folder] / cases
            if folder not in EXEMPT and cases >= ENOUGH and mean > allowed:
                most = allowed * 1000
                found.append(f"tests/{folder}: {mean * 1000:.0f} ms of CPU a case, over {most:.0f}")
        return found


def over(counts: Mapping[str, int]) -> list[str]:
    """Return a line for each count that is over its budget."""
    return [
        f"{what}: {counts[what]} times, over {most}"
        for what, most in AT_MOST.items()
        if counts.get(what, 0) > most
    ]


class Budgets:
    """Measures in every process; the process that reports judges."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.spent = Spent()
        self.count = 0
        self.found: list[str] = []

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        began = time.process_time()
        try:
            return (yield)
        finally:
            self.spent.add(folder_of(item.nodeid), time.process_time() - began)
            self.count += 1
            if self.count % EVERY == 1:
                self.spent.add(SAME_WORK, same_work())

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        self.spent.add_all(getattr(node, "workeroutput", {}).get("spent", {}))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if hasattr(self.config, "workeroutput"):
            self.config.workeroutput["spent"] = self.spent.as_dict()
            return
        if not self.config.option.markexpr:  # long forms may cost what they cost
            self.found = over(tally.counts())
            if os.environ.get("CI") == "true":
                self.found += self.spent.dear()
        if self.found and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        counts = tally.counts()
        if counts or self.found:
            terminalreporter.section("budgets")
        for what, most in AT_MOST.items():
            if counts[what]:
                terminalreporter.line(f"{what}: {counts[what]} of {most}")
        if os.environ.get("CI") == "true":
            terminalreporter.line(
                f"slower than the machine of the budget: {self.spent.slowness():.2f} times"
            )
            for folder, (seconds, cases) in sorted(self.spent.as_dict().items()):
                if folder == SAME_WORK:
                    continue
                mean = 1000 * seconds / cases
                terminalreporter.line(f"tests/{folder}: {mean:.0f} ms of CPU a case, {cases} cases")
        for line in self.found:
            terminalreporter.line(f"OVER BUDGET: {line}", red=True)


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Budgets(config), "budgets")
