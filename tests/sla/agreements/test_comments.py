"""Comments on an agreement."""

from __future__ import annotations

import pytest

from sla.agreements import comments
from sla.models import AgreementVersion
from tests.factories import Cast
from tests.sla.agreements.conftest import NOON, notified


def test_comment_notifies_the_leads_of_both_sides(cast: Cast, draft: AgreementVersion) -> None:
    comments.add(draft, "commitments", "Two hours are too long", by=cast.dora, at=NOON)
    assert notified("comment") == ["Luis Ferrer"]


def test_empty_comment_is_refused_by_name(cast: Cast, draft: AgreementVersion) -> None:
    with pytest.raises(comments.EmptyComment) as error:
        comments.add(draft, "commitments", "  ", by=cast.dora, at=NOON)
    assert list(error.value.fields) == ["text"]
