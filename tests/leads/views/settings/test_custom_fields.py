"""Pages of custom fields: choices in both languages, and what is refused."""

from __future__ import annotations

import pytest

from leads.models import CustomField

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast(new_organisation):
    return new_organisation


def choices(*pairs: tuple[str, str]) -> dict[str, str]:
    return {
        f"choice-{n}-{each}": text
        for n, pair in enumerate(pairs)
        for each, text in zip(("es", "en"), pair, strict=True)
    }


def test_field_with_choices_is_asked_for_in_both_languages(cast, signed_in):
    sent = {
        "es": "Tamaño",
        "en": "Size",
        "type": "choice",
        **choices(("Pequeña", "Small"), ("Grande", "Large")),
    }
    assert signed_in(cast.root).post("/personas/fields/", sent).status_code == 302
    custom = CustomField.objects.get(code="size")
    page = signed_in(cast.ana).get("/leads/new/").content.decode()
    assert custom.options == [
        {"value": "Pequeña", "es": "Pequeña", "en": "Small"},
        {"value": "Grande", "es": "Grande", "en": "Large"},
    ]
    assert '<option value="Grande">Grande</option>' in page


def test_words_of_a_choice_change_and_its_value_stays(cast, signed_in):
    client = signed_in(cast.luis)
    client.post(
        "/personas/fields/",
        {"es": "Tamaño", "type": "choice", **choices(("Chica", ""), ("Grande", ""))},
    )
    custom = CustomField.objects.get(code="tamano")
    client.post(
        f"/personas/fields/{custom.pk}/",
        {"es": "Tamaño", **choices(("Pequeña", "Small"), ("Grande", "Large"))},
    )
    assert CustomField.objects.get(pk=custom.pk).options[0] == {
        "value": "Chica",
        "es": "Pequeña",
        "en": "Small",
    }


@pytest.mark.parametrize(
    ("sent", "named"),
    [
        ({"type": "text"}, ["es"]),
        ({"es": "X", "type": "mood"}, ["type"]),
        ({"es": "X", "type": "choice", **choices(("Una", ""))}, ["choice-0-es"]),
        ({"es": "X", "type": "choice", **choices(("Una", ""), ("UNA", ""))}, ["choice-0-es"]),
    ],
)
def test_field_that_cannot_be_filled_in_is_refused_by_name(cast, signed_in, sent, named):
    page = signed_in(cast.root).post("/personas/fields/", sent)
    assert (page.status_code, list(page.context["form"].errors)) == (422, named)
