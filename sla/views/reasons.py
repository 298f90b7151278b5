"""Pages of the catalogues of reasons, to reject a lead and to pause a clock.

The leads of both sides keep them; admins may, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from crm.accounts.request import Request, require_permission
from sla.agreements import pause_reasons, permissions, rejection_reasons
from sla.forms.reasons import PauseReasonForm, ReasonForm, RejectionReasonForm
from sla.models import PauseReason, RejectionReason
from sla.states import RejectionClass
from sla.text.commitments import wall_time
from sla.views.form_page import answer, form_methods, posted

editors_only = require_permission(permissions.can_keep_reasons)


@dataclass(frozen=True)
class ReasonCatalogue:
    """One catalogue: its model, its noun module, its form, and the texts of its pages.

    ``url``: the URL name of one reason; that of the list ends in s. ``about``: the heading of the
    column that says more of each.
    """

    model: Any
    module: ModuleType
    form: type[ReasonForm]
    url: str
    title: str | Promise
    sub: str | Promise
    about: str | Promise

    def fetch(self, pk: int) -> Any:
        """Return the reason, else 404."""
        return get_object_or_404(self.model, pk=pk)

    def done(self, request: Request, message: str) -> HttpResponse:
        """Redirect to the list, with a message."""
        messages.success(request, message)
        return redirect(f"{self.url}s")


REJECTION = ReasonCatalogue(
    model=RejectionReason,
    module=rejection_reasons,
    form=RejectionReasonForm,
    url="rejection_reason",
    title=gettext_lazy("Reasons to reject"),
    sub=gettext_lazy("What a rep can say when they reject a lead before contact"),
    about=gettext_lazy("Class"),
)
PAUSE = ReasonCatalogue(
    model=PauseReason,
    module=pause_reasons,
    form=PauseReasonForm,
    url="pause_reason",
    title=gettext_lazy("Reasons to pause"),
    sub=gettext_lazy("For what a rep can pause a clock when the lead asks for time"),
    about=gettext_lazy("At most"),
)


@form_methods
@editors_only
def reason_list(request: Request, catalogue: ReasonCatalogue) -> HttpResponse:
    """Show all reasons in their order, and a form for a new one."""
    reasons = list(catalogue.model.objects.all())
    # For all rows at once; is_used would ask for each.
    used = catalogue.module.used()
    rows = [(reason, reason.pk in used, _detail(reason)) for reason in reasons]
    form = catalogue.form(posted(request), places=len(reasons) + 1)

    def save() -> HttpResponse:
        catalogue.module.create(**form.values(), by=request.user, at=request.now)
        return catalogue.done(request, _("Saved. The next version of an agreement can name it."))

    return answer(
        request,
        "sla/reasons.html",
        form,
        save,
        catalogue=catalogue,
        rows=rows,
    )


def _detail(reason: PauseReason | RejectionReason) -> str | Promise:
    """Return what the list says beside the name: the class, or how long a pause may last."""
    if isinstance(reason, PauseReason):
        return wall_time(reason.longest_minutes)
    return RejectionClass(reason.kind).label


@form_methods
@editors_only
def reason_edit(
    request: Request,
    catalogue: ReasonCatalogue,
    pk: int,
) -> HttpResponse:
    """Change one reason."""
    reason = catalogue.fetch(pk)
    form = catalogue.form(posted(request), reason=reason)

    def save() -> HttpResponse:
        catalogue.module.change(
            reason,
            by=request.user,
            at=request.now,
            **form.values(),
        )
        return catalogue.done(request, _("Saved."))

    # The page says before saving what an agreement holds fixed.
    is_used = catalogue.module.is_used(reason)
    context = {
        "catalogue": catalogue,
        "reason": reason,
        "is_used": is_used,
    }
    return answer(request, "sla/reason.html", form, save, **context)


@require_POST
@editors_only
def archive(request: Request, catalogue: ReasonCatalogue, pk: int) -> HttpResponse:
    """Archive a reason: no rep chooses it any more."""
    catalogue.module.archive(catalogue.fetch(pk), by=request.user, at=request.now)
    return catalogue.done(request, _("Archived. What was signed and decided keeps it."))


@require_POST
@editors_only
def restore(request: Request, catalogue: ReasonCatalogue, pk: int) -> HttpResponse:
    """Take a reason into use again."""
    catalogue.module.restore(catalogue.fetch(pk), by=request.user, at=request.now)
    return catalogue.done(request, _("In use again."))


@require_POST
@editors_only
def delete(request: Request, catalogue: ReasonCatalogue, pk: int) -> HttpResponse:
    """Delete a reason that no agreement ever named."""
    catalogue.module.delete(catalogue.fetch(pk), by=request.user, at=request.now)
    return catalogue.done(request, _("Deleted: no agreement ever named it."))
