"""Signing an agreement: one signature per side."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from sla.agreements import content, signing
from sla.models import AgreementVersion
from tests import factories
from tests.factories import Cast
from tests.sla.agreements.conftest import NOON, sign


def test_one_signature_closes_the_text_and_waits_for_the_other(
    cast: Cast, draft: AgreementVersion
) -> None:
    signed = factories.sign(draft, "marketing", by=cast.luis, at=NOON)
    assert (signed.state, signed.content_hash) == ("proposed", content.content_hash(draft))


def test_second_signature_closes_the_text(cast: Cast, draft: AgreementVersion) -> None:
    signed = sign(draft, cast)
    assert (signed.state, signed.content_hash) == ("signed", content.content_hash(draft))


def test_signatures_say_who_when_and_over_what(cast: Cast, draft: AgreementVersion) -> None:
    sign(draft, cast)
    found = list(draft.signatures.order_by("id").values_list("side", "actor", "at", "content_hash"))
    digest = content.content_hash(draft)
    assert found == [
        ("marketing", cast.luis.pk, NOON, digest),
        ("sales", cast.dora.pk, NOON, digest),
    ]


@pytest.mark.parametrize("name", ["ana", "bea", "dora", "elsa", "root", "extra"])
def test_only_a_lead_of_marketing_signs_for_marketing(
    cast: Cast, draft: AgreementVersion, name: str
) -> None:
    with pytest.raises(signing.MayNotSign):
        factories.sign(draft, "marketing", by=getattr(cast, name), at=NOON)
    assert draft.signatures.count() == 0


def test_text_cannot_change_between_the_signatures(cast: Cast, draft: AgreementVersion) -> None:
    factories.sign(draft, "marketing", by=cast.luis, at=NOON)
    with pytest.raises(IntegrityError, match="closed"), transaction.atomic():
        draft.commitments.filter(metric="accept").update(window_minutes=60)


def test_side_signs_once(cast: Cast, draft: AgreementVersion) -> None:
    factories.sign(draft, "marketing", by=cast.luis, at=NOON)
    with pytest.raises(signing.AlreadySigned):
        factories.sign(draft, "marketing", by=cast.luis, at=NOON)


def test_lead_of_a_team_outside_the_scope_may_not_sign(cast: Cast) -> None:
    version = factories.drafted(cast.calendar, by=cast.luis, teams=[cast.other_sales])
    with pytest.raises(signing.MayNotSign):
        factories.sign(version, "sales", by=cast.dora, at=NOON)
