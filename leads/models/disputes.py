"""The dispute: a rejected lead that the arbiter of its agreement decides on."""

from __future__ import annotations

from collections.abc import Collection

from django.conf import settings
from django.db import models
from django.db.models import Q

from crm.accounts.models import User
from leads.models.handoff import Handoff
from leads.models.lead import Lead
from leads.states import DisputeKind, DisputeState
from sla.models import Clock


class DisputeQuerySet(models.QuerySet["Dispute"]):
    def visible_to(self, user: User) -> DisputeQuerySet:
        """Return the disputes whose handoffs ``user`` may see."""
        return self.filter(handoff__in=Handoff.objects.visible_to(user))

    def open(self) -> DisputeQuerySet:
        """Return the disputes that wait for the arbiter."""
        return self.filter(state=DisputeState.OPEN)

    def standing(self) -> DisputeQuerySet:
        """Return the disputes that wait or are decided."""
        return self.exclude(state=DisputeState.CANCELLED)

    def of_arbiter(self, user: User, *, absent: Collection[int]) -> DisputeQuerySet:
        """Return the open disputes that ``user`` decides (leads.returns.cases.waiting_for).

        Their own as arbiter. A director also decides those without an arbiter, or whose arbiter is
        one of ``absent``.
        """
        own = Q(arbiter=user)
        if user.is_director:
            own |= Q(arbiter=None) | Q(arbiter__in=absent)
        return self.open().filter(own)

    def with_names(self) -> DisputeQuerySet:
        """Return the disputes with what a list of them shows, in one query."""
        return self.select_related(
            "lead__person", "lead__company", "handoff__team", "arbiter", "opened_by", "clock"
        )


class Dispute(models.Model):
    """A case of the arbiter: marketing contests a rejection, or it was one too many.

    ``arbiter``: who decides; null for the directors. ``opened_by``: who contests; null where the
    number of rejections opened it. ``why``: what they say. ``comment``: the reasons of the
    decision. ``clock``: by a term of the agreement, not by a commitment.
    """

    lead = models.ForeignKey(Lead, models.PROTECT, related_name="disputes")
    handoff = models.ForeignKey(
        Handoff,
        models.PROTECT,
        related_name="disputes",
        db_index=False,  # dispute_one_of_handoff covers it
    )
    kind = models.CharField(max_length=10, choices=DisputeKind.choices)
    state = models.CharField(max_length=10, choices=DisputeState.choices, default=DisputeState.OPEN)
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    why = models.TextField(blank=True)
    arbiter = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,  # dispute_of_arbiter covers it
    )
    clock = models.ForeignKey(Clock, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    comment = models.TextField(blank=True)

    objects = DisputeQuerySet.as_manager()

    class Meta:
        constraints = [
            # A rejection is contested once. One that was undone may come again.
            models.UniqueConstraint(
                fields=["handoff"],
                condition=~Q(state=DisputeState.CANCELLED),
                name="dispute_one_of_handoff",
            ),
            models.CheckConstraint(
                condition=Q(state__in=DisputeState.values), name="dispute_state_known"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=DisputeKind.values), name="dispute_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(state=DisputeState.OPEN, decided_at__isnull=True)
                | (~Q(state=DisputeState.OPEN) & Q(decided_at__isnull=False)),
                name="dispute_decided_has_moment",
            ),
        ]
        indexes = [
            # The arbiter sees the leads of their cases.
            models.Index(fields=["arbiter", "lead"], name="dispute_of_arbiter"),
            models.Index(
                fields=["opened_at"], condition=Q(state=DisputeState.OPEN), name="dispute_open"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.handoff_id} {self.kind} {self.state}"

    @property
    def is_open(self) -> bool:
        return self.state == DisputeState.OPEN
