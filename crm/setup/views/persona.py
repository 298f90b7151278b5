"""The page that chooses a persona to start from."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpResponse

from crm.accounts.permissions import can_configure
from crm.accounts.request import Request, require_permission
from crm.setup import summary
from crm.setup.forms.templates import PersonaTemplateForm
from crm.setup.starter.persona_templates import TEMPLATES, publish_template
from crm.setup.views.steps import answer, page
from personas import personas


@page
@require_permission(can_configure)
def persona(request: Request) -> HttpResponse:
    """Publish the persona of a template."""
    form = PersonaTemplateForm(request.POST or None)

    def save(now: datetime) -> None:
        template = TEMPLATES[form.cleaned_data["template"]]
        # Published at once: the test lead of the last step needs a published persona.
        publish_template(template, by=request.user, at=now)

    offers = []
    for key, template in TEMPLATES.items():
        preview = summary.persona_preview(template)
        offers.append((key, preview))
    in_use = personas.published()
    return answer(request, "persona", form, save, offers=offers, in_use=in_use)
