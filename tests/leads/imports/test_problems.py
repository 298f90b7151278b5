"""Problems are put into words when they are read, in the language of the reader."""

from __future__ import annotations

import json
from datetime import date

import pytest
from django.utils import translation

from leads.imports.problems import Problem, joined
from leads.imports.problems import deferred as _

CELL = _("the spreadsheet shows the error %(cell)s") % {"cell": "#N/A"}
NESTED = _("the database refuses the row: %(reason)s") % {"reason": _("Not given")}
SHOWN = {
    "es": "la hoja de cálculo muestra el error #N/A",
    "en": "the spreadsheet shows the error #N/A",
}
LABELS = {"person.country": "País"}


def stored(problem: Problem) -> Problem:
    return Problem.from_json(json.loads(json.dumps(problem.to_json())))


@pytest.mark.parametrize(
    ("problem", "es", "en"),
    [
        (Problem(CELL), SHOWN["es"], SHOWN["en"]),
        (
            Problem(CELL, field="person.country", column="Land", position=3),
            f"País (Land): {SHOWN['es']}",
            f"País (Land): {SHOWN['en']}",
        ),
        (Problem(CELL, field="x"), f"x: {SHOWN['es']}", f"x: {SHOWN['en']}"),
        (
            Problem(NESTED),
            "la base de datos no admite la fila: Sin indicar",
            "the database refuses the row: Not given",
        ),
        (
            Problem(_("longer than %(most)d characters") % {"most": 160}),
            "más de 160 caracteres",
            "longer than 160 characters",
        ),
    ],
)
def test_problem_reads_in_each_language_also_when_it_was_stored(
    problem: Problem, es: str, en: str
) -> None:
    for each in (problem, stored(problem)):
        for language, wanted in (("es", es), ("en", en)):
            with translation.override(language):
                assert each.text(lambda code: LABELS.get(code, code)) == wanted


def test_values_that_json_does_not_know_become_text() -> None:
    problem = Problem(_("%(cell)s has not come yet") % {"cell": date(2026, 3, 4)})
    with translation.override("en"):
        assert stored(problem).text(str) == "2026-03-04 has not come yet"


def test_problems_of_a_row_are_one_line() -> None:
    with translation.override("en"):
        text = joined([Problem(CELL, field="a"), Problem(CELL, field="b")], str)
    assert text == f"a: {SHOWN['en']}; b: {SHOWN['en']}"
