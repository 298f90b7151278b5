"""Leaves over the API: taken with a delegate, listed, ended."""

from __future__ import annotations

from typing import Any

import pytest

from crm.accounts.models import Leave, User
from tests.conftest import Moment
from tests.factories import Cast

DAYS = {"first_on": "2026-03-03", "last_on": "2026-03-06"}


def named(person: User) -> dict[str, Any]:
    return {"id": person.pk, "name": person.name}


def test_leave_names_its_delegate_and_ends(
    cast: Cast,
    moment: Moment,
    caller: Any,
) -> None:
    bea, cruz = caller(cast.bea), caller(cast.cruz)
    body = {**DAYS, "delegate": cast.cruz.pk}
    status, leave = bea.post("leaves/", body, Idempotency_Key="a")
    assert (status, leave) == (
        201,
        {"id": leave["id"], "person": named(cast.bea), **DAYS, "delegate": named(cast.cruz)},
    )
    assert bea.post("leaves/", body, Idempotency_Key="a")[1] == leave
    assert bea.get("leaves/") == (200, {"own": [leave], "covered": []})
    assert cruz.get("leaves/") == (200, {"own": [], "covered": [leave]})
    assert cruz.post(f"leaves/{leave['id']}/end/")[0] == 404
    assert bea.post(f"leaves/{leave['id']}/end/") == (200, {"own": [], "covered": []})
    assert Leave.objects.count() == 0


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"first_on": "2026-03-03"}, "last_on"),
        ({"first_on": "2026-03-06", "last_on": "2026-03-03"}, "last_on"),
        ({"first_on": "2026-02-03", "last_on": "2026-02-06"}, "last_on"),
        ({**DAYS, "delegate": "ana"}, "delegate"),
        ({**DAYS, "delegate": 10**30}, "delegate"),
        ({**DAYS, "days": 4}, "days"),
    ],
)
def test_wrong_leave_names_the_field(
    cast: Cast,
    moment: Moment,
    caller: Any,
    body: dict[str, Any],
    field: str,
) -> None:
    status, problem = caller(cast.bea).post("leaves/", body)
    assert (status, list(problem["fields"])) == (422, [field])


def test_delegate_is_of_the_same_team_and_a_key_needs_the_scope(
    cast: Cast,
    moment: Moment,
    caller: Any,
) -> None:
    status, problem = caller(cast.bea).post("leaves/", {**DAYS, "delegate": cast.ana.pk})
    assert (status, list(problem["fields"])) == (422, ["delegate"])
    assert caller(cast.bea, "read", "handoffs:write").post("leaves/", DAYS)[0] == 403
