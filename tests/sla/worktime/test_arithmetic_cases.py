"""Business time against a minute-by-minute count: 5,000 random cases, in `make soak` 100,000."""

import pytest

from sla.worktime.arithmetic import add, between, is_open, next_close, next_open
from sla.worktime.explanation import explain
from tests.sla.worktime import oracle

FEW, MANY = 5_000, 100_000


def check(zone: str, wanted: int) -> None:
    """``wanted`` cases of ``zone``, every answer of each."""
    near_changes = 0
    for case in oracle.random_cases(zone, wanted):
        work, start, other = case[:3]
        assert is_open(work, start) is case.opens, case
        assert next_open(work, start) == case.opening, case
        assert add(work, start, case.lasting) == case.due, case
        assert between(work, start, other) == case.elapsed, case
        assert between(work, other, start) == -case.elapsed, case
        close = next_close(work, start)
        assert close == case.close or (case.close is None and close >= case.end), case
        steps = explain(work, start, case.lasting)
        assert (steps[-1].until if steps else start) == case.due, case
        near_changes += case.near_change
    # Random cases prove something about clock changes only when many of them fall there.
    assert zone == "UTC" or near_changes >= wanted // 20


def share(number: int) -> int:
    return -(-number // len(oracle.MIDDLES))


@pytest.mark.parametrize("zone", oracle.MIDDLES)
def test_random_cases_equal_the_minute_by_minute_count(zone):
    check(zone, share(FEW))


@pytest.mark.soak
@pytest.mark.parametrize("zone", oracle.MIDDLES)
def test_very_many_random_cases_equal_the_minute_by_minute_count(zone):
    check(zone, share(MANY))
