"""What the parts of the REST API share: fields, bodies and addresses that refuse the unknown,
keyset pages.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import reduce
from typing import Any

from django.core.exceptions import ValidationError as BadValue
from django.core.validators import validate_email
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from crm.lib import countries
from crm.lib.paging import BadParameter, Page
from crm.lib.text import clean_line, clean_text

USUAL_SIZE, LARGEST_SIZE = 50, 100
LONGEST_CURSOR = 600
NAMES_TOLD = 20  # of what is not known

# -- Fields


class Line(serializers.CharField):
    """One line of text by the written rule of crm.lib.text.

    Strings only: 5 and true are not silently text.
    """

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return clean_line(data)


class Lines(Line):
    """Text of several lines by the same rule."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return clean_text(data)


class Email(Line):
    """An e-mail address, or nothing."""

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
    """An ISO 3166-1 code of two letters, or nothing."""

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


class Moment(serializers.DateTimeField):
    """An instant, always shown in UTC."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(default_timezone=UTC, **kwargs)


class Body(serializers.Serializer):
    """What a request may say.

    A name that it does not know is refused, not ignored: typing errors show.
    """

    def to_internal_value(self, data: Any) -> Any:
        known = {name for name, field in self.fields.items() if not field.read_only}
        if isinstance(data, Mapping) and (unknown := sorted(set(data) - known)):
            told = {
                name[:60]: [_("This field is not known here.")] for name in unknown[:NAMES_TOLD]
            }
            raise serializers.ValidationError(told)
        return super().to_internal_value(data)


class Named(serializers.Serializer):
    """Somebody or something by id and name."""

    id = serializers.IntegerField(read_only=True)
    name = serializers.CharField(read_only=True)


# -- Addresses


def check_query(query: Mapping[str, str], allowed: Iterable[str]) -> None:
    """Raise BadParameter, naming them, where ``query`` has parts that the list does not know."""
    if unknown := sorted(set(query) - set(allowed)):
        names = [clean_line(name)[:60] for name in unknown[:NAMES_TOLD]]
        words = _("The address has a part that this list does not know: %s.") % ", ".join(names)
        raise BadParameter(
            words, fields=dict.fromkeys(names, _("This parameter is not known here."))
        )


def size_of(query: Mapping[str, str]) -> int:
    """The asked size of a page."""
    raw = query.get("limit", str(USUAL_SIZE))
    if raw.isascii() and raw.isdecimal() and len(raw) <= 4 and 1 <= int(raw) <= LARGEST_SIZE:
        return int(raw)
    words = _("Give a whole number from 1 to %(most)d.") % {"most": LARGEST_SIZE}
    raise BadParameter(words, fields={"limit": words})


# -- Pages


@dataclass(frozen=True)
class Key:
    """A column of a list's order.

    ``read`` makes its value of the text in a cursor; nulls come last.
    """

    field: str
    read: Callable[[str], Any]
    descending: bool = False
    nullable: bool = False


def whole(text: str) -> int:
    """An id; ValueError for anything that no id can be."""
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):
        raise ValueError(text)
    return int(text)


def instant(text: str) -> datetime:
    """An aware datetime."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(text)
    return found.astimezone(UTC)


def day(text: str) -> date:
    return date.fromisoformat(text)


def page(rows: QuerySet[Any], order: Sequence[Key], *, cursor: str, size: int) -> Page:
    """One page of ``rows`` in ``order``, whose last key is unique; ``next`` is the cursor of the
    next page.
    """
    rows = rows.order_by(*(_ordering(key) for key in order))
    if cursor:
        rows = rows.filter(_after(order, _read(order, cursor)))
    found = list(rows[: size + 1])
    shown = found[:size]
    return Page(shown, _write(order, shown[-1]) if len(found) > size else "")


def _ordering(key: Key) -> Any:
    last = True if key.nullable else None
    return (
        F(key.field).desc(nulls_last=last) if key.descending else F(key.field).asc(nulls_last=last)
    )


def _after(order: Sequence[Key], values: Sequence[Any]) -> Q:
    """Rows that come after the one with these values."""
    key, value = order[0], values[0]
    if value is None:
        beyond, same, from_here = Q(pk__in=[]), Q(**{f"{key.field}__isnull": True}), Q()
    else:
        sign = "lt" if key.descending else "gt"
        beyond, same = Q(**{f"{key.field}__{sign}": value}), Q(**{key.field: value})
        # it alone lets an index begin at the right place
        from_here = Q() if key.nullable else Q(**{f"{key.field}__{sign}e": value})
        if key.nullable:
            beyond |= Q(**{f"{key.field}__isnull": True})
    if len(order) == 1:
        return beyond
    return from_here & (beyond | (same & _after(order[1:], values[1:])))


def _write(order: Sequence[Key], row: Any) -> str:
    values = [
        reduce(lambda found, name: getattr(found, name, None), key.field.split("__"), row)
        for key in order
    ]
    texts = [
        None if v is None else v.isoformat() if isinstance(v, date) else str(v) for v in values
    ]
    return (
        base64.urlsafe_b64encode(json.dumps(texts, separators=(",", ":")).encode())
        .decode()
        .rstrip("=")
    )


def _read(order: Sequence[Key], cursor: str) -> list[Any]:
    try:
        if len(cursor) > LONGEST_CURSOR:
            raise ValueError
        texts = json.loads(
            base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        )
        if not isinstance(texts, list) or len(texts) != len(order):
            raise ValueError
        return [_value(key, text) for key, text in zip(order, texts, strict=True)]
    except (ValueError, OverflowError, binascii.Error):
        words = _("This page address is not complete. Start again from the list.")
        raise BadParameter(words, fields={"cursor": words}) from None


def _value(key: Key, text: Any) -> Any:
    if text is None and key.nullable:
        return None
    if not isinstance(text, str):
        raise ValueError(text)
    return key.read(text)
