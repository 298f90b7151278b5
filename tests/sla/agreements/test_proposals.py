"""Proposing a draft, opening it again, discarding it."""

from __future__ import annotations

import pytest

from crm.lib.errors import IllegalMove
from sla.agreements import agreements, content, proposals
from sla.models import AgreementVersion
from tests import factories
from tests.factories import Cast
from tests.sla.agreements.conftest import LATER, NOON, notified


def test_proposing_asks_the_leads_of_both_sides(cast: Cast, draft: AgreementVersion) -> None:
    proposals.propose(draft, by=cast.luis, at=NOON)
    assert notified("proposed") == ["Dora Salinas"]


def test_reopening_voids_the_signature(cast: Cast, draft: AgreementVersion) -> None:
    factories.sign(draft, "marketing", by=cast.luis, at=NOON)
    reopened = proposals.reopen(draft, by=cast.dora, at=LATER, why="One more thing")
    assert (reopened.state, reopened.content_hash, agreements.standing_signatures(reopened)) == (
        "draft",
        "",
        {},
    )


def test_side_signs_again_after_reopening(cast: Cast, draft: AgreementVersion) -> None:
    factories.sign(draft, "marketing", by=cast.luis, at=NOON)
    proposals.reopen(draft, by=cast.dora, at=LATER)
    factories.sign(draft, "sales", by=cast.dora, at=LATER)
    assert factories.sign(draft, "marketing", by=cast.luis, at=LATER).state == "signed"


def test_signed_version_cannot_be_reopened(cast: Cast, signed: AgreementVersion) -> None:
    with pytest.raises(IllegalMove):
        proposals.reopen(signed, by=cast.dora, at=LATER)


def test_discarded_draft_stays_readable(cast: Cast, draft: AgreementVersion) -> None:
    proposals.discard(draft, by=cast.dora, at=NOON)
    assert (draft.agreement.versions.count(), content.content_of(draft)["number"]) == (2, 2)


def test_labels_become_part_of_what_is_signed(cast: Cast, draft: AgreementVersion) -> None:
    labels = {"actions": {"asked_for_demo": {"es": "Pidió una demo", "en": "Asked for a demo"}}}
    version = proposals.propose(draft, by=cast.luis, at=NOON, labels=labels)
    assert content.content_of(version)["labels"] == labels
