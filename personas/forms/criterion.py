"""The controls of one criterion, which fit its field and its operator."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.lib.bilingual import LANGUAGES
from crm.lib.text import clean_text
from personas import criteria as rules
from personas.fields import NO_FIELD, Field, Fields, operators
from personas.forms.draft_data import TypedCriterion
from personas.forms.personas import LANGUAGE
from personas.states import WITH_SEVERAL, WITHOUT_OPERAND, CriterionKind, FieldType, Operator

# Value and label, or the name of a group and its choices.
Choices = list[tuple[Any, Any]]
SEVERAL = (list, tuple)
FEW = 12  # up to so many choices are boxes to tick; more are a list
SENTENCE = 300
ASKS = {"data-asks": "yes"}  # another choice here needs other controls beside it
GROUPS = {
    "person": gettext_lazy("The person"),
    "company": gettext_lazy("The company"),
    "lead": gettext_lazy("The lead"),
    "attributes": gettext_lazy("Custom fields"),
}
# Attributes of the control that takes one operand, by the type of the field.
INPUTS = {
    FieldType.NUMBER: {"inputmode": "decimal"},
    FieldType.DATE: {"type": "date"},
}


# -- Fields and widgets


class CleanText(forms.CharField):
    """Text of several lines, cleaned by the rule of crm.lib.text."""

    def to_python(self, value: Any) -> str:
        return clean_text(super().to_python(value))


class RawText(forms.CharField):
    """A value as it was typed; personas.criteria checks it."""

    def to_python(self, value: Any) -> Any:
        return value


class RawChoices(forms.MultipleChoiceField):
    """Choices of which personas.criteria names the unknown ones."""

    def validate(self, value: Any) -> None:
        return None


class OnePerLine(forms.Textarea):
    """Several texts, one a line."""

    def format_value(self, value: Any) -> str:
        if isinstance(value, SEVERAL):
            return "\n".join(value)
        return str(value or "")


class FirstText(forms.TextInput):
    """One line for a value that is stored as a list."""

    def format_value(self, value: Any) -> str:
        return _first(value)


class FirstChoice(forms.Select):
    """One choice for a value that is stored as a list."""

    def format_value(self, value: Any) -> list[str]:
        return [_first(value)]


def _first(value: Any) -> str:
    """Return the first item of a list, or a plain value, as text."""
    if isinstance(value, SEVERAL):
        first = next(iter(value), "")
        return str(first)
    return str(value or "")


# -- One criterion


def criterion_fields(row: TypedCriterion, facts: Fields) -> dict[str, forms.Field]:
    """Return the controls of a typed criterion, by part."""
    code = row["field"]
    operator = row["operator"]
    field = facts.get(code)
    known_kinds: Choices = list(CriterionKind.choices)
    kinds = _with_current(known_kinds, row["kind"])
    codes = field_choices(facts, code)
    questions = _operator_choices(row, field)
    fields: dict[str, forms.Field] = {}
    hidden = forms.HiddenInput()
    fields["code"] = forms.CharField(required=False, widget=hidden)
    fields["kind"] = _select(_("Kind"), kinds)
    for language in LANGUAGES:
        fields[language] = _sentence(language)
    fields["field"] = _select(_("Field"), codes, **ASKS)
    fields["operator"] = _select(_("The question"), questions, **ASKS)
    is_known = operator in Operator.values
    if is_known and operator not in WITHOUT_OPERAND:
        compared = field or NO_FIELD
        typed = row["operand"]
        fields["operand"] = operand_field(compared, operator, typed)
    fields["weight"] = _points()
    return fields


def _points() -> forms.Field:
    return _raw(_("Points"), forms.TextInput(attrs={"inputmode": "numeric"}))


def _raw(label: str, widget: forms.Widget) -> forms.Field:
    """Return a control whose value the domain checks, not the form."""
    return RawText(label=label, required=False, widget=widget)


def _sentence(language: str) -> forms.Field:
    widget = forms.Textarea(attrs={"rows": 2, "lang": language})
    text = _("Sentence · %(language)s")
    return CleanText(
        label=text % {"language": LANGUAGE[language]},
        required=False,
        max_length=SENTENCE,
        widget=widget,
    )


def _operator_choices(row: TypedCriterion, field: Field | None) -> Choices:
    """Return the operators that fit the field, the current one first where it does not fit."""
    if field:
        fitting = operators(field)
    elif row["field"]:  # an unknown field
        fitting = tuple(Operator)
    else:
        fitting = (Operator.SAID,)
    choices: Choices = [(each.value, each.label) for each in fitting]
    current = row["operator"]
    # Without it the browser would show the first choice as if it had been chosen, and post it.
    if current not in dict(choices):
        labels = dict(Operator.choices)
        label = labels.get(current, current or _("Choose"))
        choices.insert(0, (current, label))
    return choices


def _select(label: str, choices: Choices, **attrs: str) -> forms.Field:
    widget = forms.Select(choices=choices, attrs=attrs)
    return _raw(label, widget)


def _with_current(choices: Choices, current: str) -> Choices:
    """Return ``choices``, with an unknown current value in front."""
    if current in dict(choices):
        return choices
    unknown = (current, current or "–")
    return [unknown, *choices]


def field_choices(facts: Fields, current: str) -> Choices:
    """Return every field in use, grouped; an archived field is offered only while it is chosen."""
    no_field = ("", _("No field: a person says so"))
    choices: Choices = [no_field]
    if current and current not in facts:
        choices.append((current, current))
    groups = _grouped(facts, current)
    for key, label in GROUPS.items():
        fields = groups[key]
        if fields:
            choices.append((label, fields))
    return choices


def _grouped(facts: Fields, current: str) -> dict[str, Choices]:
    """Return the choices of fields by group."""
    groups: dict[str, Choices] = {key: [] for key in GROUPS}
    for code, field in facts.items():
        name = field.name
        if field.is_archived:
            if code != current:
                continue
            name = _("%(field)s (archived)") % {"field": name}
        # The code says where the fact is kept: "company.size", "attributes.budget".
        group = code.split(".")[0]
        groups[group].append((code, name))
    return groups


# -- The operand


def operand(row: TypedCriterion, facts: Fields) -> dict[str, Any]:
    """Return field, operator and operand of a typed criterion.

    An operand that cannot be read stays as it was typed.
    """
    code = row["field"]
    operator = row["operator"]
    field = facts.get(code, NO_FIELD)
    value: Any = None
    if operator in Operator.values:
        value = _operand_or_typed(field, operator, row["operand"])
    return {"field": code, "operator": operator, "operand": value}


def _operand_or_typed(field: Field, operator: str, typed: list[str]) -> Any:
    """Return the operand as JSON keeps it, or as it was typed where it cannot be read."""
    try:
        return rules.operand_of(field, operator, typed)
    except rules.Unfit:
        # The rules refuse it with their message; here it is kept for the form to show again.
        if operator in WITH_SEVERAL:
            return typed
        return next(iter(typed), None)


def operand_field(field: Field, operator: str, typed: list[str]) -> forms.Field:
    """Return the control of the operand, which fits the type of the field.

    personas.criteria checks the value.
    """
    label = _("Compared with")
    if field.type == FieldType.YES_NO:
        choices = [
            ("", _("Choose")),
            ("true", _("Yes")),
            ("false", _("No")),
        ]
        return _single_choice(label, choices, typed)
    has_choices = field.type == FieldType.CHOICE
    # A question that does not fit the field keeps its control until another one is chosen.
    if has_choices and operator != Operator.CONTAINS_ANY:
        return _choice_of(label, field, operator, typed)
    if operator in WITH_SEVERAL:
        return RawText(
            label=label,
            required=False,
            help_text=_("One word or phrase a line. Capitals and accents make no difference."),
            widget=OnePerLine(attrs={"rows": 4}),
        )
    # A number stays a text input: browsers empty an input of type number that they cannot read,
    # and what was typed would be lost.
    attrs = INPUTS.get(FieldType(field.type), {})
    return _raw(label, FirstText(attrs=attrs))


def _choice_of(label: str, field: Field, operator: str, typed: list[str]) -> forms.Field:
    """Return the control of a field with choices; unknown typed values stay choosable."""
    known = dict(field.choices)
    choices: Choices = list(field.choices)
    for value in typed:
        if value not in known:
            choices.append((value, value))
    if operator not in WITH_SEVERAL:
        no_choice = ("", _("Choose"))
        choices.insert(0, no_choice)
        return _single_choice(label, choices, typed)
    widget: forms.Widget = forms.CheckboxSelectMultiple()
    if len(choices) > FEW:
        widget = forms.SelectMultiple(attrs={"size": 8})
    return RawChoices(
        label=label,
        choices=choices,
        required=False,
        widget=widget,
    )


def _single_choice(label: str, choices: Choices, typed: list[str]) -> forms.Field:
    current = next(iter(typed), "")
    all_choices = _with_current(choices, current)
    widget = FirstChoice(choices=all_choices)
    return _raw(label, widget)
