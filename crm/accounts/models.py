"""People, teams and the organisation."""

from __future__ import annotations

import json
from functools import cached_property, lru_cache
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery, Value
from django.db.models.functions import JSONObject, Lower
from django.utils.crypto import salted_hmac

from crm.accounts.states import Density, Role, Side, Theme
from crm.lib.clock import RelevoNow
from crm.lib.db import returning
from crm.lib.db.ranges import DateRange

ANYBODY = -1
LANGUAGES = [("es", "Español"), ("en", "English")]


class Organisation(models.Model):
    """The one organisation of this installation."""

    id = models.SmallIntegerField(primary_key=True, default=1, editable=False)
    name = models.CharField(max_length=120)
    currency = models.CharField(max_length=3, default="USD")
    language = models.CharField(max_length=2, choices=LANGUAGES, default="es")
    time_zone = models.CharField(max_length=60, default="America/Mexico_City")
    country = models.CharField(max_length=2, blank=True)
    # words that differ from what is usual in the country: {"lead": "lead", "agreement": "SLA"}
    # (crm.lib.wording.variants)
    terms = models.JSONField(default=dict, blank=True, db_default=Value({}, models.JSONField()))
    is_demo = models.BooleanField(default=False)
    # while True the checklist is the admins' first page; {"holidays": "done" | "skipped"} for each
    # step left behind
    setting_up = models.BooleanField(default=False)
    setup_steps = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="organisation_is_one"),
            models.CheckConstraint(
                condition=Q(currency__regex=r"^[A-Z]{3}$"), name="organisation_currency_iso"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Team(models.Model):
    """A team of one side. Its working hours are the calendar that points to it, else the
    agreement's.
    """

    name = models.CharField(max_length=80)
    side = models.CharField(max_length=12, choices=Side.choices)
    language = models.CharField(max_length=2, choices=LANGUAGES, default="es")
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(Lower("name"), name="team_name_unique"),
            models.CheckConstraint(condition=Q(side__in=Side.values), name="team_side_known"),
        ]

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    """Makes people; used by Django's own commands. The product itself uses accounts.people."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(
            email, password, is_admin=True, **{"name": email.split("@")[0], **fields}
        )

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=(username or "").strip().lower())

    def with_surroundings(self, pk: int) -> User | None:
        """A person with all that every page asks for, in one query: their teams, the organisation,
        the moment.
        """
        sql, params = _surroundings()
        return next(
            iter(self.raw(sql, [pk if value == ANYBODY else value for value in params])), None
        )

    def surrounded(self) -> models.QuerySet[User]:
        """The query behind it."""
        memberships = Membership.objects.filter(user=OuterRef("pk"), team__archived_at__isnull=True)
        teams = memberships.values(
            found=JSONObject(is_lead="is_lead", id="id", team=returning.as_json(Team, "team__"))
        )
        return self.annotate(
            teams_row=ArraySubquery(teams),
            organisation_row=Subquery(
                Organisation.objects.values(found=returning.as_json(Organisation))[:1]
            ),
            fetched_at=RelevoNow(),
        )


@lru_cache(maxsize=1)
def _surroundings() -> tuple[str, tuple[Any, ...]]:
    """Its SQL, put together once per process: that takes longer than running it."""
    return User.objects.surrounded().filter(pk=ANYBODY).query.sql_with_params()


class User(AbstractBaseUser, PermissionsMixin):
    """A person. Inactive people (invited, imported history, people who left) cannot sign in but
    keep their name.

    ``deactivated_at``: when somebody ended their access; ``session_round``: raised to end every
    session at once.
    """

    email = models.EmailField(max_length=254, unique=True, null=True, blank=True)
    name = models.CharField(max_length=120)
    external_id = models.CharField(max_length=120, unique=True, null=True, blank=True)
    is_active = models.BooleanField(default=True)
    deactivated_at = models.DateTimeField(null=True, blank=True)
    session_round = models.PositiveIntegerField(default=0, db_default=0)
    is_director = models.BooleanField(default=False)
    is_admin = models.BooleanField(default=False)
    is_demo = models.BooleanField(default=False)
    language = models.CharField(max_length=2, choices=LANGUAGES, default="es")
    time_zone = models.CharField(max_length=60, blank=True)
    theme = models.CharField(max_length=8, choices=Theme.choices, default=Theme.SYSTEM)
    density = models.CharField(max_length=12, choices=Density.choices, default=Density.COMFORTABLE)
    shortcuts = models.BooleanField(default=True)
    mails = models.BooleanField(
        default=True, db_default=True
    )  # what happens is also told by e-mail
    region = models.CharField(
        max_length=5, blank=True, db_default=""
    )  # regions.TAGS; empty: as the organisation
    live_updates = models.BooleanField(default=True, db_default=True)
    created_at = models.DateTimeField(db_default=RelevoNow())
    teams = models.ManyToManyField(Team, through="Membership", related_name="people")

    objects = UserManager()

    USERNAME_FIELD = EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(email__isnull=True) | Q(email=Lower("email")), name="user_email_lower"
            ),
            models.CheckConstraint(
                condition=Q(deactivated_at__isnull=True) | Q(is_active=False),
                name="user_deactivated_is_inactive",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name.split(" ")[0]

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What a session must carry to be this person's: another password or round ends those of
        before.
        """
        salt = "django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash"
        value = f"{self.password}{self.session_round or ''}"
        return salted_hmac(salt, value, secret=secret, algorithm="sha256").hexdigest()

    @cached_property
    def memberships_now(self) -> list[Membership]:
        """Memberships with their teams, read once per request, or beforehand by a list."""
        if (carried := getattr(self, "teams_row", None)) is not None:
            return [
                Membership(
                    id=row["id"],
                    user=self,
                    team=returning.from_json(Team, row["team"]),
                    is_lead=row["is_lead"],
                )
                for row in map(json.loads, carried)
            ]
        read = "memberships" in getattr(self, "_prefetched_objects_cache", {})
        found = self.memberships.all() if read else self.memberships.select_related("team")
        return [m for m in found if m.team.archived_at is None]

    def team_ids(self, side: str, *, led: bool = False) -> list[int]:
        """Ids of the teams of ``side`` that the person belongs to, or leads when ``led``."""
        return [
            m.team_id
            for m in self.memberships_now
            if m.team.side == side and (m.is_lead or not led)
        ]

    @property
    def role(self) -> Role:
        """The part that decides this person's first page and label; somebody may have several."""
        if self.is_director:
            return Role.DIRECTOR
        if any(m.is_lead for m in self.memberships_now):
            return Role.TEAM_LEAD
        if self.team_ids(Side.SALES):
            return Role.SALES_REP
        return Role.ADMIN if self.is_admin and not self.memberships_now else Role.MARKETING


