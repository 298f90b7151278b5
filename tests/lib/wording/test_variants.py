"""Words that differ between countries."""

from __future__ import annotations

import pytest
from django.utils import translation
from django.utils.translation import gettext, ngettext

from crm.lib.wording import variants

LEAD_AND_SLA = {"lead": "lead", "agreement": "SLA"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Todos los prospectos", "Todos los leads"),
        ("Prospecto nuevo; del prospecto", "Lead nuevo; del lead"),
        ("Acuerdo (ANS)", "Acuerdo (SLA)"),
        ("TRANSFORMANS prospectosa", "TRANSFORMANS prospectosa"),
    ],
)
def test_text_says_the_words_in_use(text: str, said: str) -> None:
    with variants.using(lambda: LEAD_AND_SLA):
        assert variants.apply(text) == said


def test_catalogue_says_the_words_in_use() -> None:
    with translation.override("es"):
        before = (
            gettext("All leads"),
            ngettext("{n} lead matches.", "{n} leads match.", 2),
            gettext("Agreement"),
        )
        with variants.using(lambda: LEAD_AND_SLA):
            after = gettext("All leads"), gettext("Agreement")
    assert (before[0], before[2], after) == (
        "Todos los prospectos",
        "Acuerdo (ANS)",
        ("Todos los leads", "Acuerdo (SLA)"),
    )


def test_english_stays_as_it_is() -> None:
    with translation.override("en"), variants.using(lambda: LEAD_AND_SLA):
        assert gettext("All leads") == "All leads"


def test_words_are_asked_for_once_and_only_if_something_is_said() -> None:
    asked: list[int] = []

    def source() -> dict[str, str]:
        asked.append(1)
        return LEAD_AND_SLA

    with variants.using(source):
        assert asked == []
        variants.apply("prospecto")
        variants.apply("prospecto")
    assert asked == [1]


@pytest.mark.parametrize(
    ("country", "words"),
    [
        ("MX", ("prospecto", "ANS")),
        ("CO", ("prospecto", "ANS")),
        ("", ("prospecto", "ANS")),
        ("ES", ("lead", "SLA")),
        ("AR", ("lead", "SLA")),
        ("PY", ("lead", "ANS")),
    ],
)
def test_country_has_its_usual_words(country: str, words: tuple[str, str]) -> None:
    assert tuple(variants.usual(country).values()) == words
