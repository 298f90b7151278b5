"""The agreement that both sides sign: versions, commitments, ladder, rejection reasons."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce

from crm.accounts.models import Team
from crm.accounts.states import Side
from crm.audit.models import AppendOnly
from crm.lib.bilingual import BilingualField, in_language
from crm.lib.clock import RelevoNow
from personas.models import Persona
from sla.models.calendar import Calendar
from sla.states import CLOSED, AgreementState, Distribution, Metric, RejectionClass, StepKind


class Agreement(models.Model):
    """A series of versions. Without teams its scope is the whole organisation."""

    name = models.CharField(max_length=120)
    teams = models.ManyToManyField(Team, blank=True, related_name="agreements")

    def __str__(self) -> str:
        return self.name


class RejectionReason(models.Model):
    """A reason that a rep may give before contact. Archived, never deleted once used."""

    code = models.SlugField(max_length=60, unique=True)
    kind = models.CharField(max_length=12, choices=RejectionClass.choices)
    name = BilingualField()
    needs_comment = models.BooleanField(default=False)
    position = models.PositiveSmallIntegerField(default=0)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=RejectionClass.values), name="rejection_class_known"
            )
        ]

    def __str__(self) -> str:
        return in_language(self.name)


class AgreementVersion(models.Model):
    """One version of the agreement. Signed text never changes; handoffs keep their version.

    Once it is proposed, ``text`` is the frozen content that both sides sign, ``content_hash`` its
    SHA-256, and triggers refuse every other change of the row and of its parts. ``round`` counts
    the returns to draft: signatures of earlier rounds are void. ``revision`` counts the edits.

    ``package_fields``: what marketing must hand over ("person.email"). ``sql_blocks``: the kinds of
    SQL proof that block, the others only warn. ``sql_terms``: {criterion code: Proof} for criteria
    that differ from their kind. ``valuable_actions``: the codes that count for an MQL, empty for
    all. ``minimum_score``: the fit score for an MQL. ``rep_cap``: open leads of one rep at a time.
    ``hide_contact``: until a rep accepts the lead. ``pauses``: {code of a reason: calendar minutes
    that a clock may stand still for it}, null if the version is older than pauses.
    ``dispute_days``: working days for the arbiter. ``review_months``: how often both sides review
    the personas. ``capacity``: leads a month that sales can work. ``index_weights``: {metric:
    percent of the alignment index}.
    ``starts_on``: null for as soon as both sides have signed.
    """

    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField()
    state = models.CharField(
        max_length=12, choices=AgreementState.choices, default=AgreementState.DRAFT
    )
    mql_definition = BilingualField()
    sql_definition = BilingualField()
    package_fields = models.JSONField(default=list, blank=True)
    sql_blocks = models.JSONField(default=list, blank=True)
    sql_terms = models.JSONField(default=dict, blank=True)
    valuable_actions = models.JSONField(default=list, blank=True)
    minimum_score = models.PositiveSmallIntegerField(null=True, blank=True)
    engagement_half_life_days = models.PositiveSmallIntegerField(default=30, db_default=30)
    distribution = models.CharField(
        max_length=4,
        choices=Distribution.choices,
        default=Distribution.PULL,
        db_default=Distribution.PULL,
    )
    rep_cap = models.PositiveSmallIntegerField(null=True, blank=True)
    hide_contact = models.BooleanField(default=False, db_default=False)
    pauses = models.JSONField(null=True, blank=True)
    max_returns = models.PositiveSmallIntegerField(default=2, db_default=2)
    arbiter = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    # Null in texts from before these terms: the default of the product holds (default_terms).
    dispute_days = models.PositiveSmallIntegerField(null=True, blank=True)
    review_months = models.PositiveSmallIntegerField(null=True, blank=True)
    capacity = models.PositiveIntegerField(null=True, blank=True)
    index_weights = models.JSONField(default=dict, blank=True)
    starts_on = models.DateField(null=True, blank=True)
    renew_by = models.DateField(null=True, blank=True)
    # A calendar that a version names is archived, never deleted: clocks were counted in it.
    calendar = models.ForeignKey(Calendar, models.PROTECT, related_name="+")
    personas = models.ManyToManyField(Persona, blank=True, related_name="+")
    rejection_reasons = models.ManyToManyField(RejectionReason, blank=True, related_name="+")
    # What was signed is this text alone; later code may show the columns above in other words.
    text = models.JSONField(null=True, blank=True)
    content_hash = models.CharField(max_length=64, blank=True)
    round = models.PositiveSmallIntegerField(default=1, db_default=1)
    revision = models.PositiveIntegerField(default=0, db_default=0)
    created_at = models.DateTimeField(db_default=RelevoNow())
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    proposed_at = models.DateTimeField(null=True, blank=True)
    in_force_from = models.DateTimeField(null=True, blank=True)
    superseded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["agreement", "number"], name="agreement_version_number"
            ),
            models.UniqueConstraint(
                fields=["agreement"],
                condition=Q(state=AgreementState.IN_FORCE),
                name="agreement_one_in_force",
            ),
            models.CheckConstraint(
                condition=Q(state__in=AgreementState.values), name="agreement_state_known"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=CLOSED) | ~Q(content_hash=""),
                name="agreement_signed_has_hash",
            ),
            # Of two team leads who begin the next version at once, one is refused.
            models.UniqueConstraint(
                fields=["agreement"],
                condition=Q(state__in=["draft", "proposed"]),
                name="agreement_one_draft",
            ),
            models.CheckConstraint(
                condition=Q(minimum_score__isnull=True) | Q(minimum_score__lte=100),
                name="agreement_score_to_100",
            ),
            models.CheckConstraint(
                condition=Q(engagement_half_life_days__gte=1, max_returns__gte=1),
                name="agreement_numbers_from_1",
            ),
            models.CheckConstraint(
                condition=Q(distribution__in=Distribution.values),
                name="agreement_distribution_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agreement} v{self.number}"


class Signature(AppendOnly):
    """The signature of one side, by a lead of one of its teams, on the hash of the content.

    Counts only in its ``round``.
    """

    version = models.ForeignKey(AgreementVersion, models.PROTECT, related_name="signatures")
    side = models.CharField(max_length=12, choices=Side.choices)
    content_hash = models.CharField(max_length=64)
    round = models.PositiveSmallIntegerField(default=1, db_default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["version", "side", "round"], name="signature_once_per_side"
            )
        ]

    def __str__(self) -> str:
        return f"{self.version} · {self.side}"


class Comment(AppendOnly):
    """A comment on one section of a draft, ``payload`` {"text"}; or the answer to a comment."""

    version = models.ForeignKey(AgreementVersion, models.PROTECT, related_name="comments")
    section = models.SlugField(max_length=40)
    answers = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="replies"
    )

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.version} · {self.section}"


class Validity(models.Model):
    """The period ``during`` which a version binds ``team``.

    Team null: all teams without an agreement of their own.
    """

    version = models.ForeignKey(AgreementVersion, models.PROTECT, related_name="validities")
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="+")
    during = DateTimeRangeField()

    class Meta:
        constraints = [
            # One version at a time for each scope. Coalesce, because NULL equals nothing: without
            # it two versions for all teams could overlap.
            ExclusionConstraint(
                name="agreement_one_in_force_per_scope",
                expressions=[
                    (Coalesce("team_id", 0), RangeOperators.EQUAL),
                    ("during", RangeOperators.OVERLAPS),
                ],
            )
        ]

    def __str__(self) -> str:
        return f"{self.version} {self.during}"


class Commitment(models.Model):
    """One measurable promise of one side: metric, target, window.

    ``window_minutes``: business minutes. ``target``: a share (0.9000) or, for a volume, a number
    per month. ``conditions``: {"sources": […], "actions": […], "personas": […]} restrict it; the
    most specific commitment counts.
    """

    # CASCADE serves drafts alone: a trigger refuses every change to parts of a closed text.
    version = models.ForeignKey(AgreementVersion, models.CASCADE, related_name="commitments")
    side = models.CharField(max_length=12, choices=Side.choices)
    metric = models.CharField(max_length=20, choices=Metric.choices)
    # Not a float: the number that is signed is the number that results are compared with.
    target = models.DecimalField(max_digits=12, decimal_places=4)
    window_minutes = models.PositiveIntegerField(null=True, blank=True)
    conditions = models.JSONField(default=dict, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(metric__in=Metric.values), name="commitment_metric_known"
            ),
            models.CheckConstraint(condition=Q(side__in=Side.values), name="commitment_side_known"),
            models.CheckConstraint(
                condition=Q(window_minutes__isnull=True) | Q(window_minutes__gt=0),
                name="window_gt_0",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_side_display()}: {self.get_metric_display()}"


class LadderStep(models.Model):
    """One step of the ladder of a commitment's clocks.

    ``offset_minutes``: business minutes from the deadline, negative before it, 0 for the breach.
    """

    commitment = models.ForeignKey(Commitment, models.CASCADE, related_name="steps")
    level = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=16, choices=StepKind.choices)
    offset_minutes = models.IntegerField()

    class Meta:
        ordering = ["level"]
        constraints = [
            # The ledger of firings names a step by its level (Firing, firing_once).
            models.UniqueConstraint(fields=["commitment", "level"], name="ladder_level_once"),
            models.CheckConstraint(condition=Q(kind__in=StepKind.values), name="ladder_kind_known"),
            models.CheckConstraint(
                condition=Q(kind=StepKind.WARN, offset_minutes__lt=0)
                | Q(kind=StepKind.BREACH, offset_minutes=0)
                | (~Q(kind__in=[StepKind.WARN, StepKind.BREACH]) & Q(offset_minutes__gte=0)),
                name="ladder_offset_possible",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.level} {self.kind} {self.offset_minutes:+d}"
