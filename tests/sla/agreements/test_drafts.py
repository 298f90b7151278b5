"""Drafts: editing, comments, what they lack, closing the text, and that no door opens it again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from crm.audit.models import Entry
from crm.lib.errors import IllegalMove
from crm.notifications.models import Message
from sla.agreements import agreements, comments, content, drafts, policies, proposals, signing
from sla.models import AgreementVersion, Validity
from tests import factories
from tests.factories import ACCEPT, COMMITMENTS, Cast, when

NOON = when("2026-02-02 12:00")
LATER = when("2026-02-03 09:00")


@pytest.fixture
def draft(cast: Cast) -> AgreementVersion:
    """The second version of the organisation's agreement."""
    return factories.drafted(cast.calendar, by=cast.luis, of=cast.agreement.agreement)


@pytest.fixture
def signed(cast: Cast, draft: AgreementVersion) -> AgreementVersion:
    return signing.sign_sides(
        signing.sign(draft, "marketing", by=cast.luis, at=NOON), ["sales"], by=cast.dora, at=NOON
    )


def told(kind: str) -> list[str]:
    rows = Message.objects.filter(kind=f"agreement.{kind}", channel="in_app", created_at__gte=NOON)
    return sorted(row.recipient.name for row in rows.select_related("recipient"))


# -- Writing


def test_agreement_has_one_draft_at_a_time(cast: Cast, draft: AgreementVersion) -> None:
    with pytest.raises(drafts.DraftOpen):
        drafts.renew(cast.agreement, by=cast.dora, at=NOON)


def test_next_draft_begins_with_all_that_the_version_says(cast: Cast) -> None:
    renewed = drafts.renew(cast.agreement, by=cast.dora, at=NOON)
    before, after = content.content_of(cast.agreement), content.content_of(renewed)
    assert {key for key in before if before[key] != after[key]} == {"number"}


def test_edit_changes_what_is_given_and_nothing_else(cast: Cast, draft: AgreementVersion) -> None:
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


def test_comment_is_told_to_the_leads_of_both_sides(cast: Cast, draft: AgreementVersion) -> None:
    comments.add(draft, "commitments", "Two hours are too long", by=cast.dora, at=NOON)
    assert told("comment") == ["Luis Ferrer"]


def test_empty_comment_is_refused_by_name(cast: Cast, draft: AgreementVersion) -> None:
    with pytest.raises(comments.EmptyComment) as error:
        comments.add(draft, "commitments", "  ", by=cast.dora, at=NOON)
    assert list(error.value.fields) == ["text"]


# -- Proposing


def changed(draft: AgreementVersion, cast: Cast, **terms: Any) -> AgreementVersion:
    return drafts.edit(draft, by=cast.luis, at=NOON, seen=draft.revision, **terms)


MARKETING = {"side": "marketing", "metric": "mql_volume", "target": "60"}


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"mql_definition": {"es": " ", "en": ""}}, "mql_definition"),
        ({"reasons": []}, "rejection_reasons"),
        ({"commitments": [ACCEPT]}, "commitments"),
        ({"commitments": [MARKETING]}, "commitments"),
        ({"commitments": [{**ACCEPT, "window_minutes": None}, MARKETING]}, "commitments"),
        ({"commitments": [{**ACCEPT, "target": "1.5"}, MARKETING]}, "commitments"),
        ({"commitments": [ACCEPT, ACCEPT, MARKETING]}, "commitments"),
        ({"commitments": [{**ACCEPT, "side": "marketing"}, MARKETING, ACCEPT]}, "commitments"),
        (
            {"commitments": [{**ACCEPT, "steps": [("warn", -121), ("breach", 0)]}, MARKETING]},
            "commitments",
        ),
        (
            {"commitments": [{**ACCEPT, "steps": [("breach", 0), ("breach", 0)]}, MARKETING]},
            "commitments",
        ),
        ({"capacity": 59}, "capacity"),
        ({"index_weights": {"accept": 60, "mql_volume": 30}}, "index_weights"),
        ({"starts_on": when("2026-02-01 00:00").date()}, "starts_on"),
        ({"renew_by": when("2026-02-02 00:00").date()}, "renew_by"),
    ],
)
def test_draft_that_lacks_something_cannot_be_proposed(
    cast: Cast, draft: AgreementVersion, terms: dict[str, Any], field: str
) -> None:
    version = changed(draft, cast, **terms)
    with pytest.raises(drafts.NotReady) as error:
        proposals.propose(version, by=cast.luis, at=NOON)
    assert list(error.value.fields) == [field]


