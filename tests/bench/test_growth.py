"""What the table of growth says of a route."""

from __future__ import annotations

import pytest

from tests.bench import growth


def row(name: str, leads: int, database_ms: float) -> dict[str, object]:
    return {"name": name, "leads": leads, "database_ms": database_ms, "share": 5.0}


@pytest.mark.parametrize(
    ("few", "many", "is_over"),
    [
        (2.0, 2.6, False),
        (2.0, 2.7, True),
        (2.0, 1.0, False),
        (0.2, 0.29, False),  # less than two measurements of one statement differ
        (0.2, 0.4, True),
    ],
)
def test_a_route_is_over_above_the_limit(few: float, many: float, is_over: bool) -> None:
    rows = [row("queue", 100_000, few), row("queue", 1_000_000, many)]
    (found,) = growth.compared(rows)
    assert found.is_over is is_over
    assert found.ratio == pytest.approx(many / few)


def test_each_route_is_compared_with_itself() -> None:
    rows = [row("queue", 1, 1.0), row("queue", 2, 2.0), row("list", 1, 3.0), row("list", 2, 3.0)]
    assert {found.name: found.ratio for found in growth.compared(rows)} == {"queue": 2, "list": 1}
