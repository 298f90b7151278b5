"""The follow-up of a lead: attempts to reach it, and the step that comes next."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from crm.accounts.models import User
from crm.lib.clock import RelevoNow
from leads.models.handoff import Handoff
from leads.models.lead import Lead
from leads.states import (
    CONTACT_OUTCOMES,
    AttemptOutcome,
    ContactChannel,
    EvidenceTier,
    FollowUp,
    FollowUpEnd,
)

OTHER_OUTCOMES = [each for each in AttemptOutcome.values if each not in CONTACT_OUTCOMES]


class AttemptQuerySet(models.QuerySet["Attempt"]):
    def made(self) -> AttemptQuerySet:
        """Return the attempts whose outcome is known."""
        return self.exclude(outcome=AttemptOutcome.BEGUN)

    def begun(self) -> AttemptQuerySet:
        """Return the attempts that wait for their outcome."""
        return self.filter(outcome=AttemptOutcome.BEGUN)


class Attempt(models.Model):
    """A try to reach the lead. ``reached``: it reached a person and is a contact.

    ``outcome``: empty only in the INSERT of the previous version; a trigger fills it from
    ``reached``. ``tier``: how we know of the attempt. ``confirm_by``: until when something has to
    confirm it, null for most (leads.follow_up.confirmation).
    """

    handoff = models.ForeignKey(Handoff, models.PROTECT, related_name="attempts")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    # Apart from `at`: people record an attempt after it was made.
    recorded_at = models.DateTimeField(db_default=RelevoNow())
    channel = models.CharField(max_length=10, choices=ContactChannel.choices)
    reached = models.BooleanField()
    outcome = models.CharField(max_length=10, choices=AttemptOutcome.choices, db_default="")
    tier = models.CharField(
        max_length=8,
        choices=EvidenceTier.choices,
        default=EvidenceTier.SAID,
        db_default=EvidenceTier.SAID,
    )
    note = models.TextField(blank=True)
    confirm_by = models.DateTimeField(null=True, blank=True)

    objects = AttemptQuerySet.as_manager()

    class Meta:
        ordering = ["-at"]
        indexes = [
            models.Index(
                fields=["confirm_by"],
                condition=Q(confirm_by__isnull=False),
                name="attempt_to_confirm",
            ),
            models.Index(fields=["recorded_at"], name="attempt_recorded"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(channel__in=ContactChannel.values), name="attempt_channel_known"
            ),
            models.CheckConstraint(
                condition=Q(outcome__in=CONTACT_OUTCOMES, reached=True)
                | Q(outcome__in=OTHER_OUTCOMES, reached=False),
                name="attempt_contact_reached",
            ),
            models.CheckConstraint(
                condition=Q(tier__in=EvidenceTier.values), name="attempt_tier_known"
            ),
            # A second click on the same link begins nothing new.
            models.UniqueConstraint(
                fields=["handoff", "by", "channel"],
                condition=Q(outcome=AttemptOutcome.BEGUN),
                name="attempt_begun_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.handoff_id} {self.channel}"


class PlannedStepQuerySet(models.QuerySet["PlannedStep"]):
    def open(self) -> PlannedStepQuerySet:
        """Return the steps that are to be done."""
        return self.filter(ended_at__isnull=True)

    def of(self, owner: User) -> PlannedStepQuerySet:
        """Return the open steps of ``owner``; one index holds them in the order of due_at."""
        return self.open().filter(owner=owner)


class PlannedStep(models.Model):
    """The next step of a lead: what, when and by whom; at most one of a lead is open.

    ``handoff``: null while the lead is with marketing. ``text``: the step in a person's words.
    ``remind_at``: when its owner is reminded, in working hours; null once that is done, and for a
    step whose clock warns. ``set_by``: null where the product set it.
    """

    lead = models.ForeignKey(
        Lead,
        models.PROTECT,
        related_name="planned_steps",
        db_index=False,  # planned_step_of_lead covers it
    )
    handoff = models.ForeignKey(Handoff, models.PROTECT, null=True, related_name="planned_steps")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        db_index=False,  # planned_step_of_owner covers it
    )
    kind = models.CharField(max_length=14, choices=FollowUp.choices)
    text = models.CharField(max_length=200, blank=True)
    due_at = models.DateTimeField()
    remind_at = models.DateTimeField(null=True, blank=True)
    set_at = models.DateTimeField()
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    end = models.CharField(max_length=8, choices=FollowUpEnd.choices, blank=True)

    objects = PlannedStepQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["lead"],
                condition=Q(ended_at__isnull=True),
                name="planned_step_one_open",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=FollowUp.values), name="planned_step_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, end="")
                | Q(ended_at__isnull=False, remind_at__isnull=True, end__in=FollowUpEnd.values),
                name="planned_step_end_known",
            ),
        ]
        indexes = [
            models.Index(fields=["lead", "-id"], name="planned_step_of_lead"),
            models.Index(
                fields=["owner", "due_at"],
                include=["lead", "kind"],
                condition=Q(ended_at__isnull=True),
                name="planned_step_of_owner",
            ),
            models.Index(
                fields=["remind_at"],
                condition=Q(remind_at__isnull=False),
                name="planned_step_to_remind",
            ),
        ]

    def __str__(self) -> str:
        return self.text or self.get_kind_display()


class NoContact(models.Model):
    """A person asked not to be contacted, by e-mail and phone; a new consent lifts it.

    ``email`` is in lower case. ``consent``: where the new consent is from.
    """

    email = models.CharField(max_length=254, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    lead = models.ForeignKey(Lead, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    consent = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(lifted_at__isnull=True, consent="")
                | (Q(lifted_at__isnull=False) & ~Q(consent="")),
                name="no_contact_lifted_by_consent",
            ),
        ]
        indexes = [
            models.Index(
                fields=["email"],
                condition=Q(lifted_at__isnull=True) & ~Q(email=""),
                name="no_contact_email",
            ),
            models.Index(
                fields=["phone"],
                condition=Q(lifted_at__isnull=True) & ~Q(phone=""),
                name="no_contact_phone",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lead_id} {self.asked_at}"
