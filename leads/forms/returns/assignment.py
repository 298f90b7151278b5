"""The form that gives a return to another person."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from leads.forms.handoffs import ReassignForm
from leads.models import Handoff
from leads.returns import returns


def answerer_form(handoff: Handoff, data: Any = None, *, at: datetime) -> ReassignForm:
    """Return the form with the colleagues who may answer the return instead."""
    form = ReassignForm(
        data, colleagues=returns.colleagues(handoff, at=at), auto_id="id_give-return_%s"
    )
    form.fields["owner"].label = _("Who answers it")
    return form
