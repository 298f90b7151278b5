"""Iris, who is on leave: the steps that name her go to Bea, her delegate."""

from __future__ import annotations

from datetime import timedelta

from crm.accounts import leaves, people
from crm.accounts.models import User
from crm.accounts.sign_in import demo
from crm.demo.present.desk import Desk

LEFT_ALONE = 31  # row of the table of named leads
AWAY_FOR = (3, 4)  # the days since it began, and until it ends


def leave_lead_undecided(desk: Desk) -> None:
    """The decision on a lead of Iris became overdue while she is away, and Bea heard of it."""
    iris = _join(desk)
    begun, _ends = AWAY_FOR
    handoff = desk.hand_off(LEFT_ALONE, at=desk.on(begun + 2, 10, 15))
    desk.accept(handoff, by=iris, at=desk.on(begun + 2, 10, 45))
    desk.call(handoff, by=iris, at=desk.on(begun + 2, 12, 5), note="Le interesa; falta el precio.")
    desk.catch_up(handoff.clock)


def _join(desk: Desk) -> User:
    """Iris joined the online team lately, and is on leave until some days from now."""
    cast = desk.cast
    iris = people.create_person(
        "Iris Navarro",
        email=f"iris@{demo.DOMAIN}",
        teams=[(cast.online, False)],
        by=cast.dora,
        at=desk.at_work(14, 9, 30),
        is_demo=True,
    )
    # That of all of them: making another hash takes longer than the rest of the day's desk.
    User.objects.filter(pk=iris.pk).update(password=cast.bea.password)
    begun, ends = AWAY_FOR
    leaves.take(
        iris,
        desk.today - timedelta(days=begun),
        desk.today + timedelta(days=ends),
        by=cast.dora,
        at=desk.at_work(7, 12, 0),
        delegate=cast.bea,
    )
    return iris
