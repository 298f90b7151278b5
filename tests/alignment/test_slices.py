"""A number and the list behind it are the same rows, whichever way they are asked."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.alignment.numbers.slices import SLICES, count, rows
from tests.alignment.made import fill_march, scope
from tests.factories import Cast

pytestmark = pytest.mark.django_db


def test_count_is_that_of_the_rows_and_joins_no_leads(cast: Cast) -> None:
    fill_march(cast)
    found = {name: count(scope(), name) for name in SLICES}
    assert found == {name: rows(scope(), name).count() for name in SLICES}
    assert found["handed"] > 0
    with CaptureQueriesContext(connection) as captured:
        count(scope(), "handed")
    assert "JOIN" not in captured[0]["sql"]
