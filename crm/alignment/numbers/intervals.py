"""Whether two shares differ by more than chance. Pure.

Wilson's interval of one share, and Newcombe's of the difference of two, which is built from it
(R. G. Newcombe, "Interval estimation for the difference between independent proportions", 1998,
method 10). They hold for small numbers and at shares of 0 and 1.
"""

from __future__ import annotations

from math import sqrt

Z95 = 1.959964  # of the normal distribution, 95% on both sides together


def wilson(hits: int, cases: int, z: float = Z95) -> tuple[float, float]:
    """Return the ends of the interval of the share ``hits`` of ``cases``, at least one case."""
    share = hits / cases
    squared = z * z
    middle = 2 * hits + squared
    spread = z * sqrt(squared + 4 * hits * (1 - share))
    double = 2 * (cases + squared)
    return (middle - spread) / double, (middle + spread) / double


def newcombe(first: tuple[int, int], second: tuple[int, int]) -> tuple[float, float]:
    """Return the ends of the interval of the share of ``first`` less that of ``second``.

    Each is (hits, cases) with at least one case.
    """
    share_1 = first[0] / first[1]
    share_2 = second[0] / second[1]
    low_1, high_1 = wilson(*first)
    low_2, high_2 = wilson(*second)
    difference = share_1 - share_2
    below = sqrt((share_1 - low_1) ** 2 + (high_2 - share_2) ** 2)
    above = sqrt((high_1 - share_1) ** 2 + (share_2 - low_2) ** 2)
    return difference - below, difference + above
