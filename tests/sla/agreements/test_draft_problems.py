"""What a draft lacks before it can be signed."""

from __future__ import annotations

from typing import Any

import pytest

from sla.agreements import drafts, proposals
from sla.models import AgreementVersion
from tests.factories import Cast, when
from tests.sla.agreements.conftest import NOON, changed
from tests.terms import ACCEPT, COMMITMENTS

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
