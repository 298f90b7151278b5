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
from typing import Any

import polib
import pytest
from django.utils import translation

from crm.notifications import views
from crm.notifications.models import Notice
from tests.sources import APPS, ROOT, name_of, python_files, templates, tree

CATALOGUE = ROOT / "crm" / "locale" / "es" / "LC_MESSAGES" / "django.po"
Key = tuple[str | None, str, str]  # context, text, plural

# English term -> what the Spanish has to say where the English says it.
GLOSSARY = {
    r"team leads?|lead of (a team|each side)": r"líder de equipo|lidera el equipo",
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
)
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
SAME = {"Relevo", "CSV", "Ctrl", "MQL", "SQL", "WhatsApp", "Enter", "Esc"}


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


# -- Notices

SAMPLE = {
    "lead": "Mariana Peña",
    "company": "Grupo Andino",
    "team": "Ventas México",
    "by": "Bea Quintero",
    "owner": "",
    "metric": "accept",
    "reason": {"es": "Precio", "en": "Price"},
    "amount": "9000",
    "due_at": "2026-11-23T20:42:00Z",
}
SAMPLE |= {
    "agreement": "Acuerdo Norte",
    "number": 3,
    "said": "Una hora",
    "why": "",
    "state": "proposed",
    "days": 7,
}
SIGNED_BY_SALES, A_DRAFT, ONE_DAY = {"side": "sales"}, {"state": "draft"}, {"days": 1}
OWNED, CONTACT, DECISION = (
    {"owner": "Bea Quintero"},
    {"metric": "first_contact"},
    {"metric": "sql_decision"},
)
PERSONA = {"persona": {"es": "Dueña", "en": "Owner"}, "number": 2}
NOTICES: list[tuple[str, dict[str, Any], str, str]] = [
    (
        "agreement.comment",
        {},
        "Bea Quintero commented on Acuerdo Norte, version 3: Una hora",
        "Bea Quintero comentó el acuerdo Acuerdo Norte, versión 3: Una hora",
    ),
    (
        "agreement.in_force",
        {},
        "Now in force: Acuerdo Norte, version 3",
        "Ya está en vigor: Acuerdo Norte, versión 3",
    ),
    (
        "agreement.proposed",
        {},
        "Bea Quintero asks for your signature: Acuerdo Norte, version 3",
        "Bea Quintero pide tu firma: Acuerdo Norte, versión 3",
    ),
    (
        "agreement.renewal",
        {},
        "In 7 days both sides look at the agreement again: Acuerdo Norte, version 3",
        "En 7 días las dos partes revisan el acuerdo: Acuerdo Norte, versión 3",
    ),
    (
        "agreement.renewal",
        ONE_DAY,
        "In 1 day both sides look at the agreement again: Acuerdo Norte, version 3",
        "En 1 día las dos partes revisan el acuerdo: Acuerdo Norte, versión 3",
    ),
    (
        "agreement.renewal",
        {"days": 0},
        (
            "It is time to look at the agreement again, and no next version is signed: Acuerdo"
            " Norte, version 3"
        ),
        (
            "Es hora de revisar el acuerdo y no hay una próxima versión firmada: Acuerdo Norte,"
            " versión 3"
        ),
    ),
    (
        "agreement.reopened",
        {"why": "Falta algo"},
        (
            "Bea Quintero made it a draft again; signatures are void: Acuerdo Norte, version 3 ·"
            " Falta algo"
        ),
        (
            "Bea Quintero lo volvió a borrador; las firmas quedan sin efecto: Acuerdo Norte,"
            " versión 3 · Falta algo"
        ),
    ),
    (
        "agreement.signed",
        {"side": "marketing"},
        "Bea Quintero signed for marketing: Acuerdo Norte, version 3",
        "Bea Quintero firmó por marketing: Acuerdo Norte, versión 3",
    ),
    (
        "agreement.signed",
        SIGNED_BY_SALES,
        "Bea Quintero signed for sales: Acuerdo Norte, version 3",
        "Bea Quintero firmó por ventas: Acuerdo Norte, versión 3",
    ),
    (
        "agreement.unsigned",
        {},
        "Waits for a signature since 7 days: Acuerdo Norte, version 3",
        "Espera una firma desde hace 7 días: Acuerdo Norte, versión 3",
    ),
    (
        "agreement.unsigned",
        A_DRAFT,
        "A draft since 7 days: Acuerdo Norte, version 3. Finish it and sign, or discard it.",
        (
            "Borrador desde hace 7 días: Acuerdo Norte, versión 3. Termínenlo y fírmenlo, o"
            " deséchenlo."
        ),
    ),
    (
        "handoff.accepted",
        {},
        "Bea Quintero accepted Mariana Peña",
        "Bea Quintero aceptó a Mariana Peña",
    ),
    (
        "handoff.breached",
        {},
        "Overdue: nobody in Ventas México accepted or rejected Mariana Peña",
        "Vencido: nadie de Ventas México aceptó ni rechazó a Mariana Peña",
    ),
    (
        "handoff.breached",
        CONTACT,
        "Overdue: Mariana Peña was not contacted in time",
        "Vencido: no se contactó a tiempo a Mariana Peña",
    ),
    (
        "handoff.breached",
        DECISION,
        "Overdue: no SQL decision on Mariana Peña",
        "Vencido: sin decisión de SQL sobre Mariana Peña",
    ),
    (
        "handoff.disqualified",
        {},
        "Bea Quintero disqualified Mariana Peña: Price",
        "Bea Quintero descartó a Mariana Peña: Precio",
    ),
    (
        "handoff.escalated_director",
        {},
        "Ventas México is still overdue with Mariana Peña: nobody took it",
        "Sigue vencido en Ventas México: nadie tomó a Mariana Peña",
    ),
    (
        "handoff.escalated_director",
        OWNED,
        "Ventas México is still overdue with Mariana Peña, owner Bea Quintero",
        "Sigue vencido en Ventas México: Mariana Peña, responsable Bea Quintero",
    ),
    (
        "handoff.escalated_lead",
        {},
        "Your team is overdue with Mariana Peña, nobody took it: please step in",
        "Vencido en tu equipo: nadie tomó a Mariana Peña. Hace falta que intervengas",
    ),
    (
        "handoff.escalated_lead",
        OWNED,
        "Your team is overdue with Mariana Peña, owner Bea Quintero: please step in",
        "Vencido en tu equipo: Mariana Peña, responsable Bea Quintero. Hace falta que intervengas",
    ),
    (
        "handoff.lost",
        {},
        "Bea Quintero closed Mariana Peña as lost: Price",
        "Bea Quintero cerró Mariana Peña como perdido: Precio",
    ),
    (
        "handoff.new",
        {},
        "New in the queue of Ventas México: Mariana Peña (Grupo Andino)",
        "Nuevo en la cola de Ventas México: Mariana Peña (Grupo Andino)",
    ),
    (
        "handoff.reapplied",
        {},
        "Bea Quintero brought your open leads to the agreement in force: some deadlines have moved",
        (
            "Bea Quintero trajo tus prospectos abiertos al acuerdo en vigor: algunos vencimientos"
            " se movieron"
        ),
    ),
    (
        "handoff.resumed",
        CONTACT,
        "The pause is over: the clock of the first contact with Mariana Peña runs again",
        "Terminó la pausa: el reloj del primer contacto con Mariana Peña corre de nuevo",
    ),
    (
        "handoff.resumed",
        DECISION,
        "The pause is over: the clock of the SQL decision on Mariana Peña runs again",
        "Terminó la pausa: el reloj de la decisión de SQL sobre Mariana Peña corre de nuevo",
    ),
    (
        "handoff.reassigned",
        {},
        "Bea Quintero gave you Mariana Peña (Grupo Andino)",
        "Bea Quintero te pasó a Mariana Peña (Grupo Andino)",
    ),
    (
        "handoff.rejected",
        {},
        "Bea Quintero rejected Mariana Peña: Price",
        "Bea Quintero rechazó a Mariana Peña: Precio",
    ),
    (
        "handoff.requeued",
        {},
        "Back at the head of the queue of Ventas México: Mariana Peña",
        "De vuelta al frente de la cola de Ventas México: Mariana Peña",
    ),
    (
        "handoff.sql",
        {},
        "Mariana Peña is an SQL, says Bea Quintero",
        "Mariana Peña es SQL, según Bea Quintero",
    ),
    (
        "handoff.taken_over",
        OWNED,
        "Mariana Peña is now with Bea Quintero (Grupo Andino)",
        "Mariana Peña está ahora con Bea Quintero (Grupo Andino)",
    ),
    (
        "handoff.warning",
        {},
        "Time is running out to accept or reject Mariana Peña",
        "Queda poco tiempo para aceptar o rechazar a Mariana Peña",
    ),
    (
        "handoff.warning",
        CONTACT,
        "Time is running out for the first contact with Mariana Peña",
        "Queda poco tiempo para el primer contacto con Mariana Peña",
    ),
    (
        "handoff.warning",
        DECISION,
        "Time is running out for the SQL decision on Mariana Peña",
        "Queda poco tiempo para la decisión de SQL sobre Mariana Peña",
    ),
    (
        "handoff.won",
        {},
        "Bea Quintero won Mariana Peña",
        "Bea Quintero cerró Mariana Peña como ganado",
    ),
    (
        "persona.published",
        PERSONA,
        "Bea Quintero published version 2 of the persona “Owner”",
        "Bea Quintero publicó la versión 2 de la buyer persona “Dueña”",
    ),
    ("unknown", {}, "New about a lead: unknown", "Novedad sobre un prospecto: unknown"),
]


