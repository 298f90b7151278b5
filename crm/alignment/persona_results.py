"""The page that sets personas side by side with what became of their leads."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from crm.accounts.request import Request, deny_unless
from crm.alignment.forms import ScopeForm
from crm.alignment.numbers import cohort
from crm.alignment.numbers.cohort import Group
from crm.alignment.numbers.scope import NOT_GIVEN, Scope
from crm.alignment.panels.addresses import links
from crm.alignment.panels.drawings import LEAST
from leads.permissions import can_read_alignment
from personas import documents
from personas import personas as catalogue
from personas.documents import Passage
from personas.models import Persona
from personas.views.persona_overview import Card, cards


@dataclass(frozen=True)
class Result:
    """The leads that one persona judged, by stage.

    ``persona`` is None for leads that no persona has judged yet. ``to`` holds the list behind each
    number. Shares are left out below LEAST cases.
    """

    persona: Persona | None
    who: Passage
    group: Group
    to: dict[str, str]

    @property
    def too_few(self) -> bool:
        return self.group.leads < LEAST

    @property
    def too_few_handed_off(self) -> bool:
        return self.group.to_decide < LEAST


def results(scope: Scope, personas: list[Card]) -> list[Result]:
    """Return the results of each persona that is in use or has leads in the period.

    The persona with most leads comes first, leads without a persona last. It takes one query.
    """
    groups = {group.key: group for group in cohort.by_persona(scope)}
    no_leads = Group("", "", 0, 0, 0, 0, 0, 0, 0, 0, None)
    shown = []
    for card in personas:
        persona = card.persona
        key = str(persona.pk)
        is_in_use = card.published and not persona.archived_at
        # An archived persona stays while its leads count, or the sum of the page would not be
        # that of the alignment page.
        if is_in_use or key in groups:
            group = groups.get(key, no_leads)
            to = links(replace(scope, persona=key))
            shown.append(Result(persona, card.who, group, to))
    shown.sort(key=lambda result: -result.group.leads)
    if NOT_GIVEN in groups:
        to = links(replace(scope, persona=NOT_GIVEN))
        no_text = documents.passage(None)
        shown.append(Result(None, no_text, groups[NOT_GIVEN], to))
    return shown


@require_safe
def persona_results(request: Request) -> HttpResponse:
    """Show personas side by side with the stages of their leads, as the alignment page counts."""
    deny_unless(can_read_alignment(request.user))
    form = ScopeForm(request.GET, zone=request.organisation.time_zone, at=request.now)
    context: dict[str, Any] = {"form": form, "presets": form.presets()}
    if not form.is_valid():
        return render(request, "alignment/persona_results.html", context, status=400)
    scope = form.scope
    personas = cards(catalogue.everything())
    context |= {"scope": scope, "results": results(scope, personas)}
    return render(request, "alignment/persona_results.html", context)
