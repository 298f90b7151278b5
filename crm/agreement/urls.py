"""URLs of the agreement between marketing and sales."""

from django.urls import path

from crm.agreement import act_views, edit_views, reason_views, views

urlpatterns = [
    path("", views.agreement, name="agreement"),
    path("all/", views.agreement_list, name="agreement_list"),
    path("new/", act_views.agreement_new, name="agreement_new"),
    path("reasons/", reason_views.rejection_reasons, name="rejection_reasons"),
    path("reasons/<int:pk>/", reason_views.rejection_reason, name="rejection_reason"),
    path("reasons/<int:pk>/archive/", reason_views.rejection_reason_archive, name="rejection_reason_archive"),
    path("reasons/<int:pk>/restore/", reason_views.rejection_reason_restore, name="rejection_reason_restore"),
    path("reasons/<int:pk>/delete/", reason_views.rejection_reason_delete, name="rejection_reason_delete"),
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