@pytest.mark.parametrize(("kind", "params", "english", "spanish"), NOTICES)
def test_notice_speaks_both_languages(kind, params, english, spanish):
    notice = Notice(kind=kind, params={**SAMPLE, **params})
    found = {}
    for language in ("en", "es"):
        with translation.override(language):
            found[language] = views.words(notice)
    assert found == {"en": english, "es": spanish}


def test_every_kind_of_notice_has_its_sentence():
    written = {path.stem for path in (ROOT / "templates" / "notices").glob("*.html")}
    assert {kind for kind, *_rest in NOTICES} == written
    sent = {
        node.value
        for path in python_files()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Constant)
        and re.fullmatch(r"handoff\.\w+|persona\.published", str(node.value))
    }
    sent |= {f"agreement.{kind}" for kind in told_of_agreements()}
    # lost and disqualified are named by the state
    assert sent | {"handoff.lost", "handoff.disqualified", "unknown"} == written


def told_of_agreements() -> set[str]:
    """The kinds that sla.agreements.agreements.notify is called with."""
    calls = [
        node
        for path in python_files()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
    ]
    tells = [
        call
        for call in calls
        if ast.unparse(call.func) in ("notify", "agreements.notify") and call.args
    ]
    first = [call.args[0] for call in tells if isinstance(call.args[0], ast.Constant)]
    return {str(each.value) for each in first if "." not in str(each.value)}
