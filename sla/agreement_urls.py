"""URLs of the agreement between marketing and sales."""

from django.urls import URLPattern, path

from sla.views import agreement_edit, agreement_steps, agreements, reasons
from sla.views.reasons import ReasonCatalogue


def reason_patterns(prefix: str, catalogue: ReasonCatalogue) -> list[URLPattern]:
    """Return the patterns of a catalogue of reasons, below ``prefix``."""
    kwargs = {"catalogue": catalogue}
    name = catalogue.url
    return [
        path(prefix, reasons.reason_list, kwargs, name=f"{name}s"),
        path(f"{prefix}<int:pk>/", reasons.reason_edit, kwargs, name=name),
        path(f"{prefix}<int:pk>/archive/", reasons.archive, kwargs, name=f"{name}_archive"),
        path(f"{prefix}<int:pk>/restore/", reasons.restore, kwargs, name=f"{name}_restore"),
        path(f"{prefix}<int:pk>/delete/", reasons.delete, kwargs, name=f"{name}_delete"),
    ]


urlpatterns = [
    *reason_patterns("reasons/", reasons.REJECTION),
    *reason_patterns("pauses/", reasons.PAUSE),
    path("", agreements.agreement, name="agreement"),
    path("all/", agreements.agreement_list, name="agreement_list"),
    path("new/", agreement_steps.agreement_new, name="agreement_new"),
    path("<int:pk>/", agreements.agreement_version, name="agreement_version"),
    path("<int:pk>/edit/", agreement_edit.agreement_edit, name="agreement_edit"),
    path("<int:pk>/capacity/", agreement_edit.agreement_capacity, name="agreement_capacity"),
    path("<int:pk>/next/", agreement_steps.agreement_next, name="agreement_next"),
    path(
        "<int:pk>/promise/<slug:metric>/",
        agreement_steps.agreement_promise,
        name="agreement_promise",
    ),
    path("<int:pk>/propose/", agreement_steps.agreement_propose, name="agreement_propose"),
    path("<int:pk>/sign/", agreement_steps.agreement_sign, name="agreement_sign"),
    path("<int:pk>/reopen/", agreement_steps.agreement_reopen, name="agreement_reopen"),
    path("<int:pk>/discard/", agreement_steps.agreement_discard, name="agreement_discard"),
    path("<int:pk>/comment/", agreement_steps.agreement_comment, name="agreement_comment"),
    path("<int:pk>/diff/", agreements.agreement_diff, name="agreement_diff"),
    path("<int:pk>/print/", agreements.agreement_print, name="agreement_print"),
]
