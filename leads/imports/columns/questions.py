"""Questions to answer before a file can be read: as few as possible."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from crm.lib.files import dates
from crm.lib.number_formats import day_words
from crm.lib.numbers import typed
from leads.imports import parsers
from leads.imports.columns.facts import EXAMPLES, MOST_COUNTRIES, Facts
from leads.imports.columns.targets import COMPANY_COUNTRY, COUNTRY, FIRST_SEEN
from leads.models import CustomField, ImportRun


@dataclass
class OpenQuestions:
    """What the chosen columns leave open, with cells as examples.

    ``dates`` may have the day or the month first, ``numbers`` a point or a comma before decimals;
    ``countries`` are texts that name no country.
    """

    dates: list[str] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)
    countries: list[str] = field(default_factory=list)

    def date_choices(self) -> Iterator[tuple[bool, str]]:
        """Yield the two ways to read the first example, in the words of the reader."""
        for month_first in (False, True):
            example = self.dates[0]
            value = dates.read(example, month_first=month_first)
            if value is not None:
                values = {"cell": example, "date": day_words(value)}
                yield month_first, _("“%(cell)s” is %(date)s") % values

    def number_choices(self) -> list[tuple[str, str]]:
        """Return the two ways to read the first example."""
        example = self.numbers[0]
        readings = typed.readings(parsers.without_currency(example))
        choices = []
        for sign, value in readings.items():
            values = {"cell": example, "number": f"{value.normalize():f}", "sign": sign}
            text = _("“%(cell)s” is %(number)s (decimals behind “%(sign)s”)")
            choices.append((sign, text % values))
        return choices


def of_columns(
    run: ImportRun, columns: Sequence[str], customs: Sequence[CustomField]
) -> OpenQuestions:
    """Return what ``columns``, the targets of the columns of ``run``, leave open."""
    types = {f"attributes.{custom.code}": custom.type for custom in customs}
    questions = OpenQuestions()
    for code, stored in zip(columns, run.facts, strict=False):
        facts = Facts(**stored)
        if _is_date(code, types):
            questions.dates.extend(facts.open_dates)
        elif types.get(code) == CustomField.Type.NUMBER:
            questions.numbers.extend(facts.open_numbers)
        elif code in (COUNTRY, COMPANY_COUNTRY):
            questions.countries.extend(facts.unknown_countries)
    questions.dates = questions.dates[:EXAMPLES]
    questions.numbers = questions.numbers[:EXAMPLES]
    # The person and the company may have the same text: asked for once.
    questions.countries = list(dict.fromkeys(questions.countries))[:MOST_COUNTRIES]
    return questions


def _is_date(code: str, types: dict[str, str]) -> bool:
    if code == FIRST_SEEN or code.startswith("stage."):
        return True
    return types.get(code) == CustomField.Type.DATE
