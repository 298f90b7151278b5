"""The catalogue of valuable actions: who edits it, what it refuses, and that nothing is ever
deleted.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models import ProtectedError

from crm.audit.models import Entry
from leads import handoffs
from leads.models import Handoff, ValuableActionKind
from tests import factories

pytestmark = pytest.mark.django_db
CODES = [
    "asked_for_demo",
    "asked_for_information",
    "sent_form",
    "left_contact_data",
    "attended_webinar",
]


@pytest.fixture
def cast(new_organisation):
    return new_organisation


def codes() -> list[str]:
    return list(ValuableActionKind.objects.filter(archived_at=None).values_list("code", flat=True))


def kind(code: str = "sent_form") -> ValuableActionKind:
    return ValuableActionKind.objects.get(code=code)


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("luis", 200),
        ("dora", 200),
        ("root", 200),
        ("ana", 403),
        ("bea", 403),
        ("elsa", 403),
        ("extra", 403),
    ],
)
def test_leads_of_teams_and_admins_edit_it(
    name: str, status: int, cast: Any, signed_in: Any
) -> None:
    client, pk = signed_in(getattr(cast, name)), kind().pk
    paths = ("/actions/", "/actions/new/", f"/actions/{pk}/")
    assert [client.get(path).status_code for path in paths] == [status] * 3
    moved = client.post(f"/actions/{pk}/up/").status_code
    assert moved == (302 if status == 200 else 403)


def test_new_kind_stands_last_with_a_code_of_its_name(cast: Any, signed_in: Any) -> None:
    said = {"name_es": "Vino a la feria", "name_en": "Came to the fair", "points": "35"}
    assert signed_in(cast.luis).post("/actions/new/", said)["Location"] == "/actions/"
    made = ValuableActionKind.objects.get(code="came_to_the_fair")
    assert (made.name, made.points) == ({"es": "Vino a la feria", "en": "Came to the fair"}, 35)
    assert codes() == [*CODES, "came_to_the_fair"]


def test_two_of_a_name_have_two_codes(cast: Any, signed_in: Any) -> None:
    client = signed_in(cast.dora)
    for _each in range(2):
        client.post("/actions/new/", {"name_es": "Llamó", "points": "10"})
    assert codes() == [*CODES, "llamo", "llamo_2"]


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({"name_es": "", "name_en": " ", "points": "20"}, "name_es"),
        ({"name_es": "Llamó", "points": "101"}, "points"),
        ({"name_es": "Llamó", "points": "-1"}, "points"),
        ({"name_es": "Llamó", "points": "many"}, "points"),
        ({"name_es": "x" * 81, "points": "20"}, "name_es"),
    ],
)
def test_what_is_wrong_comes_back_with_the_field(
    said: dict[str, str], wrong: str, cast: Any, signed_in: Any
) -> None:
    for path in ("/actions/new/", f"/actions/{kind().pk}/"):
        answer = signed_in(cast.root).post(path, said)
        assert (answer.status_code, list(answer.context["form"].errors)) == (422, [wrong])
    assert codes() == CODES


def test_change_is_audited_and_leaves_handoffs_as_they_were(cast: Any, signed_in: Any) -> None:
    handoff = factories.handed_off(cast)
    said = {"name_es": "Pidió demo", "name_en": "Demo", "points": "90"}
    signed_in(cast.luis).post(f"/actions/{kind('asked_for_demo').pk}/", said)
    assert kind("asked_for_demo").points == 90
    assert Handoff.objects.get(pk=handoff.pk).engagement_score == 40
    entry = Entry.objects.get(verb="action_kind_changed")
    assert (entry.actor, entry.payload["old"]["points"], entry.payload["new"]["points"]) == (
        cast.luis,
        40,
        90,
    )


def test_saving_without_a_change_writes_nothing(cast: Any, signed_in: Any) -> None:
    said = {"name_es": "Pidió una demo", "name_en": "Asked for a demo", "points": "40"}
    signed_in(cast.luis).post(f"/actions/{kind('asked_for_demo').pk}/", said)
    assert not Entry.objects.filter(verb="action_kind_changed").exists()


def test_order_is_changed_by_one_place(cast: Any, signed_in: Any) -> None:
    client = signed_in(cast.luis)
    client.post(f"/actions/{kind('sent_form').pk}/up/")
    assert codes()[1:3] == ["sent_form", "asked_for_information"]
    client.post(f"/actions/{kind('asked_for_demo').pk}/up/")
    client.post(f"/actions/{kind('attended_webinar').pk}/down/")
    assert (codes()[0], codes()[-1]) == ("asked_for_demo", "attended_webinar")


def test_archived_kind_is_not_offered_and_still_counts(cast: Any, signed_in: Any) -> None:
    client, made = signed_in(cast.luis), factories.lead(cast)
    client.post(f"/actions/{kind('asked_for_demo').pk}/archive/")
    assert "asked_for_demo" not in codes()
    offered = signed_in(cast.ana).get("/leads/new/").context["form"].fields["first_action"].queryset
    assert kind("asked_for_demo") not in offered
    assert (
        handoffs.qualify(made, cast.persona, by=cast.ana, at=factories.HANDED_OFF_AT).stage == "mql"
    )
    client.post(f"/actions/{kind('asked_for_demo').pk}/restore/")
    assert codes() == CODES


def test_kind_that_was_used_cannot_be_deleted(cast: Any) -> None:
    factories.lead(cast)
    with pytest.raises(ProtectedError):
        kind("asked_for_demo").delete()
