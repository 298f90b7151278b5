"""Addresses of the lists behind the numbers, and of the files of the panels."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

from django.urls import reverse

from crm.alignment.numbers.agreement import Reason, Week
from crm.alignment.numbers.scope import Scope
from crm.alignment.numbers.slices import SLICES


def query(scope: Scope) -> dict[str, str]:
    """``scope`` as it stands in an address."""
    found = {"from": scope.period.start.isoformat(), "to": scope.period.end.isoformat()}
    if scope.source:
        found["source"] = scope.source
    if team := scope.marketing or scope.sales:
        found["team"] = str(team)
    if scope.person:
        found["by"] = str(scope.person)
    if scope.persona:
        found["persona"] = scope.persona
    return found


def links(scope: Scope) -> dict[str, str]:
    """The address of the list behind each number of ``scope``."""
    return {
        name: f"{reverse('alignment_leads')}?{urlencode({'show': name, **query(scope)})}"
        for name in SLICES
        if name != "rejected_for"
    }


def of_reason(scope: Scope, reason: Reason) -> str:
    """The rejections of one reason."""
    asked = {"show": "rejected_for", "reason": reason.code, **query(scope)}
    return f"{reverse('alignment_leads')}?{urlencode(asked)}"


def of_week(scope: Scope, week: Week) -> dict[str, str]:
    """The lists of one week, as far as it lies in the period."""
    return links(replace(scope, period=scope.period.week(week.start)))


def of_file(scope: Scope, panel: str, **more: str) -> str:
    """The CSV of one panel."""
    return f"{reverse('alignment_csv', args=[panel])}?{urlencode({**query(scope), **more})}"
