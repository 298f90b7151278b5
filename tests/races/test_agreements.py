"""Agreements at the same time: reminders from two processes, one rep at two queues, two signatures
of one side.
"""

from __future__ import annotations

import threading

import pytest
from django.db import transaction

from crm.notifications.models import Message
from leads.handoffs import transitions
from leads.models import Handoff
from sla.agreements import agreements, drafts, proposals, reminders, signing
from sla.models import AgreementVersion, Signature
from tests import factories
from tests.factories import ACCEPTED_AT, Cast, when
from tests.races.parallel import together

pytestmark = pytest.mark.django_db(transaction=True)

BEGUN = when("2026-03-02 10:00")
LATER = when("2026-03-05 10:00")


def test_parallel_reminders_go_out_once(cast: Cast) -> None:
    factories.drafted(cast.calendar, by=cast.luis, of=cast.agreement.agreement, at=BEGUN)
    together(*[lambda: reminders.remind(at=LATER)] * 4)
    told = Message.objects.filter(kind="agreement.unsigned", channel="in_app")
    assert sorted(row.recipient.name for row in told) == ["Dora Salinas", "Luis Ferrer"]


def capped(cast: Cast) -> list[Handoff]:
    terms = {"of": cast.agreement.agreement, "rep_cap": 1}
    cast.agreement = factories.agreement(
        cast.calendar, marketing=cast.luis, sales=cast.dora, **terms
    )
    return [factories.handed_off(cast) for _each in range(2)]


def all_by_bea(cast: Cast, rows: list[Handoff]) -> list[str]:
    acts = [
        lambda row=row: transitions.accept(
            Handoff.objects.get(pk=row.pk), by=cast.bea, at=ACCEPTED_AT
        )
        for row in rows
    ]
    return sorted(type(found).__name__ for found in together(*acts))


def test_rep_accepts_no_more_than_agreed_at_two_places_at_once(cast: Cast) -> None:
    rows = capped(cast)
    assert all_by_bea(cast, rows) == ["Handoff", "RepIsFull"]
    assert Handoff.objects.filter(owner=cast.bea).count() == 1


def test_without_the_lock_a_rep_would_accept_too_many(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = capped(cast)
    both_have_counted = threading.Barrier(2)

    def unlocked(handoff: Handoff, rep: object) -> None:
        count = Handoff.objects.filter(owner=rep).count()
        both_have_counted.wait(10)
        if count >= handoff.policy["rep_cap"]:
            raise transitions.RepIsFull(cast.bea, count, 1)

    monkeypatch.setattr(transitions, "check_room", unlocked)
    assert all_by_bea(cast, rows) == ["Handoff", "Handoff"]


def test_text_that_changes_while_it_is_signed_gets_no_signature(cast: Cast) -> None:
    draft = factories.drafted(cast.calendar, by=cast.luis, of=cast.agreement.agreement, at=BEGUN)
    read = proposals.propose(draft, by=cast.luis, at=BEGUN).content_hash
    is_locked = threading.Event()

    def change() -> str:
        with transaction.atomic():
            opened = proposals.reopen(draft, by=cast.luis, at=LATER)
            is_locked.set()
            # The signature waits for the lock meanwhile.
            drafts.edit(opened, by=cast.luis, at=LATER, seen=opened.revision, capacity=70)
            return proposals.propose(draft, by=cast.luis, at=LATER).content_hash

    def sign() -> AgreementVersion:
        is_locked.wait(10)
        return signing.sign_sides(draft, ["sales"], sha256=read, by=cast.dora, at=LATER)

    changed, refused = together(change, sign)
    assert isinstance(changed, str)
    assert changed != read
    assert isinstance(refused, agreements.NotAsShown)
    assert not Signature.objects.filter(version=draft).exists()


def test_side_signs_once_from_two_browsers(cast: Cast) -> None:
    draft = factories.drafted(cast.calendar, by=cast.luis, of=cast.agreement.agreement, at=BEGUN)
    proposals.propose(draft, by=cast.luis, at=BEGUN)
    acts = [lambda: factories.sign_sides(draft, ["marketing"], by=cast.luis, at=BEGUN)] * 3
    names = sorted(type(found).__name__ for found in together(*acts))
    assert (names, Signature.objects.filter(version=draft).count()) == (
        ["AgreementVersion", "AlreadySigned", "AlreadySigned"],
        1,
    )
