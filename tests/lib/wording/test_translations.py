"""Spanish and English are equal: every text of the product stands in the catalogue, whole, and in
the glossary's words.

The glossary is that of the domain. A sentence that rightly says a term in another way is named in
FREE, with why.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import polib
import pytest

from tests.sources import APPS, ROOT, name_of, python_files, templates, tree

CATALOGUE = ROOT / "crm" / "locale" / "es" / "LC_MESSAGES" / "django.po"
Key = tuple[str | None, str, str]  # context, text, plural

# English term -> what the Spanish has to say where the English says it.
GLOSSARY = {
    r"team leads?|lead of (a team|each side)|teams? that you lead": (
        r"líder(es)? de equipo|lidera el equipo|equipos? que lideras"
    ),
    r"leads?": r"prospectos?",
    r"valuable actions?": r"acci(ón|ones) de valor",
    r"MQLs?": r"MQL",
    r"SQLs?": r"SQL",
    r"evidence": r"evidencia",
    r"persona": r"buyer persona",
    r"agreement|SLA": r"acuerdo|ANS",
    r"commitments?": r"compromisos?",
    r"handoffs?": r"traspasos?",
    r"hand(ed|s)?\b.*\boff": r"trasp[aá]s\w+",
    r"package": r"paquetes?",
    r"queue": r"cola",
    r"accept(ed|ance)?": r"acept\w+",
    r"reject(ed|s)?": r"rechaz\w+",
    r"disqualif(y|ied)": r"descart\w+",
    r"withdr(aw|awn|ew)": r"retir\w+",
    r"returns?": r"devoluci(ón|ones)",
    r"returned": r"devuelto",
    r"overdue": r"vencid[oa]s?",
    r"due": r"vencen?",
    r"clocks?": r"relo(j|jes)",
    r"first seen": r"primera vez",
    r"opportunity": r"oportunidad",
    r"won|wins?": r"ganad[oa]s?",
    r"lost": r"perdid[oa]s?",
    r"means": r"medios",
    r"authority": r"autoridad",
    r"business (hours?|minutes?|time)": r"labora(l|les)",
    r"cycle": r"ciclo",
    r"stages?": r"etapas?",
    r"sources?": r"fuentes?",
    r"notices?": r"avisos?",
    r"snoozed?": r"posp\w+",
    r"requeued?": r"dev\w+ a la cola",
}
# Sentences that rightly say a term in another way, with why.
FREE = {
    "Only a lead of its sales team or a director may assign it.": "the lead of a team is no lead",
    "“%(cell)s”: a spreadsheet dropped digits, which are lost: left empty": "digits are lost",
    "Only a lead of a team of this side may sign for it.": "the lead of a team is no lead",
    "“%(cell)s” is neither won nor lost: translate it under “values”": (
        "values of a file, the same in every language"
    ),
    "Clocks keep running and notices keep coming; you will find everything when you return.": (
        "a person returns"
    ),
    "All sources": "a choice of the field that is called source, and narrow on a phone",
}
# Second words for a thing that has one, and words of other countries.
FORBIDDEN = (
    (
        r"leads?|handoffs?|SLA|owner|queue|personas? compradoras?|cliente(s)?"
        r" potencial(es)?|contactos? comercial(es)?"
    ),
    r"descalific\w+|caduc\w+|expir\w+|aplaz\w+|convenios?|contratos?|atrasad\w+|probanzas?|pipeline",
    (
        r"(horas|minutos) hábiles|tiempo"
        r" hábil|vosotros|vuestr\w+|usted(es)?|\w+(áis|éis)|ordenador|móvil|fichero"
    ),
    r"vendedor(a|as|es)?|comercial(es)? asignad[oa]s?|festivos?|ferias? laborales|añad\w+",
    r"(ambos|cada|ese|este|un|otro|los dos) lados?|las dos partes|regres\w+",
    r"borr(a|an|ar|ad[oa]s?|é|ó)|reaplic\w+|vigentes?|sustituid[oa]s?|ajustes",
    r"siguiente versión|mismos números|panel de alineación|juzg\w+|hacen? un (SQL|MQL)",
)
# Quotation marks are “ ” in both languages.
OTHER_QUOTES = re.compile('[«»„‟‹›"’‘]')
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|(?<!%)\{\w*\}|</?\w+[^>]*>")
ENDING = re.compile(r"(\.|:|…)?\s*$")
CALLS = {
    "_",
    "gettext",
    "gettext_lazy",
    "gettext_noop",
    "ngettext",
    "ngettext_lazy",
    "pgettext",
    "pgettext_lazy",
}
# Names and keys that are the same in every language.
SAME = {"Relevo", "CSV", "Ctrl", "Shift", "MQL", "SQL", "WhatsApp", "Enter", "Esc"}


@pytest.fixture(scope="module")
def entries() -> list[polib.POEntry]:
    return list(polib.pofile(str(CATALOGUE)))


def key(entry: polib.POEntry) -> Key:
    return entry.msgctxt or None, entry.msgid, entry.msgid_plural or ""


def forms(entry: polib.POEntry) -> list[str]:
    """The Spanish texts: one, or singular and plural."""
    return (
        [entry.msgstr_plural[n] for n in sorted(entry.msgstr_plural)]
        if entry.msgid_plural
        else [entry.msgstr]
    )


def pairs(entries: list[polib.POEntry]) -> Iterator[tuple[str, str]]:
    """English and Spanish, plurals with plurals."""
    for entry in entries:
        yield entry.msgid, forms(entry)[0]
        if entry.msgid_plural:
            yield entry.msgid_plural, forms(entry)[1]


def says(pattern: str, text: str) -> bool:
    """Whether ``text`` has the words of ``pattern``, outside of placeholders and tags."""
    return bool(
        re.search(rf"(?<![\w-])({pattern})(?![\w-])", PLACEHOLDER.sub("·", text), re.IGNORECASE)
    )


# -- The catalogue


def test_catalogue_has_every_text_translated_and_none_in_doubt(entries):
    assert [e.msgid for e in entries if e.obsolete or e.fuzzy or not all(forms(e))] == []


def test_catalogue_has_two_forms_of_a_plural(entries):
    assert polib.pofile(str(CATALOGUE)).metadata["Plural-Forms"] == "nplurals=2; plural=(n != 1);"
    assert [e.msgid for e in entries if e.msgid_plural and len(forms(e)) != 2] == []


def test_compiled_catalogue_equals_its_source(entries):
    compiled = polib.mofile(str(CATALOGUE.with_suffix(".mo")))
    assert {key(e): forms(e) for e in compiled} == {key(e): forms(e) for e in entries}


def test_placeholders_and_tags_are_those_of_the_english_text(entries):
    of = lambda text: sorted(PLACEHOLDER.findall(text))  # noqa: E731
    assert [(en, es) for en, es in pairs(entries) if of(en) != of(es)] == []


def test_sentences_end_alike(entries):
    ending = lambda text: ENDING.search(text)[0]  # noqa: E731
    assert [(en, es) for en, es in pairs(entries) if ending(en) != ending(es)] == []
    assert [
        (en, es) for en, es in pairs(entries) if re.match(r"\s*", en)[0] != re.match(r"\s*", es)[0]
    ] == []


def test_questions_and_exclamations_open_too(entries):
    assert [
        es
        for _en, es in pairs(entries)
        if es.count("¿") != es.count("?") or es.count("¡") != es.count("!")
    ] == []


# -- The glossary


def test_each_term_has_its_one_word(entries):
    found = []
    for english, spanish in pairs(entries):
        rest = english
        for term, word in GLOSSARY.items():
            if says(term, rest) and not says(word, spanish) and english not in FREE:
                found.append((term, english, spanish))
            if "team" in term:  # the lead of a team is no lead
                rest = re.sub(rf"(?i)\b({term})\b", "·", rest)
    assert found == []


@pytest.mark.parametrize("words", FORBIDDEN)
def test_no_second_word_for_a_thing(words, entries):
    assert [spanish for _english, spanish in pairs(entries) if says(words, spanish)] == []


def test_one_kind_of_quotation_marks(entries):
    found = [
        text
        for pair in pairs(entries)
        for text in pair
        if OTHER_QUOTES.search(PLACEHOLDER.sub("", text))
    ]
    assert found == []


# -- Every text of the code is in the catalogue


def collected(folder: Path) -> set[Key]:
    """What makemessages finds, in a copy of the product, so that the catalogue here stays
    as it is.
    """
    for name in (*APPS, "templates"):
        shutil.copytree(
            ROOT / name,
            folder / name,
            ignore=shutil.ignore_patterns("static", "__pycache__", "*.po", "*.mo"),
        )
    shutil.copy(ROOT / "manage.py", folder)
    (folder / "crm" / "locale").mkdir(exist_ok=True)
    env = {**os.environ, "RELEVO_MODE": "test", "PYTHONPATH": str(folder)}
    command = [sys.executable, "manage.py", "makemessages", "--locale", "es", "--no-wrap"]
    command += ["--extension", "html,txt,py,jinja"]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {key(entry) for entry in polib.pofile(str(folder / CATALOGUE.relative_to(ROOT)))}


def test_every_text_of_the_product_is_in_the_catalogue(entries, tmp_path):
    if shutil.which("xgettext") is None or shutil.which("msgmerge") is None:
        assert os.environ.get("CI") != "true", "CI needs gettext (apt-get install gettext)"
        pytest.skip("gettext is not installed, so the texts of the templates cannot be collected")
    found = collected(tmp_path)
    here = {key(entry) for entry in entries}
    assert (sorted(map(str, found - here)), sorted(map(str, here - found))) == ([], [])


def literal(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def test_every_literal_text_of_python_is_in_the_catalogue(entries):
    """Without gettext as well, and inside f-strings, where xgettext does not look."""
    here = {(entry.msgctxt or None, entry.msgid) for entry in entries}
    lacking = []
    for path in python_files():
        for node in ast.walk(tree(path)):
            if not (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in CALLS
            ):
                continue
            context = literal(node.args[0]) if node.func.id.startswith("pgettext") else None
            text = literal(node.args[1 if context else 0])
            if (context, text) not in here:
                lacking.append((name_of(path), node.lineno, text))
    assert lacking == []


def shown(path: Path) -> str:
    """A template without tags of the engine, comments and scripts: what stands there in plain
    words.
    """
    text = path.read_text(encoding="utf-8")
    text = re.sub(r"\{%\s*(blocktranslate|comment).*?\{%\s*end\1\s*%\}", " ", text, flags=re.DOTALL)
    return re.sub(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", " ", text, flags=re.DOTALL)


LETTERS = sorted((ROOT / "templates").rglob("*.txt"))


@pytest.mark.parametrize("path", [*templates(), *LETTERS], ids=name_of)
def test_template_has_no_words_of_its_own(path):
    text = shown(path)
    words = re.sub(r"<!--.*?-->|<style>.*?</style>|<[^>]*>", " ", text, flags=re.DOTALL)
    spoken = re.findall(
        r'\b(?:title|text|label|sub|words|alt|placeholder|aria-label|back_label)="([^"]*)"', text
    )
    assert [
        word for word in re.findall(r"[^\W\d_]{2,}", " ".join([words, *spoken])) if word not in SAME
    ] == []
