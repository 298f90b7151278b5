"""Two columns as one range of PostgreSQL, for constraints against overlaps.

Migrations import both names.
"""

from __future__ import annotations

from django.contrib.postgres.fields import DateRangeField, DateTimeRangeField
from django.db.models import Func


class DateRange(Func):
    """Two dates as a ``daterange``; a RangeBoundary as third argument says whether the last day is
    in it.
    """

    function = "DATERANGE"
    output_field = DateRangeField()


class MomentRange(Func):
    """Two instants as a ``tstzrange``: the first is in it, the second is not."""

    function = "TSTZRANGE"
    output_field = DateTimeRangeField()
