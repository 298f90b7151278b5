"""Words that differ between countries."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from django.utils import formats
from django.utils.translation import gettext, ngettext

from crm.lib.wording import variants
from tests.sources import ROOT

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


def test_catalogue_has_the_words_in_use() -> None:
    with variants.override("es"):
        assert (gettext("All leads"), gettext("Agreement")) == (
            "Todos los prospectos",
            "Acuerdo (ANS)",
        )
    with variants.using(lambda: LEAD_AND_SLA), variants.override("es"):
        texts = (
            gettext("All leads"),
            ngettext("%(n)s lead matches.", "%(n)s leads match.", 2),
            gettext("Agreement"),
        )
    assert texts == ("Todos los leads", "%(n)s leads coinciden.", "Acuerdo (SLA)")


def test_texts_without_the_words_are_those_of_the_spanish_catalogue() -> None:
    with variants.using(lambda: LEAD_AND_SLA), variants.override("es"):
        assert gettext("Preferences saved.") == "Preferencias guardadas."
        assert formats.get_format("DECIMAL_SEPARATOR") == ","


def test_english_stays_as_it_is() -> None:
    with variants.using(lambda: LEAD_AND_SLA), variants.override("en"):
        assert gettext("All leads") == "All leads"


def test_words_are_asked_for_once_and_only_in_spanish() -> None:
    asked: list[int] = []

    def source() -> dict[str, str]:
        asked.append(1)
        return LEAD_AND_SLA

    with variants.using(source):
        assert variants.language("en") == "en"
        assert asked == []
        assert variants.language("es") == "es-x-lead-sla"
        assert variants.language("es") == "es-x-lead-sla"
    assert asked == [1]


def test_compiled_variants_are_those_of_todays_catalogue(tmp_path: Path) -> None:
    """`make messages` compiles them; a catalogue that changed without them fails here."""
    locale = ROOT / "crm" / "locale"
    shutil.copytree(locale / "es", tmp_path / "es")
    variants.compile_catalogues(tmp_path)
    compiled = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("es_*/**/*.mo"))
    assert len(compiled) == 3
    for path in compiled:
        assert (locale / path).read_bytes() == (tmp_path / path).read_bytes(), str(path)


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