def test_volume_up_to_the_capacity_can_be_proposed(cast: Cast, draft: AgreementVersion) -> None:
    version = proposals.propose(changed(draft, cast, capacity=60), by=cast.luis, at=NOON)
    assert version.state == "proposed"


def test_variant_for_a_source_is_no_second_promise(cast: Cast, draft: AgreementVersion) -> None:
    more = [*COMMITMENTS, {**ACCEPT, "window_minutes": 60, "conditions": {"sources": ["event"]}}]
    assert (
        proposals.propose(changed(draft, cast, commitments=more), by=cast.luis, at=NOON).state
        == "proposed"
    )


def test_proposing_asks_the_leads_of_both_sides(cast: Cast, draft: AgreementVersion) -> None:
    proposals.propose(draft, by=cast.luis, at=NOON)
    assert told("proposed") == ["Dora Salinas"]


def test_reopening_voids_the_signature(cast: Cast, draft: AgreementVersion) -> None:
    signing.sign(draft, "marketing", by=cast.luis, at=NOON)
    reopened = proposals.reopen(draft, by=cast.dora, at=LATER, why="One more thing")
    assert (reopened.state, reopened.content_hash, agreements.standing_signatures(reopened)) == (
        "draft",
        "",
        {},
    )


def test_side_signs_again_after_reopening(cast: Cast, draft: AgreementVersion) -> None:
    signing.sign(draft, "marketing", by=cast.luis, at=NOON)
    proposals.reopen(draft, by=cast.dora, at=LATER)
    signing.sign(draft, "sales", by=cast.dora, at=LATER)
    assert signing.sign(draft, "marketing", by=cast.luis, at=LATER).state == "signed"


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


# -- In force from a date


def test_version_comes_into_force_on_its_date(cast: Cast, draft: AgreementVersion) -> None:
    version = changed(draft, cast, starts_on=when("2026-02-10 00:00").date())
    signing.sign(version, "marketing", by=cast.luis, at=NOON)
    signing.sign_sides(version, ["sales"], by=cast.dora, at=NOON)
    midnight = when("2026-02-10 00:00")
    before = agreements.activate_due(at=midnight - timedelta(microseconds=1))
    assert (before, agreements.in_force(cast.sales).number) == (0, 1)
    assert (agreements.activate_due(at=midnight), agreements.in_force(cast.sales).number) == (1, 2)


def test_turning_twice_changes_nothing(cast: Cast, signed: AgreementVersion) -> None:
    assert agreements.activate_due(at=LATER) == 0


def test_what_was_in_force_stays_on_record(cast: Cast, signed: AgreementVersion) -> None:
    found = Validity.objects.order_by("id").values_list("version__number", "during")
    assert [(number, during.lower, during.upper) for number, during in found] == [
        (1, factories.SIGNED_AT, NOON),
        (2, NOON, None),
    ]


def test_second_agreement_for_the_same_team_is_refused(cast: Cast) -> None:
    terms: dict[str, Any] = {"marketing": cast.luis, "sales": cast.dora, "teams": [cast.sales]}
    factories.agreement(cast.calendar, **terms)
    with pytest.raises(agreements.ScopeTaken):
        factories.agreement(cast.calendar, **terms)


def test_overlap_in_one_scope_is_refused_by_the_database(
    cast: Cast, draft: AgreementVersion
) -> None:
    with (
        pytest.raises(IntegrityError, match="agreement_one_in_force_per_scope"),
        transaction.atomic(),
    ):
        Validity.objects.create(version=draft, team=None, during=(LATER, None))


def test_lead_of_a_team_outside_the_scope_may_not_sign(cast: Cast) -> None:
    version = factories.drafted(cast.calendar, by=cast.luis, teams=[cast.other_sales])
    with pytest.raises(signing.MayNotSign):
        signing.sign(version, "sales", by=cast.dora, at=NOON)


