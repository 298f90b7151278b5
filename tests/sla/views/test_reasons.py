"""The pages of both catalogues of reasons: to reject a lead and to pause a clock."""

from __future__ import annotations

import pytest

from sla.models import PauseReason, RejectionReason
from tests.factories import Cast
from tests.sla.conftest import Browser

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("moment")]
NAME = {"name_es": "Cierra su año", "name_en": "Closes the books", "position": "1"}
REJECT = {**NAME, "kind": "procedural"}
PAUSE = {**NAME, "longest": "5"}
BOTH = pytest.mark.parametrize(
    ("path", "model", "fields"),
    [("/agreement/reasons/", RejectionReason, REJECT), ("/agreement/pauses/", PauseReason, PAUSE)],
)
Model = type[RejectionReason] | type[PauseReason]


@BOTH
def test_reason_is_added_first_and_taken_away(
    cast: Cast, browser: Browser, path: str, model: Model, fields: dict[str, str]
) -> None:
    luis = browser(cast.luis)
    assert luis.post(path, fields).status_code == 302
    added = model.objects.first()
    assert (added.code, added.position) == ("closes_the_books", 0)
    assert "In no agreement yet" in luis.get(path).content.decode()
    luis.post(f"{path}{added.pk}/delete/")
    assert not model.objects.filter(pk=added.pk).exists()


@BOTH
def test_missing_language_comes_back_with_what_was_typed(
    cast: Cast, browser: Browser, path: str, model: Model, fields: dict[str, str]
) -> None:
    answer = browser(cast.luis).post(path, {**fields, "name_en": " "})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["name_en"])
    assert "Cierra su año" in answer.content.decode()


@BOTH
def test_reason_is_changed_archived_and_used_again(
    cast: Cast, browser: Browser, path: str, model: Model, fields: dict[str, str]
) -> None:
    dora, reason = browser(cast.dora), model.objects.order_by("position").last()
    kind = {"kind": reason.kind} if isinstance(reason, RejectionReason) else {}
    assert dora.post(f"{path}{reason.pk}/", {**fields, **kind}).status_code == 302
    reason.refresh_from_db()
    assert (reason.name["en"], reason.position) == ("Closes the books", 0)
    dora.post(f"{path}{reason.pk}/archive/")
    reason.refresh_from_db()
    assert reason.archived_at is not None
    dora.post(f"{path}{reason.pk}/restore/")
    reason.refresh_from_db()
    assert reason.archived_at is None


@BOTH
def test_reason_that_an_agreement_names_is_not_deleted(
    cast: Cast, browser: Browser, path: str, model: Model, fields: dict[str, str]
) -> None:
    reason = model.objects.first()
    assert browser(cast.luis).post(f"{path}{reason.pk}/delete/").status_code == 409
    assert model.objects.filter(pk=reason.pk).exists()


@BOTH
def test_only_leads_and_admins_write(
    cast: Cast, browser: Browser, path: str, model: Model, fields: dict[str, str]
) -> None:
    bea, count = browser(cast.bea), model.objects.count()
    address = f"{path}{model.objects.first().pk}/"
    answers = [
        bea.post(path, fields),
        bea.post(address, fields),
        *(bea.post(f"{address}{act}/") for act in ACTS),
    ]
    assert {answer.status_code for answer in answers} == {403}
    assert (model.objects.count(), model.objects.filter(archived_at=None).count()) == (count, count)


ACTS = ("archive", "restore", "delete")


@pytest.mark.parametrize("days", ["", "0", "31", "soon"])
def test_cap_is_a_number_of_days_up_to_the_most(cast: Cast, browser: Browser, days: str) -> None:
    answer = browser(cast.luis).post("/agreement/pauses/", {**PAUSE, "longest": days})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["longest"])
