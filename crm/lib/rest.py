"""Fields, request bodies, query strings and keyset pages that all parts of the REST API share.

Bodies and query strings refuse names that they do not know.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import reduce
from typing import Any

from django.core.exceptions import ValidationError as BadValue
from django.core.validators import validate_email
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from crm.lib import countries
from crm.lib.input import json_text, numbers
from crm.lib.numbers.typed import read_exact
from crm.lib.paging import BadParameter, Order, Page
from crm.lib.text import clean_line, clean_text

USUAL_SIZE = 50
LARGEST_SIZE = 100
LONGEST_CURSOR = 600
# The offset is needed; a date alone is no moment.
RFC_3339 = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
NAMES_SHOWN = 20  # of unknown fields or parameters in one answer

# -- Fields


class Line(serializers.CharField):
    """One line of text, cleaned by the rule of crm.lib.text.

    It takes strings only, so that 5 or true do not silently become text.
    """

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return clean_line(data)


class Lines(Line):
    """Text of several lines, cleaned by the same rule."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return clean_text(data)


class OptionalLine(Line):
    """A line that may be empty or missing."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_blank=True, required=False, **kwargs)


class OptionalLines(Lines):
    """Text that may be empty or missing."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_blank=True, required=False, **kwargs)


class Email(Line):
    """An e-mail address, or an empty text."""

    default_error_messages = {"email": _("Enter a valid e-mail address.")}

    def to_internal_value(self, data: Any) -> str:
        value = super().to_internal_value(data)
        try:
            if value and len(value) <= 254:
                validate_email(value)
        except BadValue:
            self.fail("email")
        return value


class Country(Line):
    """An ISO 3166-1 code of two letters, or an empty text."""

    default_error_messages = {
        "country": _("Give the country as its code of two letters (ISO 3166), as in MX.")
    }

    def to_internal_value(self, data: Any) -> str:
        code = super().to_internal_value(data).upper()
        if code and countries.name(code) == code:
            self.fail("country")
        return code


class Code(serializers.SlugRelatedField):
    """A row of a catalogue by its code."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(slug_field="code", **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Id(serializers.PrimaryKeyRelatedField):
    """A row by its id, as a whole number."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("incorrect_type", data_type=type(data).__name__)
        return super().to_internal_value(data)


def exact_number(data: Any) -> Decimal:
    """Return a JSON number, or the number in a string as "-12.50". Raise ValueError.

    The region of a person never matters here, and nothing groups thousands.
    """
    if isinstance(data, str):
        return read_exact(data)
    if isinstance(data, bool) or not isinstance(data, int | float):
        raise ValueError(data)
    # By way of text: Decimal(0.1) would keep the error of the float.
    return Decimal(str(data))


class Whole(serializers.IntegerField):
    """A whole number."""

    default_error_messages = {
        "number": _("Give a whole number, as in 1000: without grouping, signs or letters.")
    }

    def to_internal_value(self, data: Any) -> int:
        try:
            number = exact_number(data)
        except ValueError:
            self.fail("number")
        if number != number.to_integral_value():
            self.fail("number")
        return super().to_internal_value(int(number))


class Number(serializers.DecimalField):
    """A number, or a string of digits with a point before decimals."""

    default_error_messages = {
        "number": _("Give a number with a point before decimals, as in 1000.50: without grouping.")
    }

    def to_internal_value(self, data: Any) -> Decimal:
        try:
            number = exact_number(data)
        except ValueError:
            self.fail("number")
        return super().to_internal_value(f"{number:f}")


