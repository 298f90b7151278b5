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
from personas.views.persona_page import Card, cards


@dataclass(frozen=True)
class Result:
    """What became of the leads that one persona judged; ``persona`` None for leads that none has
    judged yet.

    ``to``: the list behind each number. Shares are left out below LEAST cases.
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
        return self.group.handed_off < LEAST

    @property
    def refusal(self) -> float | None:
        """The share of the leads handed off that sales rejected at some time."""
        return self.group.refused / self.group.handed_off if self.group.handed_off else None


def results(scope: Scope, found: list[Card]) -> list[Result]:
    """One for each persona in use or with leads in the period, the one with most leads first,
    "none" last. One query more than ``found`` has taken.
    """
    groups = {group.key: group for group in cohort.by_persona(scope)}
    nothing = Group("", "", 0, 0, 0, 0, 0, 0, 0, 0, None)
    lines = []
    for card in found:
        key = str(card.persona.pk)
        if key in groups or (card.published and not card.persona.archived_at):
            group = groups.get(key, nothing)
            lines.append(Result(card.persona, card.who, group, links(replace(scope, persona=key))))
    lines.sort(key=lambda line: -line.group.leads)
    if NOT_GIVEN in groups:
        to = links(replace(scope, persona=NOT_GIVEN))
        lines.append(Result(None, documents.passage(None), groups[NOT_GIVEN], to))
    return lines


@require_safe
def persona_results(request: Request) -> HttpResponse:
    """Personas side by side with what became of their leads, from the numbers of the alignment
    page.
    """
    deny_unless(can_read_alignment(request.user))
    form = ScopeForm(request.GET, zone=request.organisation.time_zone, at=request.now)
    context: dict[str, Any] = {"form": form, "presets": form.presets()}
    if not form.is_valid():
        return render(request, "alignment/persona_results.html", context, status=400)
    context |= {
        "scope": form.scope,
        "results": results(form.scope, cards(catalogue.everything())),
    }
    return render(request, "alignment/persona_results.html", context)
