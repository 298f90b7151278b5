"""The lead: a person at a company who may buy, where it came from and what it did."""

from __future__ import annotations

from datetime import datetime

from django.apps import apps
from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Exists, OuterRef, Q

from crm.accounts.models import Team, User
from crm.accounts.states import Side
from crm.lib.bilingual import BilingualField, in_language
from crm.lib.clock import RelevoNow
from leads.models import sight
from leads.states import QUALIFIED_IN, Stage
from personas.models import PersonaVersion


class Company(models.Model):
    """A company. ``name_key``: its name without accents and legal form, for comparison."""

    name = models.CharField(max_length=200)
    # Not unique: it counts together with the country (records.companies.key_of).
    name_key = models.CharField(max_length=200, db_index=True)
    domain = models.CharField(max_length=120, blank=True)
    country = models.CharField(max_length=2, blank=True)
    industry = models.CharField(max_length=80, blank=True)
    employees = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        # Filters of lists step from one country to the next (leads.lists.choices).
        indexes = [models.Index(fields=["country"], name="company_country")]

    def __str__(self) -> str:
        return self.name


class Person(models.Model):
    """The contact person.

    ``phone``: E.164; the typed text where the country is unknown; empty where the text is no
    phone. ``phone_typed``: the text as typed. ``phone_assumed``: the country that the number was
    read with although it was not given, else empty (leads.records.identity.phones).
    """

    name = models.CharField(max_length=160, blank=True)
    email = models.EmailField(max_length=254, blank=True, db_index=True)
    phone = models.CharField(max_length=40, blank=True)
    # db_default: during an upgrade the previous version still inserts rows without these columns.
    phone_extension = models.CharField(max_length=7, blank=True, db_default="")
    phone_typed = models.CharField(max_length=80, blank=True, db_default="")
    phone_assumed = models.CharField(max_length=2, blank=True, db_default="")
    job_title = models.CharField(max_length=120, blank=True)
    country = models.CharField(max_length=2, blank=True)
    language = models.CharField(max_length=2, blank=True)
    # Since when the person asks not to be contacted (NoContact). A trigger keeps it for whoever has
    # the same e-mail or phone, also of an import.
    no_contact_at = models.DateTimeField(null=True, editable=False)

    # Read back by crm.lib.db.inserts.
    written_by_triggers = ("no_contact_at",)

    class Meta:
        indexes = [
            models.Index(fields=["phone"], condition=~Q(phone=""), name="person_phone"),
            models.Index(fields=["country"], name="person_country"),
        ]

    def __str__(self) -> str:
        return self.name or self.email or self.phone


class Source(models.Model):
    """A source of leads. An imported source keeps its code and may be renamed."""

    code = models.SlugField(max_length=60, unique=True)
    name = BilingualField()
    position = models.PositiveSmallIntegerField(default=0)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["position", "code"]

    def __str__(self) -> str:
        return in_language(self.name)


