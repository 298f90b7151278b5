"""Drafts of an agreement: creating, renewing and editing them."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from crm.audit.models import Entry
from sla.agreements import content, drafts, proposals
from sla.models import AgreementVersion, LadderStep
from tests.factories import Cast
from tests.sla.agreements.conftest import NOON
from tests.terms import ACCEPT


def test_agreement_has_one_draft_at_a_time(cast: Cast, draft: AgreementVersion) -> None:
    with pytest.raises(drafts.DraftOpen):
        drafts.renew(cast.agreement, by=cast.dora, at=NOON)


def test_next_draft_begins_with_all_that_the_version_says(cast: Cast) -> None:
    renewed = drafts.renew(cast.agreement, by=cast.dora, at=NOON)
    before, after = content.content_of(cast.agreement), content.content_of(renewed)
    assert {key for key in before if before[key] != after[key]} == {"number", "commitments"}
    # It lacks a promise that has a default of the product (default_terms).
    assert after["commitments"][:-1] == before["commitments"]


def test_edit_changes_only_the_given_terms(cast: Cast, draft: AgreementVersion) -> None:
    before = content.content_of(draft)
    edited = drafts.edit(draft, by=cast.dora, at=NOON, seen=0, rep_cap=8, capacity=80)
    after = content.content_of(edited)
    assert {key: after[key] for key in after if before[key] != after[key]} == {
        "rep_cap": 8,
        "capacity": 80,
    }


def test_edit_of_an_older_revision_is_refused(cast: Cast, draft: AgreementVersion) -> None:
    drafts.edit(draft, by=cast.dora, at=NOON, seen=0, rep_cap=8)
    with pytest.raises(drafts.EditedMeanwhile):
        drafts.edit(draft, by=cast.luis, at=NOON, seen=0, rep_cap=9)


def test_edited_commitments_replace_the_old_ones(cast: Cast, draft: AgreementVersion) -> None:
    drafts.edit(
        draft, by=cast.dora, at=NOON, seen=0, commitments=[{**ACCEPT, "window_minutes": 45}]
    )
    assert list(draft.commitments.values_list("metric", "window_minutes")) == [("accept", 45)]


def test_every_change_of_a_draft_is_audited(cast: Cast, draft: AgreementVersion) -> None:
    drafts.edit(draft, by=cast.dora, at=NOON, seen=0, rep_cap=8)
    proposals.propose(draft, by=cast.dora, at=NOON)
    proposals.reopen(draft, by=cast.luis, at=NOON)
    proposals.discard(draft, by=cast.luis, at=NOON)
    rows = Entry.objects.filter(subject_type="agreementversion", subject_id=draft.pk).order_by("id")
    assert list(rows.values_list("verb", flat=True)) == [
        "agreement_drafted",
        "agreement_edited",
        "agreement_proposed",
        "agreement_reopened",
        "agreement_discarded",
    ]


def test_versions_are_numbered_on(cast: Cast, draft: AgreementVersion) -> None:
    assert (cast.agreement.number, draft.number, draft.state) == (1, 2, "draft")


def test_draft_holds_its_commitments_and_ladders(draft: AgreementVersion) -> None:
    accept = draft.commitments.get(metric="accept")
    steps = list(accept.steps.values_list("level", "kind", "offset_minutes"))
    assert (accept.window_minutes, steps) == (
        120,
        [
            (1, "warn", -30),
            (2, "breach", 0),
            (3, "tell_lead", 30),
            (4, "requeue", 60),
            (5, "tell_director", 120),
        ],
    )


@pytest.mark.parametrize(
    ("kind", "offset"), [("warn", 0), ("breach", 1), ("tell_lead", -1), ("requeue", -30)]
)
def test_impossible_step_is_refused_by_the_database(
    draft: AgreementVersion, kind: str, offset: int
) -> None:
    accept = draft.commitments.get(metric="accept")
    with pytest.raises(IntegrityError, match="ladder_offset_possible"), transaction.atomic():
        LadderStep.objects.create(commitment=accept, level=9, kind=kind, offset_minutes=offset)
