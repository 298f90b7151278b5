"""Leaves: the days on which a person is away, and who stands in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Q, Subquery, Value
from django.db.models.functions import Coalesce, JSONObject, NullIf, TruncDate

from crm.accounts.models.organisation import Organisation
from crm.lib.clock import RelevoNow, local_date
from crm.lib.db.ranges import DateRange

# For how long after a leave its banner is shown. Also the bound of what every request loads.
UNSEEN_FOR = timedelta(days=30)


@dataclass(frozen=True)
class LeaveNow:
    """A leave of about now: ids of the person and the delegate, and the person's date now."""

    id: int
    person: int
    delegate: int | None
    first_on: date
    last_on: date
    today: date
    is_seen: bool

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> LeaveNow:
        """Return the leave of a row of rows_about()."""
        return cls(
            id=row["id"],
            person=row["person"],
            delegate=row["delegate"],
            first_on=date.fromisoformat(row["first_on"]),
            last_on=date.fromisoformat(row["last_on"]),
            today=local_date(datetime.fromisoformat(row["now"]), row["zone"]),
            is_seen=row["is_seen"],
        )

    @property
    def is_over(self) -> bool:
        return self.last_on < self.today

    def is_covered_by(self, person: int) -> bool:
        """Return whether it runs today and ``person`` is its delegate."""
        return self.delegate == person and self.first_on <= self.today <= self.last_on


class LeaveQuerySet(models.QuerySet["Leave"]):
    def rows_about(self, person: Any) -> models.QuerySet[Leave, Any]:
        """Return the rows of LeaveNow: a person's own leaves and those that the person covers."""
        today = TruncDate(RelevoNow(), tzinfo=UTC)
        one_day = timedelta(days=1)
        # The dates of all zones differ by a day at most; LeaveNow compares with the person's own.
        near = self.filter(
            Q(delegate=person) | Q(person=person),
            first_on__lte=today + one_day,
            last_on__gte=today - UNSEEN_FOR - one_day,
        )
        of_organisation = Organisation.objects.values("time_zone")[:1]
        row = JSONObject(
            id="id",
            person="person_id",
            delegate="delegate_id",
            first_on="first_on",
            last_on="last_on",
            zone=Coalesce(NullIf("person__time_zone", Value("")), Subquery(of_organisation)),
            now=RelevoNow(),
            is_seen=Q(seen_at__isnull=False),
        )
        return near.order_by("-last_on").values_list(row, flat=True)


class Leave(models.Model):
    """Days on which a person is away, both included, in the person's own time zone.

    ``seen_at``: when the person, back at work, first read what happened meanwhile.
    """

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="leaves")
    first_on = models.DateField()
    last_on = models.DateField()
    delegate = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="covered_leaves",
    )
    seen_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField(db_default=RelevoNow())

    objects = LeaveQuerySet.as_manager()

    class Meta:
        ordering = ["first_on"]
        constraints = [
            models.CheckConstraint(condition=Q(first_on__lte=F("last_on")), name="leave_has_days"),
            models.CheckConstraint(
                condition=Q(delegate__isnull=True) | ~Q(delegate=F("person")),
                name="leave_delegate_is_another",
            ),
            # A look before the insert would miss a leave that is written at the same time.
            ExclusionConstraint(
                name="leave_no_overlap",
                expressions=[
                    ("person", RangeOperators.EQUAL),
                    (
                        DateRange(
                            "first_on",
                            "last_on",
                            RangeBoundary(inclusive_lower=True, inclusive_upper=True),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.first_on} – {self.last_on}"
