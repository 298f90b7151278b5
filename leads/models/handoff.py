"""The handoff: one passing of one lead from marketing to sales."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q

from crm.accounts.models import Team, User
from crm.accounts.states import Side
from crm.lib.bilingual import BilingualField, in_language
from leads.models import sight
from leads.models.lead import Lead
from leads.states import (
    NOT_TAKEN,
    OPEN,
    OWNED,
    WORKED,
    DecisionKind,
    HandoffState,
    OutcomeKind,
    ReturnState,
)
from personas.models import PersonaVersion
from sla.models import AgreementVersion, Clock, RejectionReason
from sla.models.snapshot import Snapshot, SnapshotReference


class OutcomeReason(models.Model):
    """Why a lead was lost or disqualified; the organisation edits the catalogue."""

    code = models.SlugField(max_length=60, unique=True)
    kind = models.CharField(max_length=14, choices=OutcomeKind.choices)
    name = BilingualField()
    position = models.PositiveSmallIntegerField(default=0)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return in_language(self.name)


class HandoffQuerySet(models.QuerySet["Handoff"]):
    def visible_to(self, user: User) -> HandoffQuerySet:
        """Return the handoffs that ``user`` may see: the sight table of the domain."""
        return self.filter(sight.any_of(sight.of_handoffs(user)))

    def open_to(self, user: User) -> HandoffQuerySet:
        """Return ``visible_to(user).open()`` at half the cost."""
        return self.open().filter(sight.any_of(sight.of_open_handoffs(user)))

    def worked_by(self, user: User) -> HandoffQuerySet:
        """Return what ``user`` works on, in their sight.

        Of people in sales, who see all that is theirs, without a condition of sight: PostgreSQL
        would expect one row where it finds a thousand.
        """
        own = self.filter(owner=user, state__in=WORKED)
        if user.is_director or user.team_ids(Side.SALES):
            return own
        return own.filter(sight.any_of(sight.of_open_handoffs(user)))

    def in_sight(self, user: User) -> list[HandoffQuerySet]:
        """Return the same handoffs as :meth:`visible_to` by branch, for lists; some in several."""
        branches = sight.of_handoffs(user) or [sight.NOTHING]
        return [self.filter(branch) for branch in branches]

    def pending_in_sight(self, user: User) -> list[HandoffQuerySet]:
        """Return the same handoffs as :meth:`pending_to` by branch, for lists; some in several."""
        branches = sight.of_pending_handoffs(user) or [sight.NOTHING]
        return [self.pending().filter(branch) for branch in branches]

    def pending_to(self, user: User) -> HandoffQuerySet:
        """Return ``visible_to(user).pending()``, which an index of each side holds."""
        return self.pending().filter(sight.any_of(sight.of_pending_handoffs(user)))

    def pending(self) -> HandoffQuerySet:
        """Return the handoffs in a queue."""
        return self.filter(state=HandoffState.PENDING)

    def open(self) -> HandoffQuerySet:
        """Return the handoffs that are not closed."""
        return self.filter(state__in=OPEN)

    def with_names(self) -> HandoffQuerySet:
        """Return the handoffs with what a row of the queue shows, in one query."""
        return self.select_related(
            "lead__person",
            "lead__company",
            "lead__source",
            "owner",
            "team",
            "clock",
            "persona_version__persona",
        )


class Handoff(models.Model):
    """One passing of one lead from marketing to sales.

    ``policy_ref``: a snapshot of calendar, limits and ladders (policies.policy_for). ``clock``: the
    clock of the next step; a closed handoff keeps its last one. ``proves_sql``: the package proves
    means and authority. The scores are those at the hand-off; ``overrides``: how many judgements,
    the score included, a person overruled. ``marketing_team``: that of the lead.
    ``accept_due_at``: while it is pending, the deadline of its accept clock. Triggers fill these
    two, whatever is written.
    """

    lead = models.ForeignKey(
        Lead,
        models.PROTECT,
        related_name="handoffs",
        db_index=False,  # handoff_cycle_once covers it
    )
    cycle = models.PositiveSmallIntegerField(default=1)
    state = models.CharField(
        max_length=14, choices=HandoffState.choices, default=HandoffState.PENDING
    )
    team = models.ForeignKey(
        Team,
        models.PROTECT,
        related_name="handoffs",
        db_index=False,  # handoff_team_owner covers it
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="handoffs",
        db_index=False,  # handoff_of_owner covers it
    )
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    submitted_at = models.DateTimeField()
    # The versions that judge the handoff for ever, whatever comes into force later.
    agreement_version = models.ForeignKey(AgreementVersion, models.PROTECT, related_name="handoffs")
    persona_version = models.ForeignKey(PersonaVersion, models.PROTECT, related_name="handoffs")
    # A copy: an edited agreement never changes open handoffs by itself (handoffs.reapply does).
    policy_ref = SnapshotReference()
    clock = models.ForeignKey(Clock, models.PROTECT, null=True, related_name="+")
    # Copies: with them the counters of every page are read from one index, without a join.
    marketing_team = models.ForeignKey(
        Team, models.PROTECT, null=True, editable=False, related_name="+", db_index=False
    )
    accept_due_at = models.DateTimeField(null=True, editable=False)
    note = models.TextField(blank=True)
    proves_sql = models.BooleanField(default=False)
    fit_score = models.PositiveSmallIntegerField(null=True, blank=True)
    engagement_score = models.PositiveSmallIntegerField(null=True, blank=True)
    # db_default: during an upgrade the previous version still inserts rows without this column.
    overrides = models.PositiveSmallIntegerField(default=0, db_default=0)
    requeued_at = models.DateTimeField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    contacted_at = models.DateTimeField(null=True, blank=True)
    sql_at = models.DateTimeField(null=True, blank=True)
    opportunity_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    amount = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    # Of an opportunity; they stay as they were when it closed.
    expected_amount = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    expected_close_on = models.DateField(null=True, blank=True)
    outcome_reason = models.ForeignKey(
        OutcomeReason,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )

    objects = HandoffQuerySet.as_manager()

    class Meta:
        indexes = [
            # The counters of the frame and the order of the queue: for all, for a team of sales,
            # and for a team of marketing.
            models.Index(fields=["id"], condition=Q(state="pending"), name="handoff_pending"),
            models.Index(
                fields=["accept_due_at", "id"],
                include=["requeued_at"],
                condition=Q(state="pending"),
                name="handoff_pending_due",
            ),
            models.Index(
                fields=["team", "accept_due_at", "id"],
                # With the lead: a rep's sight of the queue's leads is read from the index alone.
                include=["requeued_at", "lead"],
                condition=Q(state="pending"),
                name="handoff_pending_of_team",
            ),
            models.Index(
                fields=["marketing_team", "accept_due_at", "id"],
                include=["requeued_at"],
                condition=Q(state="pending"),
                name="handoff_pending_brought",
            ),
            # With the lead as well.
            models.Index(fields=["owner", "state"], include=["lead"], name="handoff_of_owner"),
            models.Index(fields=["team", "owner"], name="handoff_team_owner"),
            models.Index(fields=["lead"], condition=Q(cycle__gt=1), name="handoff_again"),
            models.Index(fields=["submitted_at"], name="handoff_submitted"),
        ]
        constraints = [
            # Two hand-offs at once: the row that comes second is refused here.
            models.UniqueConstraint(
                fields=["lead"], condition=Q(state__in=OPEN), name="handoff_one_open_per_lead"
            ),
            models.UniqueConstraint(fields=["lead", "cycle"], name="handoff_cycle_once"),
            models.CheckConstraint(
                condition=Q(state__in=HandoffState.values), name="handoff_state_known"
            ),
            models.CheckConstraint(
                condition=Q(fit_score__lte=100, engagement_score__lte=100)
                | Q(fit_score__isnull=True, engagement_score__isnull=True),
                name="handoff_scores_up_to_100",
            ),
            models.CheckConstraint(
                condition=Q(state__in=OWNED, owner__isnull=False)
                | (~Q(state__in=OWNED) & Q(owner__isnull=True)),
                name="handoff_owned_has_owner",
            ),
            models.CheckConstraint(
                condition=Q(state__in=OPEN, closed_at__isnull=True)
                | (~Q(state__in=OPEN) & Q(closed_at__isnull=False)),
                name="handoff_closed_has_moment",
            ),
            models.CheckConstraint(
                condition=~Q(state=HandoffState.WON) | Q(amount__gt=0),
                name="handoff_won_has_amount",
            ),
            models.CheckConstraint(
                condition=Q(expected_amount__isnull=True) | Q(expected_amount__gt=0),
                name="handoff_expected_positive",
            ),
            models.CheckConstraint(
                condition=Q(opportunity_at__isnull=False)
                | Q(expected_amount__isnull=True, expected_close_on__isnull=True),
                name="handoff_expected_has_opportunity",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["lost", "disqualified"]) | Q(outcome_reason__isnull=False),
                name="handoff_ended_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lead_id}/{self.cycle} {self.state}"

    @property
    def state_label(self) -> str:
        # Django's get_state_display() hashes the labels of all choices each time: 0.1 ms.
        return str(HandoffState(self.state).label)

    @property
    def policy(self) -> dict[str, Any]:
        """The agreed terms that the handoff follows; shared, so never changed."""
        return Snapshot.objects.body(self.policy_ref_id)

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def is_pending(self) -> bool:
        return self.state == HandoffState.PENDING

    def has_contact(self) -> bool:
        """Return whether the lead was reached; no query where the first contact is noted."""
        if self.contacted_at is not None:
            return True
        # Of an SQL by its package alone, a contact that came later is an attempt only.
        return self.attempts.filter(reached=True).exists()


# A decision stands until it is undone, or the handoff goes back into the queue.
STANDING = Q(undone_at__isnull=True, released_at__isnull=True)


class DecisionQuerySet(models.QuerySet["Decision"]):
    def standing(self) -> DecisionQuerySet:
        """Return the decisions that stand."""
        return self.filter(STANDING)

    def counted(self) -> DecisionQuerySet:
        """Return the decisions that results count: those that stand and no arbiter overturned."""
        return self.standing().exclude(handoff__returns__state=ReturnState.OVERTURNED)

    def refusals_of(self, lead: Lead) -> DecisionQuerySet:
        """Return the decisions by which a person did not take ``lead``, the newest first.

        Rejections, decisions that it is misrouted or a duplicate, and accepts that were put back
        into the queue without a contact. Each with ``is_overturned``: whether the arbiter
        overturned it.
        """
        kinds = (DecisionKind.REJECT, DecisionKind.MISROUTE, DecisionKind.DUPLICATE)
        refused = Q(kind__in=kinds) | Q(released_at__isnull=False)
        rows: Any = self.filter(refused, handoff__lead=lead, undone_at__isnull=True)
        overturned = Handoff.objects.filter(
            pk=OuterRef("handoff"), returns__state=ReturnState.OVERTURNED
        )
        rows = rows.select_related("by", "reason", "handoff").order_by("-at", "-id")
        marked: DecisionQuerySet = rows.annotate(is_overturned=Exists(overturned))
        return marked


class Decision(models.Model):
    """A rep's decision on a pending handoff. One per handoff counts.

    ``undone_at``: the rep took it back. ``released_at``: the ladder or a team lead put the handoff
    back into the queue. Both stay in the history.
    """

    handoff = models.ForeignKey(Handoff, models.PROTECT, related_name="decisions")
    kind = models.CharField(max_length=10, choices=DecisionKind.choices)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        db_index=False,  # decision_by_person covers it
    )
    at = models.DateTimeField()
    reason = models.ForeignKey(
        RejectionReason,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    comment = models.TextField(blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)
    released_at = models.DateTimeField(null=True, blank=True)

    objects = DecisionQuerySet.as_manager()

    class Meta:
        constraints = [
            # One handoff has exactly one decision: an undone or released one does not count.
            models.UniqueConstraint(
                fields=["handoff"],
                condition=STANDING,
                name="handoff_one_decision",
            ),
            models.CheckConstraint(
                condition=~Q(kind=DecisionKind.REJECT) | Q(reason__isnull=False),
                name="rejection_has_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["by", "-at"], name="decision_by_person"),
            models.Index(fields=["at"], condition=STANDING, name="decision_standing"),
            # What a person did not take stays in their sight.
            models.Index(
                fields=["by", "handoff"],
                condition=STANDING & Q(kind__in=NOT_TAKEN),
                name="decision_not_taken",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.handoff_id} {self.kind}"


class Package(models.Model):
    """The data that marketing handed over. Written once, at the hand-off."""

    handoff = models.OneToOneField(Handoff, models.PROTECT, related_name="package")
    # A trigger refuses every UPDATE and DELETE (leads_package_append_only).
    payload = models.JSONField()
    sha256 = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.handoff_id}"
