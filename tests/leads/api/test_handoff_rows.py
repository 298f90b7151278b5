"""The plain rows of handoffs: equal to what their serializer documents."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date

import pytest
from rest_framework.renderers import JSONRenderer

from leads.api import handoff_rows
from leads.api.handoff_serializers import HandoffShown, with_details
from leads.handoffs import outcomes
from leads.models import Handoff, Lead, OutcomeReason
from leads.returns import disputes, duplicates, returns
from leads.states import OutcomeKind
from tests import factories
from tests.factories import Cast, when
from tests.leads.returns.rows import reason_to_close

NOON = when("2026-03-02 12:00")
MOMENTS = ("2026-03-02 09:00", "2026-03-02 22:00", "2026-03-20 12:00")


def _without_company(cast: Cast) -> Handoff:
    handoff = factories.handed_off(cast)
    Lead.objects.filter(pk=handoff.lead_id).update(company=None)
    return handoff


def _expected(cast: Cast) -> Handoff:
    handoff = factories.opportunity(cast)
    day = date(2026, 5, 1)
    Handoff.objects.filter(pk=handoff.pk).update(expected_amount=1500, expected_close_on=day)
    return handoff


def _lost(cast: Cast) -> Handoff:
    reason = OutcomeReason.objects.filter(kind=OutcomeKind.LOST)[0]
    return outcomes.lose(
        factories.opportunity(cast), reason, comment="", by=cast.bea, at=factories.WON_AT
    )


def _closed(cast: Cast) -> Handoff:
    handoff = factories.rejected(cast)
    returns.close(handoff, reason_to_close(), comment="Es proveedor", by=cast.ana, at=NOON)
    return handoff


def _contested(cast: Cast) -> Handoff:
    handoff = factories.rejected(cast)
    disputes.contest(handoff, "Sí cumple", by=cast.ana, at=NOON)
    return handoff


def _upheld(cast: Cast) -> Handoff:
    handoff = _contested(cast)
    disputes.uphold(handoff, comment="Cumple", by=cast.elsa, at=NOON)
    return handoff


def _duplicate(cast: Cast) -> Handoff:
    original = factories.accepted(cast).lead
    return duplicates.mark(factories.handed_off(cast), original, by=cast.bea, at=NOON)


def _duplicate_of_another(cast: Cast) -> Handoff:
    """Bea does not see the other lead."""
    original = factories.accepted(cast, by=cast.cruz).lead
    return duplicates.mark(factories.handed_off(cast), original, by=cast.cruz, at=NOON)


@pytest.mark.parametrize(
    "make",
    [
        factories.handed_off,
        factories.accepted,
        factories.rejected,
        factories.withdrawn,
        _without_company,
        _expected,
        _lost,
        factories.won,
        _closed,
        _contested,
        _upheld,
        _duplicate,
        _duplicate_of_another,
    ],
)
def test_row_is_what_the_serializer_shows(cast: Cast, make: Callable[[Cast], Handoff]) -> None:
    pk = make(cast).pk
    for text in MOMENTS:
        at = when(text)
        handoff = with_details(Handoff.objects.filter(pk=pk)).get()
        documented = HandoffShown(handoff, context={"at": at, "user": cast.bea}).data
        row = handoff_rows.shown_of_page([pk], cast.bea, at=at)[0]
        assert list(row) == list(documented)
        assert json.loads(JSONRenderer().render(row)) == json.loads(
            JSONRenderer().render(documented)
        )