class CustomField(models.Model):
    """A field that the organisation added to its leads.

    Its values are stored in Lead.attributes under ``code``. ``choices``: {"value", "es", "en"}, or
    plain texts that are both value and name.
    """

    class Type(models.TextChoices):
        TEXT = "text"
        NUMBER = "number"
        YES_NO = "yes_no"
        DATE = "date"
        CHOICE = "choice"

    code = models.SlugField(max_length=60, unique=True)
    name = BilingualField()
    type = models.CharField(max_length=8, choices=Type.choices)
    choices = models.JSONField(default=list, blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["position", "code"]

    def __str__(self) -> str:
        return in_language(self.name)

    @property
    def options(self) -> list[dict[str, str]]:
        """The choices as mappings of value and names."""
        options = []
        for choice in self.choices:
            if isinstance(choice, dict):
                options.append(choice)
            else:
                options.append({"value": str(choice), "es": str(choice)})
        return options

    def form_choices(self) -> list[tuple[str, str]]:
        """Return value and name in the active language of every choice."""
        return [
            (option["value"], in_language(option) or option["value"]) for option in self.options
        ]


class LeadQuerySet(models.QuerySet["Lead"]):
    def visible_to(self, user: User) -> LeadQuerySet:
        """Return the leads that ``user`` may see: the sight table of the domain."""
        return self.filter(sight.any_of(sight.of_leads(user)))

    def one_visible_to(self, user: User, pk: int) -> LeadQuerySet:
        """Return ``visible_to(user).filter(pk=pk)`` at half the cost."""
        return self.filter(sight.any_of(sight.of_one_lead(user)), pk=pk)

    def in_sight(self, user: User) -> list[LeadQuerySet]:
        """Return the same leads as :meth:`visible_to` by branch, for lists; some in several."""
        branches = sight.of_leads(user) or [sight.NOTHING]
        return [self.filter(branch) for branch in branches]

    def on_desk_of(self, user: User) -> LeadQuerySet:
        """Return the leads that are with the marketing teams of ``user``, a part of their sight."""
        return self.filter(
            marketing_team__in=user.team_ids(Side.MARKETING),
            stage__in=QUALIFIED_IN,
            archived_at__isnull=True,
        )

    def without_event_since(self, moment: datetime) -> LeadQuerySet:
        """Return the leads to which nothing happened from ``moment`` on."""
        events = apps.get_model("leads", "Event")._default_manager
        return self.exclude(Exists(events.filter(lead=OuterRef("pk"), at__gte=moment)))

    def with_names(self) -> LeadQuerySet:
        """Return the leads with what a row of a list shows, in one query."""
        return self.select_related("person", "company", "source", "owner")


class Lead(models.Model):
    """One lead: a person at a company who may buy.

    ``*_on``: the dates on which it first reached a stage; null if not reached or not recorded.
    ``won_amount``: null if unknown. ``is_test``: sent to try the product; no number counts it.
    ``contact_hidden``: while it is in a queue whose agreement hides phone and e-mail until a rep
    accepts (leads.records.contact_privacy).
    """

    person = models.ForeignKey(Person, models.PROTECT, related_name="leads")
    company = models.ForeignKey(
        Company,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="leads",
    )
    source = models.ForeignKey(Source, models.PROTECT, null=True, blank=True, related_name="leads")
    marketing_team = models.ForeignKey(
        Team,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="leads",
        db_index=False,  # lead_team_newest covers it
    )
    stage = models.CharField(max_length=14, choices=Stage.choices, default=Stage.CAPTURED)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="leads",
        db_index=False,  # lead_owner_brought covers it
    )
    persona_version = models.ForeignKey(
        PersonaVersion,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="leads",
    )
    qualified_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    won_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    first_seen_on = models.DateField()
    mql_on = models.DateField(null=True, blank=True)
    handed_off_on = models.DateField(null=True, blank=True)
    accepted_on = models.DateField(null=True, blank=True)
    contacted_on = models.DateField(null=True, blank=True)
    sql_on = models.DateField(null=True, blank=True)
    opportunity_on = models.DateField(null=True, blank=True)
    won_on = models.DateField(null=True, blank=True)
    lost_on = models.DateField(null=True, blank=True)
    won_amount = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    attributes = models.JSONField(default=dict, blank=True)
    search_text = models.TextField(blank=True)
    external_system = models.CharField(max_length=40, blank=True)
    external_id = models.CharField(max_length=120, blank=True)
    is_imported = models.BooleanField(default=False)
    # db_default: during an upgrade the previous version still inserts rows without this column.
    is_test = models.BooleanField(default=False, db_default=False)
    # A copy of what the handoff's policy says, so that search and lists need no join.
    contact_hidden = models.BooleanField(default=False, db_default=False)
    import_run = models.ForeignKey(
        "leads.ImportRun",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="leads",
        db_index=False,  # lead_of_import covers it
    )
    created_at = models.DateTimeField(db_default=RelevoNow())
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
    )
    archived_at = models.DateTimeField(null=True, blank=True)
    # Raised by every edit; leads.change refuses data of an older version.
    version = models.PositiveIntegerField(default=1)

    objects = LeadQuerySet.as_manager()

    class Meta:
        indexes = [
            # The list pages by these two keys; the next indexes serve its filters.
            models.Index(fields=["-first_seen_on", "-id"], name="lead_newest"),
            models.Index(fields=["stage", "-first_seen_on", "-id"], name="lead_stage_newest"),
            models.Index(
                fields=["marketing_team", "-first_seen_on", "-id"], name="lead_team_newest"
            ),
            # Without archived leads: the list of a rep is read from the index alone.
            models.Index(
                fields=["owner", "-first_seen_on", "-id"],
                condition=Q(owner__isnull=False, archived_at__isnull=True),
                name="lead_owner_newest",
            ),
            # Marketing's desk reads what is with a team, the newest first.
            models.Index(
                fields=["marketing_team", "-first_seen_on", "-id"],
                condition=Q(stage__in=QUALIFIED_IN, archived_at__isnull=True),
                name="lead_with_marketing",
            ),
            # Who owns a lead, and one of a team, for the filters: small, so one step is cheap.
            models.Index(
                fields=["owner", "marketing_team"],
                condition=Q(owner__isnull=False),
                name="lead_owner_brought",
            ),
            models.Index(
                fields=["mql_on"], condition=Q(mql_on__isnull=False), name="lead_qualified_on"
            ),
            # What no number counts, and the newest test lead.
            models.Index(
                fields=["id"],
                condition=Q(is_test=True) | Q(archived_at__isnull=False),
                name="lead_not_counted",
            ),
            models.Index(
                fields=["import_run", "id"],
                condition=Q(import_run__isnull=False),
                name="lead_of_import",
            ),
            models.Index(
                fields=["external_id"], condition=~Q(external_id=""), name="lead_external_id"
            ),
            # Trigrams: search looks for parts of words (records.search).
            GinIndex(fields=["search_text"], opclasses=["gin_trgm_ops"], name="lead_search"),
        ]
        constraints = [
            # An archived lead leaves its id to the lead that replaces it. Two teams may have the
            # same export: a lead of another team is no reason to refuse a row.
            models.UniqueConstraint(
                fields=["external_system", "external_id", "marketing_team"],
                condition=~Q(external_id="") & Q(archived_at__isnull=True),
                nulls_distinct=False,
                name="lead_external_once_per_team",
            ),
            models.CheckConstraint(condition=Q(stage__in=Stage.values), name="lead_stage_known"),
            models.CheckConstraint(
                condition=Q(won_amount__isnull=True) | Q(won_amount__gt=0),
                name="lead_amount_positive",
            ),
        ]

    def __str__(self) -> str:
        person = self.person
        return lead_name(
            person.name,
            person.email,
            person.phone,
            self.external_id,
            pk=self.pk,
            contact_hidden=self.contact_hidden,
        )

    @property
    def stage_label(self) -> str:
        # Django's get_stage_display() hashes the labels of all choices each time: 0.1 ms.
        return str(Stage(self.stage).label)

    @property
    def won_before_first_seen(self) -> bool:
        """Whether the dates contradict each other; real imports have this, and it is counted."""
        return self.won_on is not None and self.won_on < self.first_seen_on


