"""The page that chooses a persona to begin with."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse

from crm.accounts.permissions import can_configure
from crm.accounts.request import Request, require_permission
from crm.setup import summary
from crm.setup.forms.templates import PersonaForm
from crm.setup.starter import persona_templates
from crm.setup.views.steps import answer, page
from personas import personas


@page
@require_permission(can_configure)
def persona(request: Request) -> HttpResponse:
    """Choose a persona to begin with."""
    form = PersonaForm(request.POST or None)

    def save(now: Any) -> None:
        chosen = persona_templates.TEMPLATES[form.cleaned_data["template"]]
        persona_templates.publish_template(chosen, by=request.user, at=now)

    offers = [
        (key, summary.persona(template)) for key, template in persona_templates.TEMPLATES.items()
    ]
    return answer(request, "persona", form, save, offers=offers, in_use=personas.published())
