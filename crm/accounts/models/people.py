"""People and teams."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, cast

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import OuterRef, Q, Subquery, Value
from django.db.models.functions import JSONObject, Lower
from django.utils.crypto import salted_hmac

from crm.accounts.models.leave import Leave, LeaveNow
from crm.accounts.models.organisation import LANGUAGES, Organisation
from crm.accounts.states import Density, Role, Side, Theme
from crm.lib.clock import RelevoNow
from crm.lib.db import returning
from crm.lib.db.kept_sql import KeptSql


class Team(models.Model):
    """A team of one side.

    Its working hours are those of the calendar that points to it, else of the agreement.
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
    """Create people for Django's own commands; the product uses crm.accounts.people."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        fields.setdefault("name", email.split("@")[0])
        return self.create_user(email, password, is_admin=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=(username or "").strip().lower())

    def with_surroundings(self, pk: int) -> User | None:
        """Return a person with what every page needs, in one query, or None.

        Teams and organisation come as mappings (``teams_row``, ``organisation_row``), the moment of
        the database's clock as ``fetched_at``.
        """
        found = SURROUNDED.rows(pk=pk)
        if not found:
            return None
        return self.from_row(found[0])

    def from_row(self, row: Sequence[Any]) -> User:
        """Return the person of a row of the columns ``surrounded_columns``."""
        *columns, teams, leaves, organisation, fetched_at = row
        names = [field.attname for field in self.model._meta.concrete_fields]
        user: Any = self.model.from_db("default", names, columns)
        user.teams_row, user.organisation_row, user.fetched_at = teams, organisation, fetched_at
        user.leaves_row = leaves
        return cast("User", user)

    def surrounded_columns(self) -> list[str]:
        """Return the columns of surrounded(): those of the person, then what was added."""
        own = [field.attname for field in self.model._meta.concrete_fields]
        return [*own, "teams_row", "leaves_row", "organisation_row", "fetched_at"]

    def surrounded(self) -> models.QuerySet[User]:
        """Return the query of with_surroundings."""
        memberships = Membership.objects.filter(
            user=OuterRef("pk"),
            team__archived_at__isnull=True,
        )
        teams = memberships.values(
            row=JSONObject(is_lead="is_lead", id="id", team=returning.as_json(Team, "team__"))
        )
        organisations = Organisation.objects.values(row=returning.as_json(Organisation))
        return self.annotate(
            teams_row=ArraySubquery(teams),
            leaves_row=ArraySubquery(Leave.objects.rows_about(OuterRef("pk"))),
            organisation_row=Subquery(organisations[:1]),
            # The moment of the request: read here, it costs no query of its own.
            fetched_at=RelevoNow(),
        )


def _surrounded(*, pk: int) -> models.QuerySet[Any]:
    columns = User.objects.surrounded_columns()
    return User.objects.surrounded().filter(pk=pk).values_list(*columns)


SURROUNDED = KeptSql(_surrounded)


class User(AbstractBaseUser, PermissionsMixin):
    """A person.

    Inactive people (invited, from imported history, deactivated) cannot sign in; their name stays.
    ``deactivated_at`` is the end of their access. Raising ``session_round`` ends all sessions.
    """

    # Null and not empty: people of imported history have no address, and two empty texts would
    # break the unique constraint.
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
    theme = models.CharField(
        max_length=8,
        choices=Theme.choices,
        default=Theme.SYSTEM,
    )
    density = models.CharField(
        max_length=12,
        choices=Density.choices,
        default=Density.COMFORTABLE,
    )
    shortcuts = models.BooleanField(default=True)
    mails = models.BooleanField(default=True, db_default=True)  # notices also go out by e-mail
    # A tag of crm.lib.number_formats; empty: as the organisation.
    region = models.CharField(max_length=5, blank=True, db_default="")
    live_updates = models.BooleanField(default=True, db_default=True)
    # Of the card on the first page (crm.first_steps): the steps that were only looked at, and
    # "over" once it is gone, each with the moment; "since": what was done before does not count.
    first_steps = models.JSONField(
        default=dict, db_default=Value({}, models.JSONField()), blank=True
    )
    created_at = models.DateTimeField(db_default=RelevoNow())
    teams = models.ManyToManyField(Team, through="Membership", related_name="people")

    objects = UserManager()

    USERNAME_FIELD = EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        constraints = [
            # "Ana@" and "ana@" are one mailbox, and unique compares byte by byte.
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
        # Stored in each session: a new password or session round ends the earlier sessions. In
        # round 0 the value equals Django's own.
        salt = "django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash"
        value = f"{self.password}{self.session_round or ''}"
        return salted_hmac(salt, value, secret=secret, algorithm="sha256").hexdigest()

    @cached_property
    def memberships_now(self) -> list[Membership]:
        """Return memberships of teams in use, with the teams, read once per request.

        They may have been loaded by with_surroundings or prefetched by a list.
        """
        loaded = getattr(self, "teams_row", None)
        if loaded is not None:
            return [self._membership_from(row) for row in loaded]
        prefetched = getattr(self, "_prefetched_objects_cache", {})
        if "memberships" in prefetched:
            # select_related() would make another queryset, and so another query for each person.
            memberships = self.memberships.all()
        else:
            memberships = self.memberships.select_related("team")
        return [member for member in memberships if member.team.archived_at is None]

    def _membership_from(self, row: dict[str, Any]) -> Membership:
        return Membership(
            id=row["id"],
            user=self,
            team=returning.from_json(Team, row["team"]),
            is_lead=row["is_lead"],
        )

    def team_ids(self, side: str, *, led: bool = False) -> list[int]:
        """Return the ids of the person's teams of ``side``, only those they lead with ``led``."""
        return [
            member.team_id
            for member in self.memberships_now
            if member.team.side == side and (member.is_lead or not led)
        ]

    @cached_property
    def leaves_about(self) -> list[LeaveNow]:
        """Return the leaves of about now that concern the person, as loaded by surrounded()."""
        loaded = getattr(self, "leaves_row", None)
        if loaded is None:
            loaded = Leave.objects.rows_about(self.pk)
        return [LeaveNow.from_row(row) for row in loaded]

    @cached_property
    def stands_in_for(self) -> list[int]:
        """Return the ids of those who are away now and whose delegate in sales this person is.

        Only in sales: in marketing the whole team may work on each lead anyhow.
        """
        if self.is_director or not self.team_ids(Side.SALES):
            return []
        return [leave.person for leave in self.leaves_about if leave.is_covered_by(self.pk)]

    @property
    def unseen_leave(self) -> int | None:
        """Return the id of the leave from which the person came back and has not read what was."""
        for leave in self.leaves_about:
            if leave.person == self.pk and leave.is_over and not leave.is_seen:
                return leave.id
        return None

    # -- As the reader of a query whose SQL is kept (crm.lib.db.kept_sql)

    @property
    def sql_shape(self) -> tuple[Any, ...]:
        """Return all about the person that decides what the SQL of a query reads."""
        teams = tuple((member.team.side, member.is_lead) for member in self.memberships_now)
        return self.is_director, teams, len(self.stands_in_for)

    @property
    def sql_values(self) -> list[int]:
        """Return the ids of the person, the teams, and those whom the person stands in for."""
        teams = [member.team_id for member in self.memberships_now]
        return [self.pk, *teams, *self.stands_in_for]

    def standing_in(self, ids: Sequence[int]) -> User:
        """Return a person of the same shape, with ``ids`` instead of ``sql_values``."""
        pk, *others = ids
        teams = others[: len(self.memberships_now)]
        person = User(pk=pk, is_director=self.is_director)
        person.stands_in_for = others[len(teams) :]
        person.memberships_now = []
        for team, member in zip(teams, self.memberships_now, strict=True):
            of_side = Team(pk=team, side=member.team.side)
            stand_in = Membership(user=person, team=of_side, is_lead=member.is_lead)
            person.memberships_now.append(stand_in)
        return person

    @property
    def role(self) -> Role:
        """Return the role that decides the first page and the label; a person may have several."""
        if self.is_director:
            return Role.DIRECTOR
        if any(member.is_lead for member in self.memberships_now):
            return Role.TEAM_LEAD
        if self.team_ids(Side.SALES):
            return Role.SALES_REP
        # An admin sees no lead by that alone; one who belongs to a team works there first.
        if self.is_admin and not self.memberships_now:
            return Role.ADMIN
        return Role.MARKETING


class Membership(models.Model):
    """A person in a team, as a member or as its lead."""

    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    team = models.ForeignKey(Team, models.CASCADE, related_name="memberships")
    is_lead = models.BooleanField(default=False)
    # What a team decided before concerns only those who were in it (leads.departures).
    joined_at = models.DateTimeField(db_default=RelevoNow())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "team"], name="membership_once")]

    def __str__(self) -> str:
        return f"{self.user} · {self.team}"
