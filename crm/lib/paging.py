"""Keyset paging: a page begins after the last row of the one before, so deep pages cost what the first one does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from crm.lib.errors import DomainError


class BadParameter(DomainError):
    """A part of the address that cannot be read: 400."""

    status = 400
    code = "bad_parameter"


@dataclass(frozen=True)
class Page:
    """``rows`` of this page; ``next``: the value of ``after`` for the next one, empty at the end."""

    rows: Sequence[Any]
    next: str


def newest_first(rows: QuerySet[Any], field: str, *, after: str, size: int) -> Page:
    """One page of ``rows`` by (date ``field``, id), both descending. ``after``: "2026-03-02.1234" or empty."""
    rows = rows.order_by(f"-{field}", "-pk")
    if after:
        on, pk = _read(after)
        # the first condition alone lets the index begin at the right place
        rows = rows.filter(Q(**{f"{field}__lte": on}) & (Q(**{f"{field}__lt": on}) | Q(pk__lt=pk)))
    found = list(rows[: size + 1])
    more = len(found) > size
    shown = found[:size]
    return Page(shown, _write(shown[-1], field) if more else "")


def _write(row: Model, field: str) -> str:
    return f"{getattr(row, field).isoformat()}.{row.pk}"


def _read(after: str) -> tuple[date, int]:
    on, _dot, pk = after.rpartition(".")
    try:
        return date.fromisoformat(on), int(pk)
    except ValueError:
        raise BadParameter(_("This page address is not complete. Start again from the list.")) from None
