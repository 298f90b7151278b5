"""Intervals of shares and of their difference, against published values."""

from __future__ import annotations

import pytest

from crm.alignment.numbers.intervals import newcombe, wilson

# Newcombe 1998, "Two-sided confidence intervals for the single proportion", table I, method 3.
SHARES = [
    ((81, 263), (0.2553, 0.3662)),
    ((15, 148), (0.0624, 0.1605)),
    ((0, 20), (0.0000, 0.1611)),
    ((1, 29), (0.0061, 0.1718)),
    ((29, 29), (0.8830, 1.0000)),
]
# Newcombe 1998, "Interval estimation for the difference between independent proportions",
# table II, method 10.
DIFFERENCES = [
    ((56, 70), (48, 80), (0.0524, 0.3339)),
    ((9, 10), (3, 10), (0.1705, 0.8090)),
    ((6, 7), (2, 7), (0.0582, 0.8062)),
    ((5, 56), (0, 29), (-0.0381, 0.1926)),
    ((0, 10), (0, 20), (-0.1611, 0.2775)),
    ((0, 10), (0, 10), (-0.2775, 0.2775)),
    ((10, 10), (0, 20), (0.6791, 1.0000)),
    ((10, 10), (0, 10), (0.6075, 1.0000)),
]


@pytest.mark.parametrize(("case", "ends"), SHARES)
def test_interval_of_a_share(case: tuple[int, int], ends: tuple[float, float]) -> None:
    assert wilson(*case) == pytest.approx(ends, abs=0.00005)


@pytest.mark.parametrize(("first", "second", "ends"), DIFFERENCES)
def test_interval_of_a_difference(
    first: tuple[int, int], second: tuple[int, int], ends: tuple[float, float]
) -> None:
    assert newcombe(first, second) == pytest.approx(ends, abs=0.00005)
    low, high = ends
    assert newcombe(second, first) == pytest.approx((-high, -low), abs=0.00005)
