"""Which version of an agreement is in force, for whom, and since when."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from crm.audit.models import Entry
from crm.lib.errors import IllegalMove
from sla.agreements import agreements
from sla.models import AgreementVersion, Validity
from tests import factories
from tests.factories import Cast, when
from tests.sla.agreements.conftest import LATER, NOON, changed, sign


def test_activating_supersedes_the_version_before(cast: Cast, draft: AgreementVersion) -> None:
    agreements.activate(sign(draft, cast), by=cast.dora, at=NOON)
    found = cast.agreement.agreement.versions.order_by("number").values_list(
        "number", "state", "superseded_at"
    )
    assert list(found) == [(1, "superseded", NOON), (2, "in_force", None)]


def test_draft_cannot_come_into_force(cast: Cast, draft: AgreementVersion) -> None:
    with pytest.raises(IllegalMove):
        agreements.activate(draft, by=cast.dora, at=NOON)


def test_two_versions_in_force_are_refused_by_the_database(
    cast: Cast, draft: AgreementVersion
) -> None:
    sign(draft, cast)
    with pytest.raises(IntegrityError, match="agreement_one_in_force"), transaction.atomic():
        AgreementVersion.objects.filter(pk=draft.pk).update(state="in_force")


def test_each_step_is_audited(cast: Cast, draft: AgreementVersion) -> None:
    agreements.activate(sign(draft, cast), by=cast.dora, at=NOON)
    found = Entry.objects.filter(subject_type="agreementversion", subject_id=draft.pk).order_by(
        "id"
    )
    assert list(found.values_list("verb", "actor")) == [
        ("agreement_drafted", cast.luis.pk),
        ("agreement_proposed", cast.luis.pk),
        ("agreement_signed", cast.luis.pk),
        ("agreement_signed", cast.dora.pk),
        ("agreement_in_force", cast.dora.pk),
    ]


@pytest.fixture
def own(cast: Cast) -> AgreementVersion:
    """An agreement of the other sales team alone, older than the organisation's newest."""
    nora = factories.person("Nora Lago", leads=[cast.other_sales])
    return factories.agreement(
        cast.calendar, marketing=cast.luis, sales=nora, teams=[cast.other_sales]
    )


def test_a_teams_own_agreement_comes_before_the_organisations(
    cast: Cast, own: AgreementVersion
) -> None:
    assert agreements.in_force(cast.other_sales) == own


def test_agreement_of_another_team_does_not_bind(cast: Cast, own: AgreementVersion) -> None:
    assert agreements.in_force(cast.sales) == cast.agreement


@pytest.mark.django_db
def test_team_without_agreement_is_refused() -> None:
    with pytest.raises(agreements.NoAgreement):
        agreements.in_force(factories.team("Ventas", "sales"))


def test_signed_version_does_not_bind_before_it_is_in_force(
    cast: Cast, draft: AgreementVersion
) -> None:
    sign(draft, cast)
    assert agreements.in_force(cast.sales) == cast.agreement


def test_version_comes_into_force_on_its_date(cast: Cast, draft: AgreementVersion) -> None:
    version = changed(draft, cast, starts_on=when("2026-02-10 00:00").date())
    factories.sign(version, "marketing", by=cast.luis, at=NOON)
    factories.sign_sides(version, ["sales"], by=cast.dora, at=NOON)
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
