"""Keyset paging: a page begins after the last row of the one before, so deep pages cost what the
first one does.
"""

from __future__ import annotations

import json
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


COUNTED_UP_TO = 1000  # rows; how many a longer list has is estimated


@dataclass(frozen=True)
class Size:
    """How long a list is: ``n`` rows, or about, or more than that many."""

    n: int
    is_about: bool = False
    is_more: bool = False


@dataclass(frozen=True)
class Page:
    """``rows`` of this page; ``next``: the value of ``after`` for the next one, empty at
    the end.
    """

    rows: Sequence[Any]
    next: str


def newest_first(rows: QuerySet[Any], field: str, *, after: str, size: int) -> Page:
    """One page of ``rows`` by (date ``field``, id), both descending.

    ``after``: "2026-03-02.1234" or empty.
    """
    rows = rows.order_by(f"-{field}", "-pk")
    if after:
        on, pk = _read(after)
        # the first condition alone lets the index begin at the right place
        rows = rows.filter(Q(**{f"{field}__lte": on}) & (Q(**{f"{field}__lt": on}) | Q(pk__lt=pk)))
    found = list(rows[: size + 1])
    more = len(found) > size
    shown = found[:size]
    return Page(shown, _write(shown[-1], field) if more else "")


def size_of(rows: QuerySet[Any], page: Page, field: str, *, after: str) -> Size:
    """How many ``rows`` the list of ``page`` has, exactly up to COUNTED_UP_TO, else by the
    planner's estimate.

    Costs no query where the page is the whole list, else at most two, however many rows there are.
    """
    if not (after or page.next):
        return Size(len(page.rows))
    # in the order of the pages, so that counting stops where the list would
    counted = rows.order_by(f"-{field}", "-pk")[: COUNTED_UP_TO + 1].count()
    if counted <= COUNTED_UP_TO:
        return Size(counted)
    plan = json.loads(rows.order_by().select_related(None).explain(format="json"))
    return _rounded(int(plan[0]["Plan"]["Plan Rows"]))


def _rounded(estimate: int) -> Size:
    """Three digits; an estimate below what was counted is none."""
    if estimate <= COUNTED_UP_TO:
        return Size(COUNTED_UP_TO, is_more=True)
    unit = 10 ** (len(str(estimate)) - 3)
    return Size(round(estimate / unit) * unit, is_about=True)


def _write(row: Model, field: str) -> str:
    return f"{getattr(row, field).isoformat()}.{row.pk}"


def _read(after: str) -> tuple[date, int]:
    on, _dot, pk = after.rpartition(".")
    try:
        return date.fromisoformat(on), int(pk)
    except ValueError:
        raise BadParameter(
            _("This page address is not complete. Start again from the list.")
        ) from None
