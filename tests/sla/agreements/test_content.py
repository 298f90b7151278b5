"""The text of an agreement and its hash; signed text is closed, whatever the door."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from sla.agreements import content
from sla.models import AgreementVersion, LadderStep
from tests import factories
from tests.factories import Cast


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


@pytest.mark.parametrize(
    "change",
    [
        lambda v: v.commitments.filter(metric="accept").update(target="0.95"),
        lambda v: v.commitments.filter(metric="accept").update(conditions={"sources": ["event"]}),
        lambda v: LadderStep.objects.filter(commitment__version=v, kind="requeue").update(
            offset_minutes=61
        ),
        lambda v: AgreementVersion.objects.filter(pk=v.pk).update(sql_blocks=[]),
        lambda v: AgreementVersion.objects.filter(pk=v.pk).update(package_fields=["person.name"]),
        lambda v: v.rejection_reasons.remove(v.rejection_reasons.first()),
    ],
)
def test_hash_changes_with_the_text(draft: AgreementVersion, change: Any) -> None:
    before = content.content_hash(draft)
    change(draft)
    assert content.content_hash(AgreementVersion.objects.get(pk=draft.pk)) != before


def test_hash_changes_with_the_hours(cast: Cast) -> None:
    version = factories.drafted(factories.office("Nueva"), by=cast.luis)
    before = content.content_hash(version)
    version.calendar.windows.filter(weekday=4).update(closes=900)
    assert content.content_hash(AgreementVersion.objects.get(pk=version.pk)) != before


def test_hash_is_the_same_when_read_again(draft: AgreementVersion) -> None:
    assert content.content_hash(draft) == content.content_hash(
        AgreementVersion.objects.get(pk=draft.pk)
    )
