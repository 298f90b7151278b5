"""People, teams and the organisation."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from crm.accounts.states import Density, Role, Side, Theme
from crm.lib.clock import RelevoNow

LANGUAGES = [("es", "Español"), ("en", "English")]


class Organisation(models.Model):
    """The one organisation of this installation."""

    id = models.SmallIntegerField(primary_key=True, default=1, editable=False)
    name = models.CharField(max_length=120)
    currency = models.CharField(max_length=3, default="USD")
    language = models.CharField(max_length=2, choices=LANGUAGES, default="es")
    time_zone = models.CharField(max_length=60, default="America/Mexico_City")
    country = models.CharField(max_length=2, blank=True)
    is_demo = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="organisation_is_one"),
            models.CheckConstraint(condition=Q(currency__regex=r"^[A-Z]{3}$"), name="organisation_currency_iso"),
        ]

    def __str__(self) -> str:
        return self.name


class Team(models.Model):
    """A team of one side. Its working hours are the calendar that points to it, else the agreement's."""

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
        return self.create_user(email, password, is_admin=True, **{"name": email.split("@")[0], **fields})

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser, PermissionsMixin):
    """A person. Inactive people (imported history, people who left) cannot sign in but keep their name."""

    email = models.EmailField(max_length=254, unique=True, null=True, blank=True)
    name = models.CharField(max_length=120)
    external_id = models.CharField(max_length=120, unique=True, null=True, blank=True)
    is_active = models.BooleanField(default=True)
    is_director = models.BooleanField(default=False)
    is_admin = models.BooleanField(default=False)
    is_demo = models.BooleanField(default=False)
    language = models.CharField(max_length=2, choices=LANGUAGES, default="es")
    time_zone = models.CharField(max_length=60, blank=True)
    theme = models.CharField(max_length=8, choices=Theme.choices, default=Theme.SYSTEM)
    density = models.CharField(max_length=12, choices=Density.choices, default=Density.COMFORTABLE)
    shortcuts = models.BooleanField(default=True)
    region = models.CharField(max_length=5, blank=True)  # one of regions.TAGS; empty: as the organisation
    live_updates = models.BooleanField(default=True)
    created_at = models.DateTimeField(db_default=RelevoNow())
    teams = models.ManyToManyField(Team, through="Membership", related_name="people")

    objects = UserManager()

    USERNAME_FIELD = EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(email__isnull=True) | Q(email=Lower("email")), name="user_email_lower"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name.split(" ")[0]

    @cached_property
    def memberships_now(self) -> list[Membership]:
        """Memberships with their teams, read once per request."""
        return [m for m in self.memberships.select_related("team").all() if m.team.archived_at is None]

    def team_ids(self, side: str, *, led: bool = False) -> list[int]:
        """Ids of the teams of ``side`` that the person belongs to, or leads when ``led``."""
        return [m.team_id for m in self.memberships_now if m.team.side == side and (m.is_lead or not led)]

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
