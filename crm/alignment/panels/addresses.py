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
    period = scope.period
    params = {"from": period.start.isoformat(), "to": period.end.isoformat()}
    # One parameter for both: the side of a team follows from the team.
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
            shown = {"show": name, **params}
            addresses[name] = f"{path}?{urlencode(shown)}"
    return addresses


def of_reason(scope: Scope, reason: Reason) -> str:
    """Return the address of the rejections with one reason."""
    params = {"show": "rejected_for", "reason": reason.code, **query(scope)}
    path = reverse("alignment_leads")
    return f"{path}?{urlencode(params)}"


def of_week(scope: Scope, week: Week) -> dict[str, str]:
    """Return the addresses of one week, as far as it lies in the period."""
    # The first and the last week are cut as the numbers are, or list and number would differ.
    period = scope.period.week(week.start)
    return links(replace(scope, period=period))


def of_file(scope: Scope, panel: str, **more: str) -> str:
    """Return the address of the CSV file of one panel."""
    params = {**query(scope), **more}
    path = reverse("alignment_csv", args=[panel])
    return f"{path}?{urlencode(params)}"
