"""Two expressions that Django lacks."""

from __future__ import annotations

from typing import Any

from django.db.models import Aggregate, Func, IntegerField


class PercentileDisc(Aggregate):
    """The smallest value that at least ``fraction`` of the rows do not exceed.

    It is always a value that occurred.
    """

    # percentile_cont interpolates: its median may be a time that no case took.
    function = "percentile_disc"
    template = "%(function)s(%(fraction)s) WITHIN GROUP (ORDER BY %(expressions)s)"

    def __init__(self, expression: Any, fraction: float, **extra: Any) -> None:
        super().__init__(expression, fraction=fraction, **extra)


class DaysBetween(Func):
    """``DaysBetween(to, from)``: the days between two calendar dates, whatever the time zone."""

    arg_joiner = " - "
    template = "(%(expressions)s)"
    output_field = IntegerField()
