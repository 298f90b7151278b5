"""Two columns as one range of PostgreSQL, for constraints against overlaps.

Migrations import both names, so they never move.
"""

from __future__ import annotations

from django.contrib.postgres.fields import DateRangeField, DateTimeRangeField
from django.db.models import Func


class DateRange(Func):
    """Two dates as a ``daterange``.

    A RangeBoundary as third argument says whether the last day belongs to it.
    """

    function = "DATERANGE"
    output_field = DateRangeField()


class MomentRange(Func):
    """Two instants as a ``tstzrange``, which includes the first and excludes the second."""

    function = "TSTZRANGE"
    output_field = DateTimeRangeField()
