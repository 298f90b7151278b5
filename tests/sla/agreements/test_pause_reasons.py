"""The catalogue of reasons to pause, and what an agreement takes of it: signed with its caps."""

from __future__ import annotations

from datetime import timedelta

import pytest

from leads.handoffs import pauses as handoff_pauses
from sla.agreements import drafts, pause_reasons, policies, proposals
from sla.models import AgreementVersion, PauseReason
from tests import factories
from tests.factories import Cast, pause_reason, when

AT = when("2026-02-02 12:00")
NAME = {"es": "Cierra su año", "en": "Closes the books"}
CATALOGUE = {"call_back": 7 * 24 * 60, "document": 2 * 24 * 60}


def order() -> list[str]:
    return list(PauseReason.objects.values_list("code", flat=True))


def created(cast: Cast, **changes: object) -> PauseReason:
    return pause_reasons.create(NAME, timedelta(days=5), **{"by": cast.luis, "at": AT, **changes})


def test_reason_is_created_at_its_place(cast: Cast) -> None:
    assert created(cast, position=1).longest_minutes == 5 * 24 * 60
    assert order() == ["call_back", "closes_the_books", "document"]


@pytest.mark.parametrize(
    "longest", [timedelta(0), timedelta(seconds=90), timedelta(days=30, minutes=1)]
)
def test_cap_lies_between_a_minute_and_what_all_pauses_may_last(
    cast: Cast, longest: timedelta
) -> None:
    with pytest.raises(pause_reasons.BadLength) as error:
        pause_reasons.create(NAME, longest, by=cast.luis, at=AT)
    assert (list(error.value.fields), order()) == (["longest"], ["call_back", "document"])


def test_change_renames_and_moves(cast: Cast) -> None:
    changed = pause_reasons.change(
        pause_reason(), name=NAME, longest=timedelta(days=1), position=1, by=cast.luis, at=AT
    )
    assert (changed.name, changed.longest_minutes, order()) == (
        NAME,
        24 * 60,
        ["document", "call_back"],
    )


def test_reason_that_a_draft_names_is_not_deleted(cast: Cast) -> None:
    fresh = created(cast)
    factories.drafted(cast.calendar, by=cast.luis, at=AT)
    with pytest.raises(pause_reasons.ReasonIsUsed):
        pause_reasons.delete(fresh, by=cast.luis, at=AT)
    assert fresh.pk in pause_reasons.used()


def test_reason_of_a_pause_is_not_deleted(cast: Cast) -> None:
    AgreementVersion.objects.filter(state="draft").delete()
    handoff = factories.accepted(cast)
    noon = when("2026-03-02 12:00")
    handoff_pauses.pause(
        handoff, pause_reason(), until=noon + timedelta(hours=20), by=cast.bea, at=noon
    )
    assert pause_reasons.used() >= {pause_reason().pk}
    with pytest.raises(pause_reasons.ReasonIsUsed):
        pause_reasons.delete(pause_reason(), by=cast.luis, at=noon)


def test_unused_reason_is_deleted(cast: Cast) -> None:
    fresh = created(cast)
    assert fresh.pk not in pause_reasons.used()
    pause_reasons.delete(fresh, by=cast.luis, at=AT)
    assert order() == ["call_back", "document"]


def test_draft_proposes_the_reasons_in_use(cast: Cast) -> None:
    pause_reasons.archive(pause_reason("document"), by=cast.luis, at=AT)
    draft = factories.drafted(cast.calendar, by=cast.luis, at=AT)
    assert draft.pauses == {"call_back": CATALOGUE["call_back"]}


def test_next_draft_leaves_out_what_is_archived(cast: Cast) -> None:
    pause_reasons.archive(pause_reason("document"), by=cast.luis, at=AT)
    assert drafts.renew(cast.agreement, by=cast.luis, at=AT).pauses == {
        "call_back": CATALOGUE["call_back"]
    }
    assert cast.agreement.pauses == CATALOGUE


def test_handoff_takes_the_caps_that_were_signed(cast: Cast) -> None:
    """Whatever becomes of the catalogue afterwards."""
    longer = {"name": NAME, "longest": timedelta(days=30), "position": 0}
    pause_reasons.change(pause_reason(), **longer, by=cast.luis, at=AT)
    assert factories.handed_off(cast).policy["pauses"] == {
        code: cap * 60 for code, cap in CATALOGUE.items()
    }


def test_agreement_without_pauses_allows_none(cast: Cast) -> None:
    none = factories.agreement(
        cast.calendar, marketing=cast.luis, sales=cast.dora, of=cast.agreement.agreement, pauses={}
    )
    assert policies.policy_for(none, cast.sales, facts={})["pauses"] == {}


def test_version_of_before_pauses_says_nothing_and_its_next_draft_proposes_them(cast: Cast) -> None:
    old = factories.drafted(cast.calendar, by=cast.luis, of=cast.agreement.agreement, at=AT)
    AgreementVersion.objects.filter(pk=old.pk).update(pauses=None)
    old.refresh_from_db()
    assert "pauses" not in policies.policy_for(old, cast.sales, facts={})
    proposals.discard(old, by=cast.luis, at=AT)
    assert drafts.renew(old, by=cast.luis, at=AT).pauses == CATALOGUE
