"""Form fields for numbers: text inputs that are read by the habits of the reader's region.

An input of type number would not do: browsers take "1.000" for 1, or send nothing at all.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext as _

from crm.lib import number_formats
from crm.lib.numbers import typed

LONGEST_SHOWN = 40  # characters of what was typed, in an error
LARGEST_AMOUNT = Decimal("999999999999.99")  # numeric(14, 2)


class NumberField(forms.Field):
    """A number with at most ``places`` decimals; further ones are rounded, with a ``note``.

    A value that comes back as the page drew it is the stored value, whatever its decimals and the
    bounds of the field: it never stands in the way of another change.
    """

    keyboard = "decimal"
    places = 4

    def __init__(
        self,
        *,
        min_value: int | Decimal | None = None,
        max_value: int | Decimal | None = None,
        widget: forms.Widget | None = None,
        **kwargs: Any,
    ) -> None:
        if widget is None:
            attrs = {"inputmode": self.keyboard, "autocomplete": "off"}
            widget = forms.TextInput(attrs=attrs)
        super().__init__(widget=widget, **kwargs)
        if min_value is not None:
            self.validators.append(MinValueValidator(min_value))
        if max_value is not None:
            self.validators.append(MaxValueValidator(max_value))
        self.stored: Any = None
        self.note = ""

    def get_bound_field(self, form: forms.BaseForm, field_name: str) -> forms.BoundField:
        # Django's forms ask for the bound field before they clean; clean() gets no initial value.
        self.stored = form.get_initial_for_field(self, field_name)
        return super().get_bound_field(form, field_name)

    def prepare_value(self, value: Any) -> Any:
        """Return a number as text that reads back as the same number; typed text as it is."""
        if isinstance(value, int | float | Decimal):
            return typed.write(value, number_formats.decimal_sign())
        return value

    def has_changed(self, initial: Any, data: Any) -> bool:
        drawn = self.prepare_value(initial)
        return _text(drawn) != _text(data)

    def clean(self, value: Any) -> Any:
        is_number = isinstance(self.stored, int | float | Decimal)
        if is_number and not self.has_changed(self.stored, value):
            return self.stored
        return super().clean(value)

    def to_python(self, value: Any) -> Any:
        """Return the typed number, or None for an empty text. Raise ValidationError."""
        text = _text(value)
        if not text:
            return None
        return self.in_places(self.read(text), text)

    def read(self, text: str) -> Any:
        """Return the number in ``text``. Raise ValidationError."""
        return read_decimal(text)

    def in_places(self, value: Any, text: str) -> Any:
        """Return ``value`` without decimals that the field does not have; say so in ``note``."""
        decimals = -value.as_tuple().exponent
        if decimals <= self.places:
            return value
        kept = typed.rounded(value, self.places)
        # Zeros behind the last place are no decimals.
        if kept == value:
            return kept
        values = {
            "field": self.label,
            "typed": text,
            "kept": _shown(kept),
        }
        self.note = _("%(field)s: %(typed)s was rounded to %(kept)s.") % values
        return kept


class WholeField(NumberField):
    """A whole number. Either sign groups thousands: 1.000 = 1,000 = 1000."""

    keyboard = "numeric"
    places = 0

    def read(self, text: str) -> int:
        try:
            return typed.read_whole(text)
        except typed.NotWhole:
            message = _("Write a whole number, without decimals.")
        except typed.NotANumber:
            message = _not_read(text)
        raise ValidationError(message, code="invalid")

    def in_places(self, value: Any, text: str) -> Any:
        return value


class AmountField(NumberField):
    """An amount of money, as numeric(14, 2)."""

    places = 2

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_value=LARGEST_AMOUNT, **kwargs)


class ShareField(NumberField):
    """A share in percent, with two decimals; the sign % may be typed."""

    places = 2

    def read(self, text: str) -> Any:
        number = text.removesuffix("%").strip()
        return super().read(number)


def read_decimal(text: str) -> Decimal:
    """Return the number in ``text`` by the active region. Raise ValidationError.

    Where it may be thousands or decimals, the error asks with both readings.
    """
    try:
        return typed.read_decimal(text, number_formats.decimal_sign())
    except typed.TwoReadings as either:
        message = number_formats.which_of(either)
    except typed.NotANumber:
        message = _not_read(text)
    raise ValidationError(message, code="invalid")


def notes(form: forms.BaseForm) -> list[str]:
    """Return what the fields of a valid form rounded or left out, as sentences."""
    texts = [getattr(field, "note", "") for field in form.fields.values()]
    return [note for note in texts if note]


def _not_read(text: str) -> str:
    values = {"typed": text[:LONGEST_SHOWN], "example": _shown(Decimal("1234.5"))}
    return _("“%(typed)s” is not a number. Write it with digits, as in %(example)s.") % values


def _shown(value: Decimal) -> str:
    return typed.write(value, number_formats.decimal_sign())


def _text(value: Any) -> str:
    """Return what a control sent or shows, without blanks around it."""
    if value is None:
        return ""
    return str(value).strip()
