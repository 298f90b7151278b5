"""The return: a rejected lead on the desk of marketing. The parking: a lead that is recycled."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q

from crm.accounts.models import Team, User
from crm.accounts.states import Side
from leads.models.handoff import Handoff, OutcomeReason
from leads.models.lead import Lead
from leads.states import QUALIFIED_IN, ParkingState, ReturnState, WakeCause
from sla.models import Clock


class ReturnQuerySet(models.QuerySet["Return"]):
    def visible_to(self, user: User) -> ReturnQuerySet:
        """Return the returns whose handoffs ``user`` may see."""
        return self.filter(handoff__in=Handoff.objects.visible_to(user))

    def on_desk_of(self, user: User) -> ReturnQuerySet:
        """Return the open returns of the marketing teams of ``user``; for directors, all."""
        if user.is_director:
            return self.open()
        return self.open().filter(marketing_team__in=user.team_ids(Side.MARKETING))

    def open(self) -> ReturnQuerySet:
        """Return the returns that wait for an answer of marketing."""
        return self.filter(state=ReturnState.OPEN)


class Return(models.Model):
    """A handoff that sales sent back, until marketing answers it.

    ``assigned_to``: the person who answers, the sender of the lead; null for the leads of the
    marketing team. ``clock``: null where the agreement promises no answer. ``reason`` and
    ``comment``: why marketing closed it. ``original``: the lead of which this one is a duplicate.
    """

    handoff = models.ForeignKey(
        Handoff,
        models.PROTECT,
        related_name="returns",
        db_index=False,  # return_one_of_handoff covers it
    )
    # A copy of that of the lead, for the desk.
    marketing_team = models.ForeignKey(
        Team,
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,  # return_open_of_team covers it
    )
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    state = models.CharField(max_length=10, choices=ReturnState.choices, default=ReturnState.OPEN)
    opened_at = models.DateTimeField()
    clock = models.ForeignKey(Clock, models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    reason = models.ForeignKey(
        OutcomeReason, models.PROTECT, null=True, blank=True, related_name="+"
    )
    comment = models.TextField(blank=True)
    original = models.ForeignKey(
        Lead, models.PROTECT, null=True, blank=True, related_name="duplicates"
    )

    objects = ReturnQuerySet.as_manager()

    class Meta:
        constraints = [
            # A decision that was undone may be made again, and opens another return.
            models.UniqueConstraint(
                fields=["handoff"],
                condition=~Q(state=ReturnState.CANCELLED),
                name="return_one_of_handoff",
            ),
            models.CheckConstraint(
                condition=Q(state__in=ReturnState.values), name="return_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state=ReturnState.OPEN, answered_at__isnull=True)
                | (~Q(state=ReturnState.OPEN) & Q(answered_at__isnull=False)),
                name="return_answered_has_moment",
            ),
            models.CheckConstraint(
                condition=~Q(state=ReturnState.CLOSED) | Q(reason__isnull=False),
                name="return_closed_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(state=ReturnState.DUPLICATE, original__isnull=False)
                | (~Q(state=ReturnState.DUPLICATE) & Q(original__isnull=True)),
                name="return_duplicate_has_original",
            ),
        ]
        indexes = [
            models.Index(
                fields=["marketing_team", "opened_at"],
                condition=Q(state=ReturnState.OPEN),
                name="return_open_of_team",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.handoff_id} {self.state}"

    @property
    def is_open(self) -> bool:
        return self.state == ReturnState.OPEN


class ParkingQuerySet(models.QuerySet["Parking"]):
    def on_desk_of(self, user: User, *, since: datetime, until: datetime) -> ParkingQuerySet:
        """Return those of leads of the marketing teams of ``user`` that wake by ``until``.

        And those that woke from ``since`` on, of leads that are still with marketing.
        """
        # Who asked not to be contacted sleeps on.
        may_wake = Q(lead__person__no_contact_at__isnull=True)
        soon = may_wake & Q(state=ParkingState.PARKED, wake_at__lte=until)
        lately = Q(state=ParkingState.WOKEN, ended_at__gte=since, lead__stage__in=QUALIFIED_IN)
        own = self.filter(lead__marketing_team__in=user.team_ids(Side.MARKETING))
        return own.filter(soon | lately, lead__archived_at__isnull=True)

    def last_woken(self, lead: Lead) -> Parking | None:
        """Return the last one that ended because ``lead`` woke, or None."""
        rows = self.filter(lead=lead, state=ParkingState.WOKEN).order_by("-pk")
        return rows.select_related("reason", "parked_by").first()


class Parking(models.Model):
    """A lead that is recycled: parked until a date or its next valuable action.

    ``handoff``: the one that ended with it, or before it. ``wake_at``: null to wait for an action
    alone; the sweep asks for it.
    """

    lead = models.ForeignKey(
        Lead,
        models.PROTECT,
        related_name="parkings",
        db_index=False,  # parking_of_lead covers it
    )
    handoff = models.ForeignKey(Handoff, models.PROTECT, related_name="+")
    state = models.CharField(
        max_length=10, choices=ParkingState.choices, default=ParkingState.PARKED
    )
    parked_at = models.DateTimeField()
    parked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    reason = models.ForeignKey(OutcomeReason, models.PROTECT, related_name="+")
    comment = models.TextField(blank=True)
    wake_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    cause = models.CharField(max_length=8, choices=WakeCause.choices, blank=True)

    objects = ParkingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["lead"],
                condition=Q(state=ParkingState.PARKED),
                name="parking_one_of_lead",
            ),
            models.CheckConstraint(
                condition=Q(state__in=ParkingState.values), name="parking_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state=ParkingState.PARKED, ended_at__isnull=True)
                | (~Q(state=ParkingState.PARKED) & Q(ended_at__isnull=False)),
                name="parking_ended_has_moment",
            ),
            models.CheckConstraint(
                condition=Q(state=ParkingState.WOKEN, cause__in=WakeCause.values)
                | (~Q(state=ParkingState.WOKEN) & Q(cause="")),
                name="parking_woken_has_cause",
            ),
        ]
        indexes = [
            models.Index(fields=["lead", "-id"], name="parking_of_lead"),
            models.Index(
                fields=["wake_at"],
                condition=Q(state=ParkingState.PARKED, wake_at__isnull=False),
                name="parking_to_wake",
            ),
            models.Index(
                fields=["ended_at"], condition=Q(state=ParkingState.WOKEN), name="parking_woken"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lead_id} {self.state}"
