"""Criteria: read operands from typed text, check whether a criterion can be judged, describe it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from crm.lib import number_formats
from crm.lib.numbers.typed import (
    NotANumber,
    NotWhole,
    TwoReadings,
    read_decimal,
    read_whole,
    write,
)
from crm.lib.text import clean_line, fold
from personas.fields import NO_FIELD, Field, Fields, operators
from personas.states import WITH_SEVERAL, WITHOUT_OPERAND, CriterionKind, FieldType, Operator

MOST_WORDS = 60
LONGEST_WORD = 80
WEIGHTS = range(1, 101)

# The fields of a Criterion by name, before or without a row.
CriterionData = Mapping[str, Any]


class Unfit(ValueError):
    """The typed operand does not fit; the message says what would."""


def operand_of(field: Field, operator: str, typed: Sequence[str]) -> Any:
    """Return the operand as JSON keeps it, from the typed lines.

    Raise Unfit with a message for the person.
    """
    if operator in WITHOUT_OPERAND:
        return None
    cleaned = [clean_line(line) for line in typed]
    unique = dict.fromkeys(line for line in cleaned if line)
    lines = list(unique)
    if not lines:
        raise Unfit(_("Say what it is compared with."))
    if operator not in WITH_SEVERAL:
        return _value(field, lines[0])
    if len(lines) > MOST_WORDS:
        raise Unfit(_("Give at most %(count)d entries.") % {"count": MOST_WORDS})
    values = [_value(field, line) for line in lines]
    if operator == Operator.CONTAINS_ANY:
        _check_searchable(values)
    return values


def _check_searchable(values: Iterable[Any]) -> None:
    """Raise Unfit for a word without any letter or digit."""
    for value in values:
        # Texts are compared folded, and a word of signs only folds to nothing: it would never
        # be part of any text, and the criterion would stay unmet without a visible reason.
        if not fold(str(value)):
            text = _("“%(typed)s” has no letter and no digit.")
            raise Unfit(text % {"typed": value})


def _value(field: Field, typed: str) -> Any:
    """Return one value of the field's type. Raise Unfit."""
    match field.type:
        case FieldType.NUMBER:
            return _number(field, typed)
        case FieldType.YES_NO:
            return _yes_or_no(typed)
        case FieldType.DATE:
            return _date(typed)
        case FieldType.CHOICE:
            return _choice(field, typed)
    if len(typed) > LONGEST_WORD:
        text = _("“%(typed)s…” is too long: at most %(count)d characters.")
        raise Unfit(text % {"typed": typed[:60], "count": LONGEST_WORD})
    return typed


def _yes_or_no(typed: str) -> bool:
    if typed not in ("true", "false"):
        raise Unfit(_("Choose yes or no."))
    return typed == "true"


def _date(typed: str) -> str:
    try:
        return date.fromisoformat(typed).isoformat()
    except ValueError:
        text = _("“%(typed)s” is not a date. Write it as year, month, day: 2026-03-31.")
        raise Unfit(text % {"typed": typed[:60]}) from None


def _choice(field: Field, typed: str) -> str:
    if typed not in dict(field.choices):
        text = _("“%(typed)s” is not in the list of “%(field)s”.")
        raise Unfit(text % {"typed": typed[:60], "field": field.name})
    return typed


def _number(field: Field, text: str) -> int | float:
    """Return the number by the active region. Raise Unfit, with a question about "1.000"."""
    try:
        number = _read(field, text)
    except TwoReadings as either:
        raise Unfit(number_formats.which_of(either)) from None
    except NotANumber:
        raise _no_number(text) from None
    if abs(number) >= 10**12:
        raise _no_number(text)
    if number == number.to_integral_value():
        # A whole number is shown again without a decimal point, as it was typed.
        return int(number)
    return float(number)


def _read(field: Field, text: str) -> Decimal:
    if field.is_whole:
        # "1.000 employees" can only be a thousand.
        try:
            return Decimal(read_whole(text))
        except NotWhole:
            pass
    return read_decimal(text, number_formats.decimal_sign())


def _no_number(text: str) -> Unfit:
    example = write(0.5, number_formats.decimal_sign())
    message = _("“%(typed)s” is not a number. Write it with digits: 1500 or %(example)s.")
    return Unfit(message % {"typed": text[:60], "example": example})


def typed_of(operand: Any) -> list[str]:
    """Return an operand as the form shows it, the inverse of :func:`operand_of`."""
    if operand is None:
        return []
    if isinstance(operand, bool):
        # The form posts "true" and "false"; str() alone would write "True".
        return [str(operand).lower()]
    if isinstance(operand, list):
        return [_typed_text(each) for each in operand]
    return [_typed_text(operand)]


def _typed_text(value: Any) -> str:
    """Return one value as :func:`operand_of` reads it: a number by the active region."""
    if isinstance(value, int | float):
        return write(value, number_formats.decimal_sign())
    return str(value)


def problems(criterion: CriterionData, fields: Fields) -> dict[str, str]:
    """Return why a criterion cannot be judged, by the part that is wrong.

    The parts are kind, text, field, operator, operand and weight. The result is empty for a
    criterion that can be judged.
    """
    wrong: dict[str, str] = {}
    kind = criterion["kind"]
    if kind not in CriterionKind.values:
        wrong["kind"] = _("There is no kind of criterion “%(name)s”.") % {"name": kind}
    if not any(criterion["text"].values()):
        wrong["text"] = _("Write the sentence in at least one language.")
    if criterion.get("weight", 1) not in WEIGHTS:
        wrong["weight"] = _("Give 1 to 100 points.")
    return wrong | _rule_problems(criterion, fields)