@extend_schema_field(
    {
        "type": "string",
        "format": "decimal",
        "pattern": r"^-?\d{1,12}(\.\d{1,2})?$",
    }
)
class Amount(Number):
    """An amount in the organisation's currency."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=14, decimal_places=2, **kwargs)


class Moment(serializers.DateTimeField):
    """An instant, always shown in UTC.

    A request gives it with its offset: without one, a time of day is read as one of another zone.
    """

    default_error_messages = {
        "zone": _(
            "Give date, time and offset from UTC (RFC 3339), as in 2026-12-03T15:30:00-05:00."
        )
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(default_timezone=UTC, **kwargs)

    def to_internal_value(self, data: Any) -> datetime:
        if not isinstance(data, str) or not RFC_3339.fullmatch(data):
            self.fail("zone")
        return super().to_internal_value(data)


class Body(serializers.Serializer):
    """The body of a request. An unknown field is an error, so that a typing error shows."""

    def to_internal_value(self, data: Any) -> Any:
        known = {name for name, field in self.fields.items() if not field.read_only}
        unknown = []
        if isinstance(data, Mapping):
            unknown = sorted(set(data) - known)
        if unknown:
            text = _("This field is not known here.")
            named = unknown[:NAMES_SHOWN]
            raise serializers.ValidationError({name[:60]: [text] for name in named})
        return super().to_internal_value(data)


# The body of an answer: every field is read only. It has no docstring, which the OpenAPI document
# would give to each serializer that has none of its own.
class Answer(serializers.Serializer):
    def get_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().get_fields()
        for field in fields.values():
            field.read_only = True
            field.required = False
        return fields


class Named(Answer):
    """A person or an object by id and name."""

    id = serializers.IntegerField()
    name = serializers.CharField()


# -- Addresses


def check_query(query: Mapping[str, str], allowed: Iterable[str]) -> None:
    """Raise BadParameter, which names them, where ``query`` has unknown parameters."""
    unknown = sorted(set(query) - set(allowed))
    if unknown:
        names = [clean_line(name)[:60] for name in unknown[:NAMES_SHOWN]]
        text = _("The address has a part that this list does not know: %s.") % ", ".join(names)
        fields = dict.fromkeys(names, _("This parameter is not known here."))
        raise BadParameter(text, fields=fields)


def size_of(query: Mapping[str, str]) -> int:
    """Return the size of a page, the parameter ``limit``. Raise BadParameter outside 1 to 100."""
    size = numbers.whole(query.get("limit", str(USUAL_SIZE)))
    if size is not None and 1 <= size <= LARGEST_SIZE:
        return size
    text = _("Give a whole number from 1 to %(most)d.") % {"most": LARGEST_SIZE}
    raise BadParameter(text, fields={"limit": text})


# -- Pages


@dataclass(frozen=True)
class Key:
    """A column of the order of a list. Nulls come last.

    ``read`` makes a value of the column out of the text in a cursor.
    """

    field: str
    read: Callable[[str], Any]
    descending: bool = False
    nullable: bool = False


def whole(text: str) -> int:
    """Return an id. Raise ValueError for a text that is no possible id."""
    number = numbers.whole(text)
    if number is None:
        raise ValueError(text)
    return number


def day(text: str) -> date:
    return date.fromisoformat(text)


def keys_of(order: Order) -> tuple[Key, Key]:
    """Return the keys of the order of a page, so that both list the same rows first."""
    return (
        Key(order.field, order.read, order.descending, order.nullable),
        Key("pk", whole, order.descending),
    )


def page(rows: QuerySet[Any], order: Sequence[Key], *, cursor: str, size: int) -> Page:
    """Return one page of ``rows`` in ``order``, whose last key must be unique.

    ``cursor`` comes from the page before, empty for the first one. Raise BadParameter where it
    cannot be read.
    """
    ordering = [_ordering(key) for key in order]
    rows = rows.order_by(*ordering)
    if cursor:
        last_values = _read(order, cursor)
        rows = rows.filter(_after(order, last_values))
    # One row more than is shown: it only proves that there is a next page.
    fetched = list(rows[: size + 1])
    shown = fetched[:size]
    following = ""
    if len(fetched) > size:
        following = _write(order, shown[-1])
    return Page(shown, following)


def _ordering(key: Key) -> Any:
    nulls_last = key.nullable or None  # False is not allowed
    if key.descending:
        return F(key.field).desc(nulls_last=nulls_last)
    return F(key.field).asc(nulls_last=nulls_last)


def _after(order: Sequence[Key], values: Sequence[Any]) -> Q:
    """Return the condition of all rows that come after the row with these values."""
    key = order[0]
    value = values[0]
    is_null = Q(**{f"{key.field}__isnull": True})
    sign = "gt"
    if key.descending:
        sign = "lt"
    from_here = Q()
    if value is None:
        beyond = Q(pk__in=[])
        same = is_null
    else:
        beyond = Q(**{f"{key.field}__{sign}": value})
        same = Q(**{key.field: value})
        if key.nullable:
            beyond |= is_null
        else:
            # This condition alone lets the index begin at the right place.
            from_here = Q(**{f"{key.field}__{sign}e": value})
    if len(order) == 1:
        return beyond
    return from_here & (beyond | (same & _after(order[1:], values[1:])))


def _write(order: Sequence[Key], row: Any) -> str:
    """Return the cursor of the page that follows ``row``."""
    texts = []
    for key in order:
        value = reduce(_attribute, key.field.split("__"), row)
        texts.append(_text(value))
    data = json.dumps(texts, separators=(",", ":"))
    cursor = base64.urlsafe_b64encode(data.encode())
    # The padding would have to be escaped in an address.
    return cursor.decode().rstrip("=")


def _attribute(row: Any, name: str) -> Any:
    """Return an attribute of a related row, None where there is no such row."""
    return getattr(row, name, None)


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def _read(order: Sequence[Key], cursor: str) -> list[Any]:
    """Return the values of the last row of the page before. Raise BadParameter."""
    try:
        if len(cursor) > LONGEST_CURSOR:
            raise ValueError
        padding = b"=" * (-len(cursor) % 4)
        decoded = base64.urlsafe_b64decode(cursor.encode("ascii") + padding)
        texts = json_text.read(decoded.decode())
        if not isinstance(texts, list) or len(texts) != len(order):
            raise ValueError
        return [_value(key, text) for key, text in zip(order, texts, strict=True)]
    except (ValueError, OverflowError, binascii.Error):
        text = _("This page address is not complete. Start again from the list.")
        raise BadParameter(text, fields={"cursor": text}) from None


def _value(key: Key, text: Any) -> Any:
    """Return the value of one column. Raise ValueError for a text that is none."""
    if text is None and key.nullable:
        return None
    if not isinstance(text, str):
        raise ValueError(text)
    return key.read(text)
