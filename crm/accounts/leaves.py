"""Leave: the days on which a person is away."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from crm.accounts import people
from crm.accounts.models import Leave, User
from crm.audit.entries import record
from crm.lib.clock import local_date
from crm.lib.errors import DomainError

LONGEST = timedelta(days=730)


class BadLeave(DomainError):
    code = "bad_leave"


def today_of(person: User, *, at: datetime) -> date:
    """The calendar date of ``at`` in the person's zone, or the organisation's where they
    have none.
    """
    return local_date(at, person.time_zone or people.organisation().time_zone)


def is_away(person: User, on: date) -> bool:
    """Whether the person is on leave that day."""
    return person.leaves.filter(first_on__lte=on, last_on__gte=on).exists()


def away(persons: Iterable[User], *, at: datetime) -> dict[int, Leave]:
    """Who of ``persons`` is on leave at ``at``: ``{person's id: the leave}``, each by their own
    zone. Two queries.
    """
    zone = people.organisation().time_zone
    today = {person.pk: local_date(at, person.time_zone or zone) for person in persons}
    if not today:
        return {}
    around = Leave.objects.filter(
        person__in=list(today), first_on__lte=max(today.values()), last_on__gte=min(today.values())
    )
    return {
        row.person_id: row for row in around if row.first_on <= today[row.person_id] <= row.last_on
    }


@transaction.atomic
def take(person: User, first_on: date, last_on: date, *, by: User, at: datetime) -> Leave:
    """Enter a leave. Raises BadLeave, naming the field, where the days are turned round, past or
    taken already.
    """
    if last_on < first_on:
        raise _bad("last_on", _("The last day is before the first one."))
    if last_on < today_of(person, at=at):
        raise _bad("last_on", _("This leave would be over already."))
    if last_on - first_on > LONGEST:
        raise _bad("last_on", _("A leave lasts two years at most."))
    try:
        with transaction.atomic():
            leave = Leave.objects.create(
                person=person, first_on=first_on, last_on=last_on, created_by=by, created_at=at
            )
    except IntegrityError as error:
        raise _bad("first_on", _("Some of these days are in another leave already.")) from error
    payload = {"first_on": first_on.isoformat(), "last_on": last_on.isoformat()}
    record("leave_taken", person, by=by, at=at, payload=payload)
    return leave


def _bad(field: str, text: object) -> BadLeave:
    return BadLeave(text, fields={field: text})


@transaction.atomic
def end(leave: Leave, *, by: User, at: datetime) -> None:
    """The person is back today: a leave that runs ends yesterday, one that has not begun is taken
    out.
    """
    today = today_of(leave.person, at=at)
    payload = {"first_on": leave.first_on.isoformat(), "last_on": leave.last_on.isoformat()}
    if leave.last_on < today:
        return
    if leave.first_on >= today:
        leave.delete()
    else:
        leave.last_on = today - timedelta(days=1)
        leave.save(update_fields=["last_on"])
    record("leave_ended", leave.person, by=by, at=at, payload=payload)
