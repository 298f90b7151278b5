"""The catalogue of reasons to reject: never deleted once an agreement had one."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from crm.lib.catalogue import BadName
from sla.agreements import rejection_reasons
from sla.models import RejectionReason
from tests import factories
from tests.factories import Cast, when

AT = when("2026-02-02 12:00")
NAME = {"es": "Sin zona", "en": "Out of area"}


def order() -> list[str]:
    return list(RejectionReason.objects.values_list("code", flat=True))


def test_reason_is_created_at_its_place(cast: Cast) -> None:
    rejection_reasons.create(NAME, "procedural", by=cast.luis, at=AT, position=1)
    assert order() == ["wrong_team", "out_of_area", "bad_contact_data", "not_the_persona"]


def test_second_reason_of_the_same_name_gets_another_code(cast: Cast) -> None:
    rejection_reasons.create(NAME, "procedural", by=cast.luis, at=AT)
    assert rejection_reasons.create(NAME, "clerical", by=cast.luis, at=AT).code == "out_of_area_2"


@pytest.mark.parametrize("language", ["es", "en"])
def test_reason_is_written_in_both_languages(cast: Cast, language: str) -> None:
    with pytest.raises(BadName) as error:
        rejection_reasons.create({**NAME, language: " "}, "procedural", by=cast.luis, at=AT)
    assert list(error.value.fields) == [f"name_{language}"]


def test_change_moves_and_renames(cast: Cast) -> None:
    changed = rejection_reasons.change(
        factories.rejection("wrong_team"), by=cast.luis, at=AT, name=NAME, position=2
    )
    assert (changed.name, order()) == (NAME, ["bad_contact_data", "not_the_persona", "wrong_team"])


def test_class_of_a_used_reason_stays(cast: Cast) -> None:
    with pytest.raises(rejection_reasons.ReasonIsUsed) as error:
        rejection_reasons.change(
            factories.rejection("wrong_team"), by=cast.luis, at=AT, kind="clerical"
        )
    assert list(error.value.fields) == ["kind"]


def test_used_reason_is_not_deleted(cast: Cast) -> None:
    with pytest.raises(rejection_reasons.ReasonIsUsed):
        rejection_reasons.delete(factories.rejection("wrong_team"), by=cast.luis, at=AT)


def test_used_reason_is_not_deleted_by_sql_either(cast: Cast) -> None:
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM sla_rejectionreason WHERE code = 'wrong_team'")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_reason_of_a_mere_draft_is_used_too(cast: Cast) -> None:
    fresh = rejection_reasons.create(NAME, "procedural", by=cast.luis, at=AT)
    factories.drafted(cast.calendar, by=cast.luis, at=AT)
    assert rejection_reasons.is_used(fresh)


def test_unused_reason_is_deleted(cast: Cast) -> None:
    fresh = rejection_reasons.create(NAME, "procedural", by=cast.luis, at=AT)
    rejection_reasons.delete(fresh, by=cast.luis, at=AT)
    assert "out_of_area" not in order()


def test_archived_reason_can_be_used_again(cast: Cast) -> None:
    reason = factories.rejection("wrong_team")
    rejection_reasons.archive(reason, by=cast.luis, at=AT)
    assert reason.archived_at == AT
    rejection_reasons.restore(reason, by=cast.luis, at=AT)
    assert reason.archived_at is None
