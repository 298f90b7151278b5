"""Buyer personas: a text that people read and criteria that the machine applies, both versioned."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from crm.lib.bilingual import BilingualField, in_language
from crm.lib.clock import RelevoNow
from personas.states import CriterionKind, Operator, VersionState


class Persona(models.Model):
    """One kind of ideal customer."""

    slug = models.SlugField(max_length=60, unique=True)
    name = BilingualField()
    archived_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return in_language(self.name)


class PersonaVersion(models.Model):
    """One wording of a persona. Leads keep the version that judged them.

    A draft is written and read; from its publishing on the database lets nothing of it change but
    its state.
    """

    persona = models.ForeignKey(Persona, models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField()
    state = models.CharField(
        max_length=12, choices=VersionState.choices, default=VersionState.DRAFT
    )
    # {"who": {"es", "en"}, "goals": [{"es", "en"}, …], "pains", "objections", "process", "quotes",
    # "behaviours"}
    content = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_default=RelevoNow())
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    # Of the draft: a form sends back the revision it was made from, which drafts.edit compares.
    revision = models.PositiveIntegerField(default=1, db_default=1)
    changed_at = models.DateTimeField(null=True, blank=True)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["persona", "number"], name="persona_version_number"),
            models.UniqueConstraint(
                fields=["persona"],
                condition=Q(state=VersionState.PUBLISHED),
                name="persona_one_published",
            ),
            models.UniqueConstraint(
                fields=["persona"], condition=Q(state=VersionState.DRAFT), name="persona_one_draft"
            ),
            models.CheckConstraint(
                condition=Q(state__in=VersionState.values), name="persona_version_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state=VersionState.DRAFT) | Q(published_at__isnull=False),
                name="persona_published_has_moment",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.persona} v{self.number}"

    @property
    def is_draft(self) -> bool:
        return self.state == VersionState.DRAFT


class Criterion(models.Model):
    """One sentence of a persona that can be judged: ``field`` ``operator`` ``operand``.

    ``weight``: points, 1 to 100. ``field`` is empty where only a person can say whether it is so.
    """

    # CASCADE serves drafts alone: a trigger refuses every change to criteria of other versions.
    version = models.ForeignKey(PersonaVersion, models.CASCADE, related_name="criteria")
    code = models.SlugField(max_length=60)
    kind = models.CharField(max_length=12, choices=CriterionKind.choices)
    text = BilingualField()
    field = models.CharField(max_length=80, blank=True)
    operator = models.CharField(max_length=12, choices=Operator.choices)
    operand = models.JSONField(null=True, blank=True)
    weight = models.PositiveSmallIntegerField(default=1)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["version", "code"], name="criterion_code_once"),
            models.CheckConstraint(
                condition=Q(kind__in=CriterionKind.values), name="criterion_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(operator__in=Operator.values), name="criterion_operator_known"
            ),
            models.CheckConstraint(
                condition=Q(weight__gte=1, weight__lte=100), name="criterion_weight_1_to_100"
            ),
        ]

    def __str__(self) -> str:
        return in_language(self.text)
