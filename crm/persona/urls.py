"""Addresses of personas, below /personas/."""

from django.urls import path

from crm.persona import draft_views, field_views, views

urlpatterns = [
    path("", views.personas, name="personas"),
    path("new/", views.persona_new, name="persona_new"),
    path("results/", views.persona_results, name="persona_results"),
    path("fields/", field_views.custom_fields, name="custom_fields"),
    path("fields/<int:pk>/", field_views.custom_field, name="custom_field"),
    path("fields/<int:pk>/archive/", field_views.archive, name="custom_field_archive"),
    path("fields/<int:pk>/restore/", field_views.restore, name="custom_field_restore"),
    path("<int:pk>/", views.persona, name="persona"),
    path("<int:pk>/versions/", views.persona_versions, name="persona_versions"),
    path("<int:pk>/rename/", views.persona_rename, name="persona_rename"),
    path("<int:pk>/archive/", views.persona_archive, name="persona_archive"),
    path("<int:pk>/restore/", views.persona_restore, name="persona_restore"),
    path("<int:pk>/draft/", draft_views.start, name="persona_draft"),
    path("<int:pk>/edit/", draft_views.edit, name="persona_edit"),
    path("<int:pk>/reading/", draft_views.reading, name="persona_reading"),
    path("<int:pk>/publish/", draft_views.publish, name="persona_publish"),
    path("<int:pk>/discard/", draft_views.discard, name="persona_discard"),
]
