"""Leaves: the days on which a person is away, and who stands in meanwhile."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from crm.accounts import people
from crm.accounts.models import Leave, Membership, User
from crm.audit.entries import record
from crm.lib.clock import local_date
from crm.lib.db.kept_sql import Among, KeptSql
from crm.lib.errors import DomainError

# Two years, as the message of take() says: a longer one is rather a mistyped year.
LONGEST = timedelta(days=730)


class BadLeave(DomainError):
    code = "bad_leave"


def today_of(person: User, *, at: datetime) -> date:
    """Return the date of ``at`` in the person's time zone, else in the organisation's."""
    zone = person.time_zone or people.organisation().time_zone
    return local_date(at, zone)


def is_away(person: User, on: date) -> bool:
    """Return whether the person is on leave on that day."""
    return person.leaves.filter(first_on__lte=on, last_on__gte=on).exists()


def away(persons: Iterable[User], *, at: datetime) -> dict[int, Leave]:
    """Return the leaves that run at ``at`` by person id, each in the person's own time zone.

    Takes two queries, however many people.
    """
    zone = people.organisation().time_zone
    today = {person.pk: local_date(at, person.time_zone or zone) for person in persons}
    if not today:
        return {}
    # The dates differ by a day at most; the loop below compares each person's own.
    first, last = min(today.values()), max(today.values())
    running = {}
    for leave in AROUND.objects(people=list(today), first=first, last=last):
        if leave.first_on <= today[leave.person_id] <= leave.last_on:
            running[leave.person_id] = leave
    return running


def _around(people: list[int], first: date, last: date) -> QuerySet[Leave]:
    return Leave.objects.filter(Among("person_id", people), first_on__lte=last, last_on__gte=first)


AROUND = KeptSql(_around)


@transaction.atomic
def take(
    person: User,
    first_on: date,
    last_on: date,
    *,
    by: User,
    at: datetime,
    delegate: User | None = None,
) -> Leave:
    """Create a leave from ``first_on`` to ``last_on``, both included.

    ``delegate``: who stands in meanwhile. Raises BadLeave, which names the field, when the days
    are in the wrong order, over, too many, or in another leave, and when the delegate may not be.
    """
    if last_on < first_on:
        raise _bad_leave("last_on", _("The last day is before the first one."))
    if last_on < today_of(person, at=at):
        raise _bad_leave("last_on", _("This leave would be over already."))
    if last_on - first_on > LONGEST:
        raise _bad_leave("last_on", _("A leave lasts two years at most."))
    _check_delegate(person, delegate)
    try:
        # A savepoint: without it the refused insert would end the transaction of the caller.
        with transaction.atomic():
            leave = Leave.objects.create(
                person=person,
                first_on=first_on,
                last_on=last_on,
                delegate=delegate,
                created_by=by,
                created_at=at,
            )
    except IntegrityError as error:  # the exclusion constraint
        text = _("Some of these days are in another leave already.")
        raise _bad_leave("first_on", text) from error
    record("leave_taken", person, by=by, at=at, payload=_days(leave))
    return leave


def _bad_leave(field: str, text: object) -> BadLeave:
    return BadLeave(text, fields={field: text})


def _check_delegate(person: User, delegate: User | None) -> None:
    if delegate is None or possible_delegates(person).filter(pk=delegate.pk).exists():
        return
    raise _bad_leave("delegate", _("Choose an active colleague of the same team."))


def possible_delegates(person: User) -> QuerySet[User]:
    """Return who may be the delegate of ``person``: the active colleagues in teams in use."""
    teams = person.memberships.filter(team__archived_at__isnull=True).values("team")
    colleagues = User.objects.filter(memberships__team__in=teams, is_active=True)
    return colleagues.exclude(pk=person.pk).distinct().order_by("name", "id")


def _days(leave: Leave) -> dict[str, Any]:
    days = {"first_on": leave.first_on.isoformat(), "last_on": leave.last_on.isoformat()}
    if leave.delegate_id is not None:
        return {**days, "delegate": leave.delegate_id}
    return days


@transaction.atomic
def end(leave: Leave, *, by: User, at: datetime) -> None:
    """End ``leave`` because the person is back today.

    A running leave ends yesterday; one that has not begun is deleted; one that is over stays.
    """
    today = today_of(leave.person, at=at)
    payload = _days(leave)
    if leave.last_on < today:
        return
    if leave.first_on >= today:
        leave.delete()
    else:
        leave.last_on = today - timedelta(days=1)
        leave.save(update_fields=["last_on"])
    record("leave_ended", leave.person, by=by, at=at, payload=payload)


def note_seen(leave: Leave, *, at: datetime) -> None:
    """Note that the person has read what happened during ``leave``; the first time counts."""
    Leave.objects.filter(pk=leave.pk, seen_at__isnull=True).update(seen_at=at)


# -- Who stands in


@dataclass(frozen=True)
class Line:
    """Who acts where a step names people.

    ``present``: the named people who are there. ``stand_ins``: for each of the others, who acts
    instead.
    """

    present: list[User]
    stand_ins: list[tuple[User, list[User]]] = field(default_factory=list)

    def addressed(self) -> list[tuple[list[User], dict[str, int]]]:
        """Return who is told, each once, with the value of the notice that says in whose place."""
        told = {person.pk for person in self.present}
        groups: list[tuple[list[User], dict[str, int]]] = [(self.present, {})]
        for absent, stand_ins in self.stand_ins:
            people_now = [person for person in stand_ins if person.pk not in told]
            told |= {person.pk for person in people_now}
            groups.append((people_now, {"away_id": absent.pk}))
        return groups


@dataclass(frozen=True)
class Cover:
    """Who stands in for the people of a batch of steps. Made by :func:`cover`."""

    absent: Collection[int] = ()
    delegate_of: dict[int, User] = field(default_factory=dict)
    # The active people of the teams of those who are absent, who may be absent, too.
    members: dict[int, dict[int, Membership]] = field(default_factory=dict)
    directors: list[User] = field(default_factory=list)

    def line(self, named: Iterable[User], *, team_id: int | None = None) -> Line:
        """Return who acts where a step for a team names ``named``."""
        present, stand_ins = [], []
        for person in named:
            if person.pk in self.absent:
                stand_ins.append((person, self._next(person, team_id)))
            else:
                present.append(person)
        return Line(present, stand_ins)

    def delegate(self, person: User, *, team_id: int | None) -> User | None:
        """Return the delegate of ``person``; None for one who is not in the team, or away too."""
        delegate = self.delegate_of.get(person.pk)
        if delegate is None:
            return None
        teams = self._teams(person, team_id)
        if any(self._is_there(delegate.pk, team) for team in teams):
            return delegate
        return None

    def _teams(self, person: User, team_id: int | None) -> list[int]:
        """Return the team of the step; of a person of other teams, these."""
        own = [pk for pk, members in self.members.items() if person.pk in members]
        # A step of a sales team names the sender of the lead, too, who is of marketing.
        if team_id is not None and team_id in own:
            return [team_id]
        return own

    def _next(self, person: User, team_id: int | None) -> list[User]:
        """Return the delegate, else the leads of the team, else the directors."""
        delegate = self.delegate(person, team_id=team_id)
        if delegate is not None:
            return [delegate]
        leads = {}
        for team in self._teams(person, team_id):
            for pk, member in self.members[team].items():
                if member.is_lead and self._is_there(pk, team):
                    leads[pk] = member.user
        return list(leads.values()) or self.directors

    def _is_there(self, person: int, team: int) -> bool:
        return person in self.members[team] and person not in self.absent


def cover(named: Iterable[User], *, at: datetime) -> Cover:
    """Return who stands in at ``at`` for those of ``named`` who are away or have left.

    Two queries where everybody is there, seven at most, however many people.
    """
    people_named = {person.pk: person for person in named}
    running = away(people_named.values(), at=at)
    absent = {pk for pk, person in people_named.items() if pk in running or not person.is_active}
    if not absent:
        return Cover()
    members = _members_beside(absent)
    directors = _directors()
    beside = {pk: each.user for team in members.values() for pk, each in team.items()}
    beside |= {person.pk: person for person in directors}
    also_away = away([beside[pk] for pk in beside if pk not in people_named], at=at)
    absent |= also_away.keys()
    absent |= {pk for pk, person in beside.items() if not person.is_active}
    delegates = {
        pk: beside[leave.delegate_id]
        for pk, leave in running.items()
        if leave.delegate_id in beside
    }
    return Cover(
        absent=absent,
        delegate_of=delegates,
        members=members,
        # If all of them are away, they hear of it all the same: it must not stay silent.
        directors=[person for person in directors if person.pk not in absent] or directors,
    )


def _members_beside(people_ids: Collection[int]) -> dict[int, dict[int, Membership]]:
    """Return the members of the teams of these people, by team and by person. One query."""
    of_them = Membership.objects.filter(user__in=people_ids, team__archived_at__isnull=True)
    rows = Membership.objects.filter(team__in=of_them.values("team")).select_related("user")
    members: dict[int, dict[int, Membership]] = defaultdict(dict)
    for row in rows.order_by("id"):
        members[row.team_id][row.user_id] = row
    return dict(members)


def _directors() -> list[User]:
    """Return the active directors; if there is none, the admins."""
    active = User.objects.filter(is_active=True).order_by("id")
    return list(active.filter(is_director=True)) or list(active.filter(is_admin=True))


def present_directors(*, at: datetime) -> list[User]:
    """Return the directors who are there; if there is none, all of them. Four queries at most."""
    directors = _directors()
    absent = away(directors, at=at)
    return [person for person in directors if person.pk not in absent] or directors
