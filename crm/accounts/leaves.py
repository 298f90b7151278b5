"""Leaves: the days on which a person is away."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from crm.accounts import people
from crm.accounts.models import Leave, User
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
def take(person: User, first_on: date, last_on: date, *, by: User, at: datetime) -> Leave:
    """Create a leave from ``first_on`` to ``last_on``, both included.

    Raises BadLeave, which names the field, when the days are in the wrong order, over, too many,
    or in another leave.
    """
    if last_on < first_on:
        raise _bad_leave("last_on", _("The last day is before the first one."))
    if last_on < today_of(person, at=at):
        raise _bad_leave("last_on", _("This leave would be over already."))
    if last_on - first_on > LONGEST:
        raise _bad_leave("last_on", _("A leave lasts two years at most."))
    try:
        # A savepoint: without it the refused insert would end the transaction of the caller.
        with transaction.atomic():
            leave = Leave.objects.create(
                person=person,
                first_on=first_on,
                last_on=last_on,
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


def _days(leave: Leave) -> dict[str, str]:
    return {"first_on": leave.first_on.isoformat(), "last_on": leave.last_on.isoformat()}


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
