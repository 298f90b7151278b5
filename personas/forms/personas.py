"""What people type about personas and the fields that criteria ask for.

Forms check; the noun modules decide.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.lib.bilingual import LANGUAGES, in_language
from crm.lib.forms import Line
from crm.lib.text import clean_line, clean_text
from crm.setup.starter.persona_templates import TEMPLATES
from leads.models import CustomField
from leads.records.custom_fields import LONGEST
from personas import criteria as rules
from personas.documents import LONGEST_ENTRY, LONGEST_WHO, SECTIONS, WHO
from personas.fields import NOBODY_KNOWS, Field, Fields, operators
from personas.forms import draft_data as documents
from personas.forms.draft_data import CRITERIA, Typed
from personas.personas import LONGEST_NAME
from personas.states import WITH_SEVERAL, WITHOUT_OPERAND, CriterionKind, FieldType, Operator

LANGUAGE = {"es": gettext_lazy("Spanish"), "en": gettext_lazy("English")}
FEW = 12  # choices that are still boxes to tick; more become a list
SENTENCE = 300
ASKS = {"data-asks": "yes"}  # another choice here needs other controls beside it
GROUPS = {
    "person": gettext_lazy("The person"),
    "company": gettext_lazy("The company"),
    "lead": gettext_lazy("The lead"),
    "attributes": gettext_lazy("Custom fields"),
}
ENTRY: dict[str, str | Promise] = {
    "goals": gettext_lazy("Goal %(number)d"),
    "pains": gettext_lazy("Pain %(number)d"),
    "behaviours": gettext_lazy("Behaviour %(number)d"),
    "process": gettext_lazy("Step %(number)d"),
    "objections": gettext_lazy("Objection %(number)d"),
    "quotes": gettext_lazy("Quote %(number)d"),
}


class NameForm(forms.Form):
    """The name of a persona in both languages."""

    es = Line(label=gettext_lazy("Name in Spanish"), max_length=LONGEST_NAME, required=False)
    en = Line(label=gettext_lazy("Name in English"), max_length=LONGEST_NAME, required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not (self.errors or data.get("es") or data.get("en")):
            self.add_error("es", _("Give a name in at least one language."))
        return data

    @property
    def name(self) -> dict[str, str]:
        return {
            language: self.cleaned_data[language]
            for language in LANGUAGES
            if self.cleaned_data[language]
        }


class NewForm(NameForm):
    """A new persona: its name, and what it begins with. An example brings its own name."""

    template = forms.ChoiceField(label=gettext_lazy("Begin with"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name = _("Example: %(name)s")
        examples = [
            (key, name % {"name": in_language(each.name)}) for key, each in TEMPLATES.items()
        ]
        self.fields["template"].choices = [*examples, ("blank", _("A blank page"))]
        self.fields["template"].initial = "blank"

    def clean(self) -> dict[str, Any]:
        if self.data.get("template") in TEMPLATES:
            return forms.Form.clean(self) or {}
        return super().clean()


@dataclass(frozen=True)
class Row:
    """One entry or criterion on the page. ``number`` counts from 0."""

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
        return any(each.errors for each in self.fields.values())


class DraftForm(forms.Form):
    """The whole document. ``is_checked``: whether what was typed is held against the rules, or only
    shown again.
    """

    def __init__(self, typed: Typed, facts: Fields, *, is_checked: bool = False) -> None:
        self.typed, self.facts = typed, facts
        values = documents.flat(typed)
        super().__init__(
            data=_query(values) if is_checked else None,
            initial=values,
            use_required_attribute=False,
        )
        for language in LANGUAGES:
            label = _("Who · %(language)s") % {"language": LANGUAGE[language]}
            self._text(f"{WHO}-{language}", label, LONGEST_WHO, rows=6, lang=language)
        for key in SECTIONS:
            for number, _entry in enumerate(typed.sections[key]):
                for language in LANGUAGES:
                    words = {
                        "entry": ENTRY[key] % {"number": number + 1},
                        "language": LANGUAGE[language],
                    }
                    label = f"{words['entry']} · {words['language']}"
                    self._text(
                        f"{key}-{number}-{language}", label, LONGEST_ENTRY, rows=2, lang=language
                    )
        for number, row in enumerate(typed.criteria):
            for part, field in criterion_fields(number, row, facts).items():
                self.fields[f"{CRITERIA}-{number}-{part}"] = field

    def _text(self, name: str, label: str, most: int, *, rows: int, lang: str) -> None:
        widget = forms.Textarea(attrs={"rows": rows, "lang": lang})
        self.fields[name] = _Words(label=label, required=False, max_length=most, widget=widget)

    def clean(self) -> dict[str, Any]:
        """Each criterion is held against the field that it asks for, by the rules that the domain
        applies as well.
        """
        data = super().clean() or {}
        for number, row in enumerate(self.typed.criteria):
            for part, text in rules.problems(self._criterion(number, row), self.facts).items():
                name = f"{CRITERIA}-{number}-{'es' if part == 'text' else part}"
                if name in self.fields and name not in self.errors:
                    self.add_error(name, text)
        return data

    def _criterion(self, number: int, row: Mapping[str, Any]) -> dict[str, Any]:
        text = {each: clean_line(row[each]) for each in LANGUAGES}
        weight = row["weight"].strip()
        points = int(weight) if weight.isascii() and weight.isdigit() and len(weight) < 4 else 0
        known = {"code": row["code"], "kind": row["kind"], "weight": points}
        return {**known, "text": {k: v for k, v in text.items() if v}, **operand(row, self.facts)}

    @property
    def criteria(self) -> list[dict[str, Any]]:
        """As drafts.edit takes them."""
        return [self._criterion(number, row) for number, row in enumerate(self.typed.criteria)]

    @property
    def who(self) -> list[forms.BoundField]:
        return [self[f"{WHO}-{language}"] for language in LANGUAGES]

    def sections(self) -> Iterator[tuple[str, str | Promise, list[Row]]]:
        """(key, heading, entries) of every list of the document."""
        for key, label in SECTIONS.items():
            yield (
                key,
                label,
                [self._row(key, n, LANGUAGES) for n, _each in enumerate(self.typed.sections[key])],
            )

    def rules(self) -> list[Row]:
        """The criteria."""
        parts = ("code", "kind", *LANGUAGES, "field", "operator", "operand", "weight")
        return [
            self._row(CRITERIA, number, parts) for number, _each in enumerate(self.typed.criteria)
        ]

    def _row(self, key: str, number: int, parts: tuple[str, ...]) -> Row:
        names = {part: f"{key}-{number}-{part}" for part in parts}
        found = {part: self[name] for part, name in names.items() if name in self.fields}
        title = (ENTRY[key] if key in ENTRY else gettext_lazy("Criterion %(number)d")) % {
            "number": number + 1
        }
        told = self.reads(number) if key == CRITERIA else ""
        last = len(self.typed.rows(key)) - 1
        return Row(key, number, found, str(title), number == 0, number == last, told)

    def reads(self, number: int) -> str:
        """How the machine reads a criterion as it stands, finished or not."""
        row = self.typed.criteria[number]
        if row["operator"] not in Operator.values or not (
            row["field"] or row["operator"] == Operator.SAID
        ):
            return _("Not yet a question that a machine can answer.")
        field = self.facts.get(row["field"], NOBODY_KNOWS)
        if row["operator"] not in operators(field):
            return rules.does_not_fit(field, row["operator"])
        try:
            known = rules.operand_of(field, row["operator"], row["operand"])
        except rules.Unfit:
            return _("Not yet a question that a machine can answer.")
        return rules.reads(row["kind"], row["field"], row["operator"], known, self.facts)


def operand(row: Mapping[str, Any], facts: Fields) -> dict[str, Any]:
    """Field, operator and operand of a typed criterion; an operand that cannot be read stays as it
    was typed.
    """
    operator, field = row["operator"], facts.get(row["field"], NOBODY_KNOWS)
    code = "" if operator == Operator.SAID and not row["field"] else row["field"]
    found: Any = None
    if operator in Operator.values:
        try:
            found = rules.operand_of(field, operator, row["operand"])
        except rules.Unfit:
            found = row["operand"] if operator in WITH_SEVERAL else next(iter(row["operand"]), None)
    return {"field": code, "operator": operator, "operand": found}


class _Words(forms.CharField):
    """Text by the written rule, in a control that says its language."""

    def to_python(self, value: Any) -> str:
        return clean_text(super().to_python(value))


class _Lines(forms.Textarea):
    """Several texts, one a line."""

    def format_value(self, value: Any) -> str:
        return "\n".join(value) if isinstance(value, (list, tuple)) else str(value or "")


class _Several(forms.MultipleChoiceField):
    """Choices of which those that are not in the list are the rules' affair, which tell them by
    name.
    """

    def validate(self, value: Any) -> None:
        return None


class _Loose(forms.CharField):
    """Whatever was typed; the rules of criteria say what is wrong with it."""

    def to_python(self, value: Any) -> Any:
        return value


def criterion_fields(number: int, row: Mapping[str, Any], facts: Fields) -> dict[str, forms.Field]:
    """The controls of one criterion, fitting its field and operator as they stand."""
    known = facts.get(row["field"])
    fitting = (
        operators(known) if known else (Operator.SAID,) if not row["field"] else tuple(Operator)
    )
    choices = [(each.value, each.label) for each in fitting]
    if row["operator"] not in dict(choices):
        label = dict(Operator.choices).get(row["operator"], row["operator"] or _("Choose"))
        choices.insert(0, (row["operator"], label))
    found: dict[str, forms.Field] = {
        "code": forms.CharField(required=False, widget=forms.HiddenInput()),
        "kind": _choice(_("Kind"), _with_current(list(CriterionKind.choices), row["kind"])),
    }
    for language in LANGUAGES:
        widget = forms.Textarea(attrs={"rows": 2, "lang": language})
        label = _("Sentence · %(language)s") % {"language": LANGUAGE[language]}
        found[language] = _Words(label=label, required=False, max_length=SENTENCE, widget=widget)
    found["field"] = _choice(_("Field"), field_choices(facts, row["field"]), **ASKS)
    found["operator"] = _choice(_("The question"), choices, **ASKS)
    if row["operator"] in Operator.values and row["operator"] not in WITHOUT_OPERAND:
        found["operand"] = operand_field(known or NOBODY_KNOWS, row["operator"], row["operand"])
    points = forms.NumberInput(attrs={"min": 1, "max": 100, "inputmode": "numeric"})
    found["weight"] = _Loose(label=_("Points"), required=False, widget=points)
    return found


def _choice(label: str, choices: list[Any], **attrs: str) -> forms.Field:
    return _Loose(label=label, required=False, widget=forms.Select(choices=choices, attrs=attrs))


def _with_current(choices: list[tuple[str, Any]], current: str) -> list[tuple[str, Any]]:
    return choices if current in dict(choices) else [(current, current or "–"), *choices]


def field_choices(facts: Fields, current: str) -> list[Any]:
    """Every field that is in use, by what it is a fact of; one that is put away only where it is
    asked for.
    """
    grouped: dict[str, list[tuple[str, str]]] = {key: [] for key in GROUPS}
    for code, field in facts.items():
        if not field.is_archived or code == current:
            name = (
                _("%(field)s (archived)") % {"field": field.name}
                if field.is_archived
                else field.name
            )
            grouped[code.split(".")[0]].append((code, name))
    found: list[Any] = [("", _("No field: a person says so"))]
    if current and current not in facts:
        found.append((current, current))
    return found + [(GROUPS[key], choices) for key, choices in grouped.items() if choices]


def operand_field(field: Field, operator: str, typed: list[str]) -> forms.Field:
    """The control in which the operand is given, fitting the type of the field.

    Its rules are those of criteria.
    """
    label = _("Compared with")
    several = operator in WITH_SEVERAL
    first = next(iter(typed), "")
    if field.type == FieldType.YES_NO:
        return _single(label, [("", _("Choose")), ("true", _("Yes")), ("false", _("No"))], first)
    if field.type == FieldType.CHOICE and operator != Operator.CONTAINS_ANY:
        listed = list(field.choices) + [
            (each, each) for each in typed if each not in dict(field.choices)
        ]
        if not several:
            return _single(label, [("", _("Choose")), *listed], first)
        few = len(listed) <= FEW
        widget = forms.CheckboxSelectMultiple() if few else forms.SelectMultiple(attrs={"size": 8})
        return _Several(label=label, choices=listed, required=False, widget=widget)
    if several:
        help_text = _("One word or phrase a line. Capitals and accents make no difference.")
        return _Loose(
            label=label, required=False, help_text=help_text, widget=_Lines(attrs={"rows": 4})
        )
    kinds = {FieldType.NUMBER: {"inputmode": "decimal"}, FieldType.DATE: {"type": "date"}}
    return _Loose(
        label=label, required=False, widget=_First(attrs=kinds.get(FieldType(field.type), {}))
    )


def _single(label: str, choices: list[tuple[str, Any]], current: str) -> forms.Field:
    return _Loose(
        label=label, required=False, widget=_FirstChosen(choices=_with_current(choices, current))
    )


class _First(forms.TextInput):
    """One line of what is kept as several."""

    def format_value(self, value: Any) -> str:
        return str(next(iter(value), "")) if isinstance(value, (list, tuple)) else str(value or "")


class _FirstChosen(forms.Select):
    """One choice of what is kept as several."""

    def format_value(self, value: Any) -> list[str]:
        return (
            [str(next(iter(value), ""))] if isinstance(value, (list, tuple)) else [str(value or "")]
        )


def _query(values: Mapping[str, Any]) -> QueryDict:
    found = QueryDict(mutable=True)
    for name, value in values.items():
        found.setlist(name, value if isinstance(value, list) else [value])
    return found


# -- Custom fields


class CustomFieldForm(forms.Form):
    """A field of leads: its names, what it holds, and the choices.

    The type is asked for once, for ever.
    """

    MORE = 4  # empty rows for further choices

    es = Line(label=gettext_lazy("Name in Spanish"), max_length=LONGEST, required=False)
    en = Line(label=gettext_lazy("Name in English"), max_length=LONGEST, required=False)
    type = forms.ChoiceField(label=gettext_lazy("What it holds"), choices=FieldType.choices)

    def __init__(self, *args: Any, custom: CustomField | None = None, **kwargs: Any) -> None:
        self.values = [option["value"] for option in custom.options] if custom else []
        if custom is not None:
            kwargs["initial"] = dict(custom.name)
            for number, option in enumerate(custom.options):
                kwargs["initial"] |= {
                    f"choice-{number}-{each}": option.get(each, "") for each in LANGUAGES
                }
        super().__init__(*args, **kwargs)
        self.rows = 0
        if custom is not None:
            del self.fields["type"]
        if custom is None or custom.type == CustomField.Type.CHOICE:
            self.rows = len(self.values) + self.MORE
        for number in range(self.rows):
            for language in LANGUAGES:
                words = {"number": number + 1, "language": LANGUAGE[language]}
                label = _("Choice %(number)d · %(language)s") % words
                self.fields[f"choice-{number}-{language}"] = Line(
                    label=label, max_length=LONGEST, required=False
                )

    @property
    def name(self) -> dict[str, str]:
        return {language: self.cleaned_data[language] for language in LANGUAGES}

    def choices(self) -> list[list[forms.BoundField]]:
        """The rows for choices, each in both languages."""
        return [
            [self[f"choice-{number}-{each}"] for each in LANGUAGES] for number in range(self.rows)
        ]

    def listed(self) -> list[dict[str, str]]:
        """The choices as customs takes them: the first rows are those that were there before."""
        found = []
        for number in range(self.rows):
            words = {each: self.cleaned_data[f"choice-{number}-{each}"] for each in LANGUAGES}
            found.append(
                {"value": self.values[number] if number < len(self.values) else "", **words}
            )
        return found
