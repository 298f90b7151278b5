"""Events and evidence of leads. Written once."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from crm.audit.models import AppendOnly
from leads.models.handoff import Handoff
from leads.models.lead import Lead
from leads.states import EventKind, Verdict


class Event(AppendOnly):
    """One change of a lead or its handoff: who, when, from, to, why.

    Both timeline and audit of the lead. ``at``: when it was recorded; ``occurred_on``: the date on
    which it happened, earlier for imported history.
    """

    # Without indexes of their own: event_lead and event_handoff cover them.
    lead = models.ForeignKey(Lead, models.PROTECT, related_name="events", db_index=False)
    handoff = models.ForeignKey(
        Handoff, models.PROTECT, null=True, blank=True, related_name="events", db_index=False
    )
    kind = models.CharField(max_length=20, choices=EventKind.choices)
    from_state = models.CharField(max_length=14, blank=True)
    to_state = models.CharField(max_length=14, blank=True)
    occurred_on = models.DateField()

    class Meta:
        ordering = ["id"]
        indexes = [
            # The timeline of a lead, in order.
            models.Index(fields=["lead", "id"], name="event_lead"),
            models.Index(fields=["handoff", "kind"], name="event_handoff"),
            # A number of MQLs counts those that we qualified on the lead's date.
            models.Index(
                fields=["occurred_on", "lead"],
                condition=Q(kind=EventKind.QUALIFIED),
                name="event_qualified",
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=EventKind.values), name="event_kind_known")
        ]

    def __str__(self) -> str:
        return f"{self.lead_id} {self.kind}"

    @property
    def kind_label(self) -> str:
        # Django's get_kind_display() hashes the labels of all choices for each row: 0.1 ms.
        return str(EventKind(self.kind).label)


class Evidence(AppendOnly):
    """Proof of a criterion: ``payload`` {"value", "source"} by ``actor`` at ``at``.

    The newest counts. ``code``: that of the criterion. ``overrides``: the person overrules the
    fact; ``payload`` then has a "reason".
    """

    lead = models.ForeignKey(
        Lead,
        models.PROTECT,
        related_name="evidence",
        db_index=False,  # evidence_newest covers it
    )
    # No foreign key: a criterion keeps its code in later versions, and the evidence counts there.
    code = models.CharField(max_length=60)
    verdict = models.CharField(max_length=8, choices=Verdict.choices)
    overrides = models.BooleanField(default=False, db_default=False)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["lead", "code", "-id"], name="evidence_newest")]
        constraints = [
            models.CheckConstraint(
                condition=Q(verdict__in=Verdict.values), name="evidence_verdict_known"
            )
        ]

    def __str__(self) -> str:
        return f"{self.lead_id} {self.code} {self.verdict}"
