"""URLs of the agreement between marketing and sales."""

from django.urls import URLPattern, path

from sla.views import agreement_edit, agreement_steps, agreements, reasons
from sla.views.reasons import Catalogue


def catalogue(address: str, kept: Catalogue) -> list[URLPattern]:
    """The addresses of a catalogue of reasons, below ``address``."""
    given, one = {"catalogue": kept}, kept.url
    return [
        path(address, reasons.listing, given, name=f"{one}s"),
        path(f"{address}<int:pk>/", reasons.editing, given, name=one),
        path(f"{address}<int:pk>/archive/", reasons.archive, given, name=f"{one}_archive"),
        path(f"{address}<int:pk>/restore/", reasons.restore, given, name=f"{one}_restore"),
        path(f"{address}<int:pk>/delete/", reasons.delete, given, name=f"{one}_delete"),
    ]


urlpatterns = [
    *catalogue("reasons/", reasons.REJECTING),
    *catalogue("pauses/", reasons.PAUSING),
    path("", agreements.agreement, name="agreement"),
    path("all/", agreements.agreement_list, name="agreement_list"),
    path("new/", agreement_steps.agreement_new, name="agreement_new"),
    path("<int:pk>/", agreements.agreement_version, name="agreement_version"),
    path("<int:pk>/edit/", agreement_edit.agreement_edit, name="agreement_edit"),
    path("<int:pk>/capacity/", agreement_edit.agreement_capacity, name="agreement_capacity"),
    path("<int:pk>/next/", agreement_steps.agreement_next, name="agreement_next"),
    path("<int:pk>/propose/", agreement_steps.agreement_propose, name="agreement_propose"),
    path("<int:pk>/sign/", agreement_steps.agreement_sign, name="agreement_sign"),
    path("<int:pk>/reopen/", agreement_steps.agreement_reopen, name="agreement_reopen"),
    path("<int:pk>/discard/", agreement_steps.agreement_discard, name="agreement_discard"),
    path("<int:pk>/comment/", agreement_steps.agreement_comment, name="agreement_comment"),
    path("<int:pk>/diff/", agreements.agreement_diff, name="agreement_diff"),
    path("<int:pk>/print/", agreements.agreement_print, name="agreement_print"),
]
