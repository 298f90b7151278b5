"""The JSON of answers: equal to what DRF's own renderer writes."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import pytest
from django.utils.translation import gettext_lazy
from rest_framework.exceptions import ErrorDetail
from rest_framework.renderers import JSONRenderer
from rest_framework.utils.serializer_helpers import ReturnDict

from crm.api.bodies import FastJson
from leads.states import Stage

PLUS_TWO = timezone(timedelta(hours=2))


@pytest.mark.parametrize(
    "data",
    [
        {"a": 1, "b": [True, None, 1.5], "c": {"ñ": "café \u2028 \x07"}},
        {"moment": datetime(2026, 3, 2, 9, 30, 15, 123456, tzinfo=UTC)},
        {"moment": datetime(2026, 3, 2, 9, 30, tzinfo=PLUS_TWO), "day": date(2026, 3, 2)},
        {"amount": Decimal("10.50"), "id": UUID(int=5), "span": timedelta(seconds=90)},
        {"text": gettext_lazy("Stage"), "stage": Stage.MQL, 7: "number as key"},
        {"errors": [ErrorDetail("No.", code="invalid")], "pair": (1, 2)},
        ReturnDict({"huge": 10**30}, serializer=None),
        [],
        None,
    ],
)
def test_json_is_that_of_the_framework(data: object) -> None:
    fast, plain = FastJson().render(data), JSONRenderer().render(data)
    assert bool(fast) == bool(plain)
    assert not plain or json.loads(fast) == json.loads(plain)


def test_json_is_indented_on_request() -> None:
    accepted = "application/json; indent=2"
    assert FastJson().render({"a": 1}, accepted) == b'{\n  "a": 1\n}'


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(TypeError):
        FastJson().render({"a": object()})
