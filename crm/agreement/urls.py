"""URLs of the agreement between marketing and sales."""

from django.urls import URLPattern, path

from crm.agreement import act_views, edit_views, reason_views, views
from crm.agreement.reason_views import Catalogue


def catalogue(address: str, kept: Catalogue) -> list[URLPattern]:
    """The addresses of a catalogue of reasons, below ``address``."""
    given, one = {"catalogue": kept}, kept.url
    return [
        path(address, reason_views.listing, given, name=f"{one}s"),
        path(f"{address}<int:pk>/", reason_views.editing, given, name=one),
        path(f"{address}<int:pk>/archive/", reason_views.archive, given, name=f"{one}_archive"),
        path(f"{address}<int:pk>/restore/", reason_views.restore, given, name=f"{one}_restore"),
        path(f"{address}<int:pk>/delete/", reason_views.delete, given, name=f"{one}_delete"),
    ]


urlpatterns = [
    *catalogue("reasons/", reason_views.REJECTING),
    *catalogue("pauses/", reason_views.PAUSING),
    path("", views.agreement, name="agreement"),
    path("all/", views.agreement_list, name="agreement_list"),
    path("new/", act_views.agreement_new, name="agreement_new"),
    path("<int:pk>/", views.agreement_version, name="agreement_version"),
    path("<int:pk>/edit/", edit_views.agreement_edit, name="agreement_edit"),
    path("<int:pk>/capacity/", edit_views.agreement_capacity, name="agreement_capacity"),
    path("<int:pk>/next/", act_views.agreement_next, name="agreement_next"),
    path("<int:pk>/propose/", act_views.agreement_propose, name="agreement_propose"),
    path("<int:pk>/sign/", act_views.agreement_sign, name="agreement_sign"),
    path("<int:pk>/reopen/", act_views.agreement_reopen, name="agreement_reopen"),
    path("<int:pk>/discard/", act_views.agreement_discard, name="agreement_discard"),
    path("<int:pk>/comment/", act_views.agreement_comment, name="agreement_comment"),
    path("<int:pk>/diff/", views.agreement_diff, name="agreement_diff"),
    path("<int:pk>/print/", views.agreement_print, name="agreement_print"),
]