def _rule_problems(criterion: CriterionData, fields: Fields) -> dict[str, str]:
    """Return what is wrong with the field, the operator or the operand: the first of the three.

    A later part cannot be checked before the earlier one is right.
    """
    code = criterion["field"]
    operator = criterion["operator"]
    field = fields.get(code)
    # Without a field the criterion is left to people; any other operator needs a fact to judge.
    if not code and operator == Operator.SAID:
        field = NO_FIELD
    if field is None:
        return {"field": no_such_field(code)}
    if operator not in operators(field):
        return {"operator": does_not_fit(field, operator)}
    # Read again as if it were typed, so that one function knows what fits: a form passes what it
    # could not read as it was typed, and an example brings operands that no form has read.
    typed = typed_of(criterion.get("operand"))
    try:
        operand_of(field, operator, typed)
    except Unfit as error:
        return {"operand": str(error)}
    return {}


def no_such_field(code: str) -> str:
    """Return the message about a field that is missing or unknown."""
    if not code:
        return _("Choose the field that decides it, or “is confirmed by a person”.")
    return _("There is no field “%(field)s”.") % {"field": code}


def does_not_fit(field: Field, operator: str) -> str:
    """Return the message about an operator that does not fit, with those that do."""
    labels = dict(Operator.choices)
    type_label = str(FieldType(field.type).label)
    fitting = [str(each.label) for each in operators(field)]
    text = _("“%(operator)s” does not fit “%(field)s” (%(type)s). What fits: %(fitting)s.")
    return text % {
        "operator": labels.get(operator, operator),
        "field": field.name or _("no field"),
        "type": type_label.lower(),
        "fitting": ", ".join(fitting),
    }


# -- As text


def reads(kind: str, code: str, operator: str, operand: Any, fields: Fields) -> str:
    """Return how the machine reads a criterion, as one sentence in the active language."""
    # A published version is shown for ever, also when the catalogue knows its field no more.
    field = fields.get(code) or Field(code, code, FieldType.TEXT)
    rule = _rule(field, operator, operand)
    match kind:
        case CriterionKind.FIT:
            return _("Fits when %(rule)s.") % {"rule": rule}
        case CriterionKind.DISQUALIFIER:
            return _("Ruled out when %(rule)s.") % {"rule": rule}
    return _("Proven when %(rule)s.") % {"rule": rule}


def _rule(field: Field, operator: str, operand: Any) -> str:
    """Return the rule of a criterion as a clause: "“Employees” is 50 or more"."""
    value = operand_text(field, operand)
    match operator:
        # By identity: for Python 1 equals True, and a number field may be compared with 1.
        case Operator.IS if operand is True:
            text = _("%(field)s is yes")
        case Operator.IS if operand is False:
            text = _("%(field)s is no")
        case Operator.IS:
            text = _("%(field)s is %(value)s")
        case Operator.IN:
            text = _("%(field)s is %(value)s")
            value = operand_text(field, operand, _("or"))
        case Operator.NOT_IN:
            text = _("%(field)s is neither %(value)s")
            value = operand_text(field, operand, pgettext("neither", "nor"))
        case Operator.AT_LEAST:
            text = _("%(field)s is %(value)s or more")
        case Operator.AT_MOST:
            text = _("%(field)s is %(value)s or less")
        case Operator.BEFORE:
            text = _("%(field)s is before %(value)s")
        case Operator.AFTER:
            text = _("%(field)s is after %(value)s")
        case Operator.CONTAINS_ANY:
            text = _("%(field)s has any of these words: %(value)s")
        case Operator.IS_SET:
            text = _("%(field)s is given, whatever it says")
        case _unknown:
            return _("a person confirms it and notes who said so")
    return text % {"field": f"“{field.name}”", "value": value}


def operand_text(field: Field, operand: Any, last: str = "") -> str:
    """Return an operand as people read it: numbers of the region, choices by their names.

    ``last`` is the word before the last of several values, as in "or".
    """
    values = operand
    if not isinstance(operand, list):
        values = [operand]
    names = [_value_text(field, value) for value in values]
    if last and len(names) > 1:
        return f"{', '.join(names[:-1])} {last} {names[-1]}"
    return ", ".join(names)


def _value_text(field: Field, value: Any) -> str:
    if value is None:
        return "…"
    if field.type == FieldType.NUMBER and isinstance(value, int | float):
        return number_formats.number(value)
    if field.type == FieldType.DATE:
        try:
            day = date.fromisoformat(str(value))
        except ValueError:
            # Two drafts are compared as they were typed, also with an operand that is no date.
            return str(value)
        return number_formats.day_words(day)
    return dict(field.choices).get(str(value), str(value))


def grouped(criteria: Iterable[Any]) -> list[tuple[CriterionKind, list[Any]]]:
    """Return the criteria by kind; kinds without any are left out."""
    rows = list(criteria)
    groups = []
    for kind in CriterionKind:
        of_kind = [row for row in rows if row.kind == kind]
        if not of_kind:
            continue
        groups.append((kind, of_kind))
    return groups
