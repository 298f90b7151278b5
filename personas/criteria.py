"""Whether a criterion can be judged at all, and what its operand is: read from what people type,
checked, in words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from crm.lib import number_formats
from crm.lib.text import clean_line, fold
from personas.fields import NOBODY_KNOWS, Field, Fields, operators
from personas.states import WITH_SEVERAL, WITHOUT_OPERAND, CriterionKind, FieldType, Operator

MOST_WORDS, LONGEST_WORD = 60, 80
WEIGHTS = range(1, 101)


class Unfit(ValueError):
    """What was typed does not fit; the text says what would."""


def operand_of(field: Field, operator: str, typed: Sequence[str]) -> Any:
    """The operand as JSON keeps it, from the lines typed.

    Raises Unfit with words for the person.
    """
    if operator in WITHOUT_OPERAND:
        return None
    lines = list(dict.fromkeys(filter(None, (clean_line(each) for each in typed))))
    if not lines:
        raise Unfit(_("Say what it is compared with."))
    if operator not in WITH_SEVERAL:
        return _value(field, lines[0])
    if len(lines) > MOST_WORDS:
        raise Unfit(_("Give at most %(count)d entries.") % {"count": MOST_WORDS})
    values = [_value(field, each) for each in lines]
    if operator == Operator.CONTAINS_ANY and (
        mute := next((v for v in values if not fold(str(v))), None)
    ):
        raise Unfit(_("“%(typed)s” has no letter and no digit.") % {"typed": mute})
    return values


def _value(field: Field, typed: str) -> Any:
    """One value of the field's type."""
    words = {"typed": typed[:60]}
    match field.type:
        case FieldType.NUMBER:
            return _number(typed)
        case FieldType.YES_NO:
            if typed not in ("true", "false"):
                raise Unfit(_("Choose yes or no."))
            return typed == "true"
        case FieldType.DATE:
            try:
                return date.fromisoformat(typed).isoformat()
            except ValueError:
                raise Unfit(
                    _("“%(typed)s” is not a date. Write it as year, month, day: 2026-03-31.")
                    % words
                ) from None
        case FieldType.CHOICE:
            if typed not in dict(field.choices):
                raise Unfit(
                    _("“%(typed)s” is not in the list of “%(field)s”.")
                    % {
                        **words,
                        "field": field.name,
                    }
                )
            return typed
    if len(typed) > LONGEST_WORD:
        raise Unfit(
            _("“%(typed)s…” is too long: at most %(count)d characters.")
            % {
                **words,
                "count": LONGEST_WORD,
            }
        )
    return typed


def _number(typed: str) -> int | float:
    try:
        number = Decimal(typed.replace(" ", ""))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number) >= 10**12:
        raise Unfit(
            _("“%(typed)s” is not a number. Write it with digits: 1500 or 0.5.")
            % {"typed": typed[:60]}
        )
    return int(number) if number == number.to_integral_value() else float(number)


def typed_of(operand: Any) -> list[str]:
    """An operand as the form shows it: the other way round."""
    if operand is None:
        return []
    if isinstance(operand, bool):
        return [str(operand).lower()]
    return [str(each) for each in operand] if isinstance(operand, list) else [str(operand)]


def problems(criterion: Mapping[str, Any], fields: Fields) -> dict[str, str]:
    """What keeps a criterion from being judged, by the part that is wrong: kind, text, field,
    operator, operand, weight. Empty: nothing.
    """
    found: dict[str, str] = {}
    if criterion["kind"] not in CriterionKind.values:
        found["kind"] = _("There is no kind of criterion “%(name)s”.") % {"name": criterion["kind"]}
    if not any(criterion["text"].values()):
        found["text"] = _("Write the sentence in at least one language.")
    if criterion.get("weight", 1) not in WEIGHTS:
        found["weight"] = _("Give 1 to 100 points.")
    code, operator = criterion["field"], criterion["operator"]
    field = fields.get(code) or (NOBODY_KNOWS if not code and operator == Operator.SAID else None)
    if field is None:
        found["field"] = no_such_field(code)
    elif operator not in operators(field):
        found["operator"] = does_not_fit(field, operator)
    else:
        try:
            operand_of(field, operator, typed_of(criterion.get("operand")))
        except Unfit as error:
            found["operand"] = str(error)
    return found


