"""The arbiter over the API: a dispute upheld and denied, and a lead that was rejected too often."""

from __future__ import annotations

from typing import Any

import pytest

from leads import handoffs
from leads.models import Handoff, Lead
from tests import factories
from tests.conftest import Moment
from tests.factories import Cast, when
from tests.leads.returns.rows import reason_to_close, reason_to_recycle


@pytest.mark.parametrize(
    ("step", "case", "returned"), [("uphold", "upheld", "overturned"), ("deny", "denied", "open")]
)
def test_dispute_is_decided_by_the_arbiter(
    cast: Cast, moment: Moment, caller: Any, step: str, case: str, returned: str
) -> None:
    moment.set("2026-03-02 12:00")
    handoff, ana, elsa = factories.rejected(cast), caller(cast.ana), caller(cast.elsa)
    path = f"handoffs/{handoff.pk}/"
    opened = ana.post(f"{path}dispute/", {"comment": "Sí cumple"})[1]["case"]
    assert (opened["kind"], opened["state"], opened["why"], opened["opened_by"]["name"]) == (
        "contested",
        "open",
        "Sí cumple",
        "Ana Robles",
    )
    assert opened["clock"]["metric"] == "dispute"
    assert ana.post(f"{path}{step}/", {"comment": "No"})[0] == 403
    status, problem = elsa.post(f"{path}{step}/", {})
    assert (status, list(problem["fields"])) == (422, ["comment"])
    shown = elsa.post(f"{path}{step}/", {"comment": "Por el acta"})[1]
    assert (shown["return"]["state"], shown["case"]["state"], shown["case"]["comment"]) == (
        returned,
        case,
        "Por el acta",
    )
    assert shown["case"]["decided_by"] == {"id": cast.elsa.pk, "name": "Elsa Duarte"}
    lead = ana.get(f"leads/{handoff.lead_id}/")[1]
    assert lead["standing_rejections"] == (0 if step == "uphold" else 1)
    assert elsa.post(f"{path}{step}/", {"comment": "Otra vez"})[0] == 409


@pytest.mark.parametrize(
    ("step", "body", "case"),
    [
        ("once-more", {"comment": "Una vez más"}, "again"),
        ("end-case", {"reason": "not_a_customer"}, "closed"),
        ("park-case", {"reason": "not_now", "wake_on": "2026-03-20"}, "recycled"),
    ],
)
def test_arbiter_decides_on_what_was_rejected_too_often(
    cast: Cast, moment: Moment, caller: Any, step: str, body: dict[str, Any], case: str
) -> None:
    moment.set("2026-03-02 12:30")
    reason_to_close()
    reason_to_recycle()
    noon = when("2026-03-02 12:00")
    first = factories.rejected(cast)
    again = factories.handed_off(cast, of=Lead.objects.get(pk=first.lead_id), at=noon)
    handoffs.reject(again, factories.rejection("not_the_persona"), by=cast.cruz, at=noon)
    path, ana, elsa = f"handoffs/{again.pk}/", caller(cast.ana), caller(cast.elsa)
    shown = ana.get(path)[1]
    assert (shown["return"]["state"], shown["case"]["kind"]) == ("disputed", "repeated")
    assert ana.get(f"leads/{first.lead_id}/")[1]["standing_rejections"] == 2
    assert ana.post(f"{path}close/", {"reason": "not_a_customer"})[0] == 409
    assert ana.post(f"{path}{step}/", body)[0] == 403
    status, shown = elsa.post(f"{path}{step}/", body)
    assert (status, shown["case"]["state"]) == (200, case)
    assert Handoff.objects.filter(lead=first.lead_id).count() == (3 if case == "again" else 2)
