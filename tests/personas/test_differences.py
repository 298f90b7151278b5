"""What changed between two versions, in the reader's language and by name."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import translation

from leads.records import custom_fields
from personas import differences, personas
from personas.differences import Difference
from tests.factories import Cast, when
from tests.terms import BUDGET, ROLE, SIZE

NOON = when("2026-03-02 12:00")
TEXT = {
    "who": {"es": "Dirige ventas en Chile", "en": "Leads sales in Chile"},
    "goals": [{"es": "Crecer", "en": "Grow"}],
}


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


def changed(cast: Cast, content: Any = TEXT, criteria: Any = (SIZE, ROLE)) -> Difference:
    """From TEXT with size and role to what is given."""
    persona = cast.persona.persona
    older = personas.publish_version(persona, TEXT, [SIZE, ROLE], by=None, at=NOON)
    newer = personas.publish_version(persona, content, criteria, by=None, at=NOON)
    return differences.between(older, newer, custom_fields.criterion_fields())


def marked(parts: Any) -> list[tuple[str, str]]:
    return [(part.op, part.text) for part in parts if part.op != "same"]


def test_nothing_changed_is_empty(cast: Cast) -> None:
    assert changed(cast).is_empty is True


def test_words_of_a_sentence_are_told(cast: Cast) -> None:
    found = changed(
        cast, {**TEXT, "who": {"es": "Dirige ventas en Perú", "en": "Leads sales in Peru"}}
    )
    assert [text.key for text in found.texts] == ["who"]
    assert marked(found.texts[0].lines[0].parts) == [("gone", "Chile"), ("new", "Peru")]


def test_entries_added_and_removed_are_told(cast: Cast) -> None:
    found = changed(cast, {**TEXT, "goals": [{"es": "Vender"}], "quotes": [{"es": "¡Ya!"}]})
    told = [(text.key, [(line.op, line.text) for line in text.lines]) for text in found.texts]
    assert told == [("goals", [("new", "Vender"), ("gone", "Grow")]), ("quotes", [("new", "¡Ya!")])]


def test_change_in_the_other_language_alone_is_told_as_such(cast: Cast) -> None:
    found = changed(cast, {**TEXT, "goals": [{"es": "Crecer mucho", "en": "Grow"}]})
    assert [(text.key, text.elsewhere) for text in found.texts] == [("goals", True)]
    assert differences.other_language() == "Only the Spanish wording changed"


def test_criterion_that_changed_says_what_changed(cast: Cast) -> None:
    other = {**SIZE, "kind": "disqualifier", "operand": 50, "weight": 30}
    found = changed(cast, criteria=[other, ROLE]).criteria
    assert [(change.op, change.kind) for change in found] == [("changed", "disqualifier")]
    assert found[0].notes == ["Kind: Fit → Disqualifier", "Points: 1 → 30"]
    assert marked(found[0].reads) == [
        ("gone", "Fits"),
        ("new", "Ruled out"),
        ("gone", "20"),
        ("new", "50"),
    ]


def test_criteria_added_and_removed_are_told(cast: Cast) -> None:
    found = changed(cast, criteria=[SIZE, BUDGET]).criteria
    told = [(change.op, change.parts[0].text) for change in found]
    assert told == [("new", "Has a budget"), ("gone", "Works in sales or management")]


def test_criteria_in_another_order_are_told_as_moved(cast: Cast) -> None:
    found = changed(cast, criteria=[ROLE, SIZE]).criteria
    assert [(change.op, change.notes) for change in found] == [
        ("moved", ["Stands in another place"])
    ]


def test_missing_translations_are_named(cast: Cast) -> None:
    content = {
        "who": {"es": "Dirige"},
        "goals": [{"es": "Crecer", "en": "Grow"}],
        "pains": [{"es": "Pierde"}],
    }
    version = personas.publish_version(
        cast.persona.persona, content, [{**SIZE, "text": {"es": "x"}}], by=None, at=NOON
    )
    assert differences.missing(version) == ["Who", "Pains", "Criteria"]
