"""Text in Spanish and in English."""

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation

from crm.lib.bilingual import in_language, validate_bilingual

BOTH = {"es": "Pidió una demo", "en": "Asked for a demo"}


@pytest.mark.parametrize(
    ("language", "text"), [("es", "Pidió una demo"), ("en", "Asked for a demo")]
)
def test_text_in_the_language_asked_for(language: str, text: str) -> None:
    assert in_language(BOTH, language) == text


def test_text_in_the_active_language() -> None:
    with translation.override("en-us"):
        assert in_language(BOTH) == "Asked for a demo"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"en": "Demo"}, "Demo"),
        ({"es": "Demo", "en": ""}, "Demo"),
        ("Plain", "Plain"),
        (None, ""),
        ({}, ""),
    ],
)
def test_text_that_is_missing_falls_back(value: dict[str, str] | str | None, text: str) -> None:
    assert in_language(value, "en") == text


@pytest.mark.parametrize(
    "value",
    [{}, {"es": "  "}, {"fr": "Démo"}, {"es": "Demo", "fr": "Démo"}, "Demo", None, {"es": 7}],
)
def test_text_without_any_language_is_refused(value: object) -> None:
    with pytest.raises(ValidationError):
        validate_bilingual(value)


@pytest.mark.parametrize("value", [BOTH, {"es": "Demo"}, {"es": "", "en": "Demo"}])
def test_text_in_one_language_is_enough(value: object) -> None:
    validate_bilingual(value)
