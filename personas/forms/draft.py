"""The form of a draft: the whole document of a persona, with its criteria.

The form shows and checks; personas.drafts decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.lib.bilingual import LANGUAGES
from crm.lib.numbers.typed import read_whole
from crm.lib.text import clean_line
from personas import criteria as rules
from personas.documents import LONGEST_ENTRY, LONGEST_WHO, SECTIONS, WHO
from personas.fields import NO_FIELD, Fields, operators
from personas.forms import draft_data
from personas.forms.criterion import CleanText, criterion_fields, operand
from personas.forms.draft_data import CRITERIA, DraftData, TypedCriterion
from personas.forms.personas import LANGUAGE
from personas.states import Operator

# Whole labels, one for each section: the singular of a heading cannot be made by a rule.
ENTRY: dict[str, str | Promise] = {
    "goals": gettext_lazy("Goal %(number)d"),
    "pains": gettext_lazy("Pain %(number)d"),
    "behaviours": gettext_lazy("Behaviour %(number)d"),
    "process": gettext_lazy("Step %(number)d"),
    "objections": gettext_lazy("Objection %(number)d"),
    "quotes": gettext_lazy("Quote %(number)d"),
}
CRITERION_PARTS = ("code", "kind", *LANGUAGES, "field", "operator", "operand", "weight")


@dataclass(frozen=True)
class DraftRow:
    """One entry or criterion on the page. ``number`` counts from 0.

    ``reads`` says how the machine reads a criterion.
    """

    key: str
    number: int
    fields: dict[str, forms.BoundField]
    title: str
    is_first: bool
    is_last: bool
    reads: str = ""

    @property
    def place(self) -> str:
        return f"{self.key}-{self.number}"

    @property
    def has_errors(self) -> bool:
        return any(field.errors for field in self.fields.values())


class DraftForm(forms.Form):
    """The whole document.

    With ``is_checked`` the typed values are validated, else they are only shown again.
    """

    def __init__(self, typed: DraftData, facts: Fields, *, is_checked: bool = False) -> None:
        self.typed = typed
        self.facts = facts
        values = draft_data.flat(typed)
        data = None
        if is_checked:
            data = _query(values)
        super().__init__(
            data=data,
            initial=values,
            use_required_attribute=False,
        )
        self._add_texts()
        for number, row in enumerate(typed.criteria):
            controls = criterion_fields(row, facts)
            for part, field in controls.items():
                self.fields[f"{CRITERIA}-{number}-{part}"] = field

    def _add_texts(self) -> None:
        """Add the fields of the description and of all sections, one per language."""
        for language in LANGUAGES:
            text = _("Who · %(language)s")
            label = text % {"language": LANGUAGE[language]}
            self._add_text(f"{WHO}-{language}", label, LONGEST_WHO, rows=6, lang=language)
        for key in SECTIONS:
            count = len(self.typed.sections[key])
            for number in range(count):
                self._add_entry(key, number)

    def _add_entry(self, key: str, number: int) -> None:
        """Add the fields of one entry of a section, one per language."""
        # The page labels a control by its language alone, because its row has a heading; the
        # summary of errors lists the controls of all rows by this label.
        entry = ENTRY[key] % {"number": number + 1}
        for language in LANGUAGES:
            name = f"{key}-{number}-{language}"
            label = f"{entry} · {LANGUAGE[language]}"
            self._add_text(name, label, LONGEST_ENTRY, rows=2, lang=language)

    def _add_text(self, name: str, label: str, longest: int, *, rows: int, lang: str) -> None:
        # The language of the typed text, for the browser's spelling and for screen readers.
        widget = forms.Textarea(attrs={"rows": rows, "lang": lang})
        self.fields[name] = CleanText(
            label=label,
            required=False,
            max_length=longest,
            widget=widget,
        )

    def clean(self) -> dict[str, Any]:
        """Check each criterion against its field, by the same rules that the domain applies."""
        data = super().clean() or {}
        for number, criterion in enumerate(self.criteria):
            problems = rules.problems(criterion, self.facts)
            for part, text in problems.items():
                self._add_problem(number, part, text)
        return data

    def _add_problem(self, number: int, part: str, text: str) -> None:
        """Show the problem of one part of a criterion at its control."""
        # The sentence has one control per language; either one may be filled.
        if part == "text":
            part = "es"
        name = f"{CRITERIA}-{number}-{part}"
        # add_error() raises ValueError for a field that the form lacks, such as the operand of an
        # operator that takes none; the unknown operator is an error by itself.
        if name in self.fields and name not in self.errors:
            self.add_error(name, text)

    @property
    def criteria(self) -> list[dict[str, Any]]:
        """Return the criteria as personas.drafts.edit takes them."""
        return [self._criterion(row) for row in self.typed.criteria]

    def _criterion(self, row: TypedCriterion) -> dict[str, Any]:
        texts = {}
        for language in LANGUAGES:
            text = clean_line(row[language])
            if text:
                texts[language] = text
        # No points are an error by the rules, with the message that names the range.
        points = 0
        with suppress(ValueError):
            points = read_whole(row["weight"])
        rule = operand(row, self.facts)
        return {
            "code": row["code"],
            "kind": row["kind"],
            "weight": points,
            "text": texts,
            **rule,
        }

    @property
    def who(self) -> list[forms.BoundField]:
        names = [f"{WHO}-{language}" for language in LANGUAGES]
        return [self[name] for name in names]

    def sections(self) -> Iterator[tuple[str, str | Promise, list[DraftRow]]]:
        """Yield key, heading and entries of every list of the document."""
        for key, label in SECTIONS.items():
            count = len(self.typed.sections[key])
            entries = [self._row(key, number, LANGUAGES) for number in range(count)]
            yield key, label, entries

    def rules(self) -> list[DraftRow]:
        """Return the criteria as rows."""
        count = len(self.typed.criteria)
        return [self._row(CRITERIA, number, CRITERION_PARTS) for number in range(count)]

    def _row(self, key: str, number: int, parts: tuple[str, ...]) -> DraftRow:
        fields = {}
        for part in parts:
            name = f"{key}-{number}-{part}"
            # A criterion has no operand while its operator takes none.
            if name in self.fields:
                fields[part] = self[name]
        title = ENTRY.get(key) or gettext_lazy("Criterion %(number)d")
        reads = ""
        if key == CRITERIA:
            reads = self.reads(number)
        last = len(self.typed.rows(key)) - 1
        return DraftRow(
            key,
            number,
            fields,
            title=str(title % {"number": number + 1}),
            is_first=number == 0,
            is_last=number == last,
            reads=reads,
        )

    def reads(self, number: int) -> str:
        """Return how the machine reads a criterion as it stands, finished or not."""
        row = self.typed.criteria[number]
        code = row["field"]
        operator = row["operator"]
        has_field = code or operator == Operator.SAID
        if operator not in Operator.values or not has_field:
            return _("Not yet a question that a machine can answer.")
        field = self.facts.get(code, NO_FIELD)
        if operator not in operators(field):
            return rules.does_not_fit(field, operator)
        try:
            known = rules.operand_of(field, operator, row["operand"])
        except rules.Unfit:
            return _("Not yet a question that a machine can answer.")
        return rules.reads(row["kind"], code, operator, known, self.facts)


def _query(values: Mapping[str, Any]) -> QueryDict:
    """Return the values as a form would have posted them."""
    query = QueryDict(mutable=True)
    for name, value in values.items():
        if isinstance(value, list):
            query.setlist(name, value)
        else:
            query[name] = value
    return query
