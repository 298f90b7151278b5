"""Going while working: whatever the order, no open handoff ends with somebody who left."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, transaction

from crm.accounts import invitations
from crm.accounts.models import User
from leads import handoffs
from leads.models import Handoff
from leads.staff import access
from tests import factories
from tests.factories import ACCEPTED_AT, Cast, when
from tests.races.parallel import together

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 4
NOON = when("2026-03-02 12:00")
UNDO_GUARD = "ALTER TABLE leads_handoff DISABLE TRIGGER handoff_owner_is_active"
GUARD = "ALTER TABLE leads_handoff ENABLE TRIGGER handoff_owner_is_active"


def orphans() -> int:
    return Handoff.objects.open().filter(owner__is_active=False).count()


def execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def goes_while_accepting(cast: Cast) -> list[object]:
    """Bea has accepted, and before that is committed Root deactivates her."""
    handoff, accepted, done = factories.handed_off(cast), threading.Event(), threading.Event()

    def accept() -> str:
        with transaction.atomic():
            handoffs.accept(Handoff.objects.get(pk=handoff.pk), by=cast.bea, at=ACCEPTED_AT)
            accepted.set()
            done.wait(1)  # what waits for this row goes on only after it
        return "accepted"

    def go() -> object:
        accepted.wait(10)
        try:
            return access.deactivate(
                cast.bea, heirs={f"{cast.sales.pk}-new": cast.cruz}, by=cast.root, at=NOON
            )
        finally:
            done.set()

    return together(accept, go)


def test_without_the_guard_the_accepted_handoff_is_left_behind(cast: Cast) -> None:
    execute(UNDO_GUARD)
    try:
        assert (goes_while_accepting(cast), orphans()) == (["accepted", {}], 1)
    finally:
        execute(GUARD)


def test_deactivation_waits_for_an_acceptance_and_moves_it(cast: Cast) -> None:
    assert (goes_while_accepting(cast), orphans()) == (["accepted", {"Cruz Medina": 1}], 0)


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_accept_against_deactivation_leaves_nothing_behind(cast: Cast, _round: int) -> None:
    rows = [factories.handed_off(cast) for _number in range(3)]
    heirs = {f"{cast.sales.pk}-new": None}
    acts = [
        lambda row=row: handoffs.accept(Handoff.objects.get(pk=row.pk), by=cast.bea, at=NOON).state
        for row in rows
    ]
    results = together(
        *acts, lambda: access.deactivate(cast.bea, heirs=heirs, by=cast.root, at=NOON)
    )
    assert isinstance(results[-1], dict)
    assert all(
        result == "accepted" or isinstance(result, handoffs.OwnerLeft) for result in results[:-1]
    )
    assert (orphans(), results[-1].get("", 0)) == (0, results[:-1].count("accepted"))


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_two_who_hand_over_to_each_other_do_not_both_go(cast: Cast, _round: int) -> None:
    factories.contacted(cast), factories.contacted(cast, by=cast.cruz)
    key = f"{cast.sales.pk}-known"
    results = together(
        lambda: access.deactivate(cast.bea, heirs={key: cast.cruz}, by=cast.root, at=NOON),
        lambda: access.deactivate(cast.cruz, heirs={key: cast.bea}, by=cast.root, at=NOON),
    )
    assert sorted(type(result).__name__ for result in results) == ["WorkRemains", "dict"]
    assert (orphans(), Handoff.objects.open().count()) == (0, 2)


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_two_admins_who_deactivate_each_other_leave_one(cast: Cast, _round: int) -> None:
    other = factories.person("Gil", is_admin=True)
    results = together(
        lambda: access.deactivate(other, heirs={}, by=cast.root, at=NOON),
        lambda: access.deactivate(cast.root, heirs={}, by=other, at=NOON),
    )
    assert sorted(type(result).__name__ for result in results) == ["StaffingConflict", "dict"]
    assert User.objects.filter(is_admin=True, is_active=True).count() == 1


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_link_used_while_its_person_is_deactivated_opens_nothing(cast: Cast, _round: int) -> None:
    invitation = access.invite("Fabi", "fabi@relevo.test", is_admin=True, by=cast.root, at=NOON)
    fabi = invitation.person

    def accept() -> bool:
        person = invitations.accept(
            invitation, password="una frase muy larga", name="Fabi", language="es", at=NOON
        )
        return person.is_active

    used, gone = together(accept, lambda: access.deactivate(fabi, heirs={}, by=cast.root, at=NOON))
    assert (used is True or isinstance(used, invitations.LinkOver), gone) == (True, {})
    assert User.objects.get(pk=fabi.pk).is_active is False