def lead_name(
    name: str, email: str, phone: str, external_id: str, *, pk: int, contact_hidden: bool
) -> str:
    """Return the name to show for a lead: the first text that is not empty, or its number.

    Phone and e-mail are no name while they are hidden from some: most callers know no reader.
    """
    candidates = [name, email, phone, external_id]
    if contact_hidden:
        candidates = [name, external_id]
    for candidate in candidates:
        if candidate:
            return candidate
    return f"#{pk}"


class FirstTouch(models.Model):
    """How the organisation first learnt of the lead.

    Written once; later corrections change Lead.source only. ``seen_at``: null if only the date is
    known.
    """

    # A trigger refuses every UPDATE and DELETE (leads_firsttouch_append_only).
    lead = models.OneToOneField(Lead, models.PROTECT, related_name="first_touch")
    source = models.ForeignKey(Source, models.PROTECT, null=True, blank=True, related_name="+")
    seen_on = models.DateField()
    seen_at = models.DateTimeField(null=True, blank=True)
    medium = models.CharField(max_length=120, blank=True)
    campaign = models.CharField(max_length=120, blank=True)
    landing_page = models.CharField(max_length=500, blank=True)
    payload = models.JSONField(default=dict, blank=True)

    def __str__(self) -> str:
        return f"{self.seen_on} {self.source or ''}".strip()


class ValuableActionKind(models.Model):
    """A kind of valuable action; the organisation edits the catalogue.

    ``points``: engagement points on the first day.
    """

    code = models.SlugField(max_length=60, unique=True)
    name = BilingualField()
    points = models.PositiveSmallIntegerField(default=20, db_default=20)
    position = models.PositiveSmallIntegerField(default=0)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["position", "code"]
        constraints = [
            models.CheckConstraint(condition=Q(points__lte=100), name="action_points_up_to_100")
        ]

    def __str__(self) -> str:
        return in_language(self.name)


class StandingActions(models.Manager["ValuableAction"]):
    """Leaves out what was taken back."""

    def get_queryset(self) -> models.QuerySet[ValuableAction]:
        return super().get_queryset().filter(taken_back_at__isnull=True)


class ValuableAction(models.Model):
    """Something the lead did that shows interest. ``occurred_at``: null if only a date is known.

    ``copied_from``: that of a duplicate of the lead. ``taken_back_at``: it turned out to be none.
    """

    lead = models.ForeignKey(Lead, models.PROTECT, related_name="valuable_actions")
    kind = models.ForeignKey(ValuableActionKind, models.PROTECT, related_name="+")
    occurred_on = models.DateField()
    occurred_at = models.DateTimeField(null=True, blank=True)
    note = models.TextField(blank=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
    )
    recorded_at = models.DateTimeField(db_default=RelevoNow())
    copied_from = models.ForeignKey(
        "self", models.PROTECT, null=True, editable=False, related_name="+", db_index=False
    )
    taken_back_at = models.DateTimeField(null=True, editable=False)

    # The first manager is that of related objects, too.
    objects = StandingActions()

    class Meta:
        # Packages list actions in this order, and the newest comes first.
        ordering = ["-occurred_on", "-id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.occurred_on}"
