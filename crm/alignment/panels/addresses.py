"""Addresses of the lists behind the numbers, and of the CSV files of the panels."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

from django.urls import reverse

from crm.alignment.numbers.agreement import Reason, Week
from crm.alignment.numbers.scope import Scope
from crm.alignment.numbers.slices import SLICES


def query(scope: Scope) -> dict[str, str]:
    """Return the parameters of ``scope`` in an address."""
    params = {"from": scope.period.start.isoformat(), "to": scope.period.end.isoformat()}
    team = scope.marketing or scope.sales
    if scope.source:
        params["source"] = scope.source
    if team:
        params["team"] = str(team)
    if scope.person:
        params["by"] = str(scope.person)
    if scope.persona:
        params["persona"] = scope.persona
    return params


def links(scope: Scope) -> dict[str, str]:
    """Return the address of the list behind each number of ``scope``.

    Rejections by reason are left out, since their list needs a reason (:func:`of_reason`).
    """
    path = reverse("alignment_leads")
    params = query(scope)
    addresses = {}
    for name in SLICES:
        if name != "rejected_for":
            addresses[name] = f"{path}?{urlencode({'show': name, **params})}"
    return addresses


def of_reason(scope: Scope, reason: Reason) -> str:
    """Return the address of the rejections with one reason."""
    params = {"show": "rejected_for", "reason": reason.code, **query(scope)}
    return f"{reverse('alignment_leads')}?{urlencode(params)}"


def of_week(scope: Scope, week: Week) -> dict[str, str]:
    """Return the addresses of one week, as far as it lies in the period."""
    return links(replace(scope, period=scope.period.week(week.start)))


def of_file(scope: Scope, panel: str, **more: str) -> str:
    """Return the address of the CSV file of one panel."""
    params = {**query(scope), **more}
    return f"{reverse('alignment_csv', args=[panel])}?{urlencode(params)}"
