"""Columns of related rows that are read without a join."""

from __future__ import annotations

from django.db.models import Model, OuterRef, Subquery


def looked_up(model: type[Model], at: str, column: str) -> Subquery:
    """Return ``column`` of the row of ``model`` whose key is at ``at``; null without such a row.

    For small tables around a row: PostgreSQL tries the orders of all tables of a join, so that a
    lead with seven of them took 1.3 ms to plan and 0.1 ms to read. Subqueries are planned alone.
    """
    row = model._default_manager.filter(pk=OuterRef(at)).order_by()
    return Subquery(row.values(column))