# -- No door opens a signed text


@pytest.fixture
def as_app(signed: AgreementVersion) -> Iterator[AgreementVersion]:
    """Plain SQL as the product's role."""
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE relevo_app")
        yield signed
        cursor.execute("RESET ROLE")


ATTACKS = [
    'UPDATE sla_agreementversion SET mql_definition = \'{"es": "x"}\' WHERE id = {pk}',
    "UPDATE sla_agreementversion SET text = '{{}}' WHERE id = {pk}",
    "UPDATE sla_agreementversion SET content_hash = repeat('0', 64) WHERE id = {pk}",
    "UPDATE sla_agreementversion SET state = 'draft' WHERE id = {pk}",
    "UPDATE sla_agreementversion SET rep_cap = 99 WHERE id = {pk}",
    "UPDATE sla_agreementversion SET pauses = '{{}}' WHERE id = {pk}",
    "UPDATE sla_agreementversion SET calendar_id = NULL WHERE id = {pk}",
    "UPDATE sla_agreementversion SET in_force_from = relevo_now() WHERE id = {pk}",
    "DELETE FROM sla_agreementversion WHERE id = {pk}",
    "UPDATE sla_commitment SET target = 0.1 WHERE version_id = {pk}",
    "DELETE FROM sla_commitment WHERE version_id = {pk} AND metric = 'acceptance_rate'",
    (
        "INSERT INTO sla_commitment (version_id, side, metric, target, conditions, position)"
        " VALUES ({pk}, 'sales', 'feedback', 1, '{{}}', 9)"
    ),
    (
        "UPDATE sla_ladderstep SET offset_minutes = offset_minutes + 1 WHERE offset_minutes > 0 AND"
        " commitment_id IN (SELECT id FROM sla_commitment WHERE version_id = {pk})"
    ),
    "DELETE FROM sla_agreementversion_rejection_reasons WHERE agreementversion_id = {pk}",
    (
        "INSERT INTO sla_agreementversion_personas (agreementversion_id, persona_id)"
        " VALUES ({pk}, (SELECT min(id) FROM personas_persona))"
    ),
    "UPDATE sla_openwindow SET closes = closes - 1",
    "DELETE FROM sla_openwindow",
    "UPDATE sla_calendar SET time_zone = 'UTC'",
    "UPDATE sla_agreement SET name = 'Otro'",
    (
        "INSERT INTO sla_agreement_teams (agreement_id, team_id) SELECT agreement_id, (SELECT"
        " min(id) FROM accounts_team) FROM sla_agreementversion WHERE id = {pk}"
    ),
    "UPDATE sla_signature SET content_hash = repeat('0', 64)",
    "DELETE FROM sla_signature",
    "DELETE FROM sla_validity",
    "UPDATE sla_validity SET during = tstzrange('2020-01-01', NULL)",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_signed_text_is_closed_to_the_products_role(as_app: AgreementVersion, attack: str) -> None:
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(attack.replace("{pk}", str(as_app.pk)).replace("{{}}", "{}"))


@pytest.mark.parametrize("attack", ATTACKS[:-4])
def test_signed_text_is_closed_to_the_owner_too(signed: AgreementVersion, attack: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(attack.replace("{pk}", str(signed.pk)).replace("{{}}", "{}"))


def test_attacks_reach_rows_that_a_draft_would_let_them_change(
    cast: Cast, draft: AgreementVersion
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE sla_commitment SET target = 0.1 WHERE version_id = %s AND target < 1",
            [draft.pk],
        )
        assert cursor.rowcount == 4


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


def test_blocking_follows_the_kind_unless_the_criterion_differs(
    cast: Cast, draft: AgreementVersion
) -> None:
    version = changed(
        draft, cast, sql_blocks=["means"], sql_terms={"decides": "blocks", "budget": "warns"}
    )
    asked = [
        ("means", "budget"),
        ("means", "other"),
        ("authority", "decides"),
        ("authority", "other"),
    ]
    assert [policies.is_blocking(version, *each) for each in asked] == [False, True, True, False]
