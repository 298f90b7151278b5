"""Keyset paging: a page begins after the last row of the page before.

So a deep page costs no more than the first one.
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
    """A parameter of the address cannot be read."""

    status = 400
    code = "bad_parameter"


COUNTED_UP_TO = 1000  # rows; the length of a longer list is estimated


@dataclass(frozen=True)
class Size:
    """The length of a list: ``n`` rows, about ``n``, or more than ``n``."""

    n: int
    is_about: bool = False
    is_more: bool = False


@dataclass(frozen=True)
class Page:
    """One page. ``next`` is the parameter ``after`` of the next page, empty at the end."""

    rows: Sequence[Any]
    next: str


def newest_first(rows: QuerySet[Any], field: str, *, after: str, size: int) -> Page:
    """Return one page of ``rows`` by the date ``field`` and the id, both descending.

    ``after`` names the last row of the page before, as in "2026-03-02.1234"; empty is the first
    page. Raise BadParameter where it cannot be read.
    """
    rows = rows.order_by(f"-{field}", "-pk")
    if after:
        on, pk = _read(after)
        # The first condition alone lets the index begin at the right place.
        rows = rows.filter(Q(**{f"{field}__lte": on}) & (Q(**{f"{field}__lt": on}) | Q(pk__lt=pk)))
    fetched = list(rows[: size + 1])
    shown = fetched[:size]
    following = ""
    if len(fetched) > size:
        following = _write(shown[-1], field)
    return Page(shown, following)


def size_of(rows: QuerySet[Any], page: Page, field: str, *, after: str) -> Size:
    """Return the length of the list that ``page`` is a part of.

    It is exact up to COUNTED_UP_TO rows, else the planner's estimate. It costs no query where the
    page is the whole list, else at most two of a bounded cost.
    """
    if not (after or page.next):
        return Size(len(page.rows))
    # In the order of the pages, so that counting stops where the list would.
    counted = rows.order_by(f"-{field}", "-pk")[: COUNTED_UP_TO + 1].count()
    if counted <= COUNTED_UP_TO:
        return Size(counted)
    plan = json.loads(rows.order_by().select_related(None).explain(format="json"))
    return _rounded(int(plan[0]["Plan"]["Plan Rows"]))


def _rounded(estimate: int) -> Size:
    """Return an estimate with three digits; one below the counted rows only says "more"."""
    if estimate <= COUNTED_UP_TO:
        return Size(COUNTED_UP_TO, is_more=True)
    unit = 10 ** (len(str(estimate)) - 3)
    return Size(round(estimate / unit) * unit, is_about=True)


def _write(row: Model, field: str) -> str:
    """Return the parameter ``after`` of the page that follows ``row``."""
    return f"{getattr(row, field).isoformat()}.{row.pk}"


def _read(after: str) -> tuple[date, int]:
    """Return date and id of the last row of the page before."""
    on, _dot, pk = after.rpartition(".")
    try:
        return date.fromisoformat(on), int(pk)
    except ValueError:
        raise BadParameter(
            _("This page address is not complete. Start again from the list.")
        ) from None