def no_such_field(code: str) -> str:
    if not code:
        return _("Choose the field that decides it, or “is confirmed by a person”.")
    return _("There is no field “%(field)s”.") % {"field": code}


def does_not_fit(field: Field, operator: str) -> str:
    """Says by name which operator does not fit which field, and which ones do."""
    known = dict(Operator.choices)
    return _("“%(operator)s” does not fit “%(field)s” (%(type)s). What fits: %(fitting)s.") % {
        "operator": known.get(operator, operator),
        "field": field.name or _("no field"),
        "type": str(FieldType(field.type).label).lower(),
        "fitting": ", ".join(str(each.label) for each in operators(field)),
    }


# -- In words


def reads(kind: str, code: str, operator: str, operand: Any, fields: Fields) -> str:
    """How the machine reads a criterion, as one sentence in the active language."""
    rule = _rule(fields.get(code) or Field(code, code, FieldType.TEXT), operator, operand)
    match kind:
        case CriterionKind.FIT:
            return _("Fits when %(rule)s.") % {"rule": rule}
        case CriterionKind.DISQUALIFIER:
            return _("Ruled out when %(rule)s.") % {"rule": rule}
    return _("Proven when %(rule)s.") % {"rule": rule}


def _rule(field: Field, operator: str, operand: Any) -> str:
    words = {"field": f"“{field.name}”", "value": said(field, operand)}
    match operator:
        case Operator.IS if isinstance(operand, bool):
            return (_("%(field)s is yes") if operand else _("%(field)s is no")) % words
        case Operator.IS:
            return _("%(field)s is %(value)s") % words
        case Operator.IN:
            return _("%(field)s is %(value)s") % {**words, "value": said(field, operand, _("or"))}
        case Operator.NOT_IN:
            return _("%(field)s is neither %(value)s") % {
                **words,
                "value": said(field, operand, pgettext("neither", "nor")),
            }
        case Operator.AT_LEAST:
            return _("%(field)s is %(value)s or more") % words
        case Operator.AT_MOST:
            return _("%(field)s is %(value)s or less") % words
        case Operator.BEFORE:
            return _("%(field)s is before %(value)s") % words
        case Operator.AFTER:
            return _("%(field)s is after %(value)s") % words
        case Operator.CONTAINS_ANY:
            return _("%(field)s has any of these words: %(value)s") % words
        case Operator.IS_SET:
            return _("%(field)s is given, whatever it says") % words
    return _("a person confirms it and notes who said so")


def said(field: Field, operand: Any, last: str = "") -> str:
    """An operand in words: numbers as the region writes them, choices by name; ``last`` stands
    before the last one.
    """
    names = [_one(field, each) for each in (operand if isinstance(operand, list) else [operand])]
    if last and len(names) > 1:
        return f"{', '.join(names[:-1])} {last} {names[-1]}"
    return ", ".join(names)


def _one(field: Field, value: Any) -> str:
    if value is None:
        return "…"
    if field.type == FieldType.NUMBER and isinstance(value, int | float):
        return number_formats.number(value)
    if field.type == FieldType.DATE:
        try:
            return number_formats.when(
                date.fromisoformat(str(value)), pgettext("date format", "j M Y")
            )
        except ValueError:
            return str(value)
    return dict(field.choices).get(str(value), str(value))


def grouped(criteria: Iterable[Any]) -> list[tuple[CriterionKind, list[Any]]]:
    """The criteria by kind, kinds in their order, each list in the order of the document."""
    rows = list(criteria)
    found = [(kind, [each for each in rows if each.kind == kind]) for kind in CriterionKind]
    return [(kind, of_kind) for kind, of_kind in found if of_kind]