class Membership(models.Model):
    """A person in a team, as member or as its lead."""

    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    team = models.ForeignKey(Team, models.CASCADE, related_name="memberships")
    is_lead = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "team"], name="membership_once")]

    def __str__(self) -> str:
        return f"{self.user} · {self.team}"


class Invitation(models.Model):
    """A link by which a person sets a password and comes in, once.

    The link is signed (accounts.invitations): neither this row nor the server's key alone makes it.
    """

    person = models.ForeignKey(User, models.CASCADE, related_name="invitations")
    invited_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    nonce = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person"],
                condition=Q(accepted_at__isnull=True, revoked_at__isnull=True),
                name="invitation_one_open",
            ),
            models.CheckConstraint(
                condition=Q(accepted_at__isnull=True) | Q(revoked_at__isnull=True),
                name="invitation_ends_once",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("created_at")), name="invitation_has_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.created_at:%Y-%m-%d}"

    @property
    def is_open(self) -> bool:
        """Neither used nor taken back; it may have run out."""
        return self.accepted_at is None and self.revoked_at is None


class Leave(models.Model):
    """Days on which a person is away, both included, by the calendar of the person's own zone."""

    person = models.ForeignKey(User, models.CASCADE, related_name="leaves")
    first_on = models.DateField()
    last_on = models.DateField()
    created_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=RelevoNow())

    class Meta:
        ordering = ["first_on"]
        constraints = [
            models.CheckConstraint(condition=Q(first_on__lte=F("last_on")), name="leave_has_days"),
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
