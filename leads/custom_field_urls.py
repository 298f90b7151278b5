"""URLs of custom fields, below /personas/fields/."""

from django.urls import path

from leads.views.settings import custom_fields

urlpatterns = [
    path("", custom_fields.custom_fields, name="custom_fields"),
    path("<int:pk>/", custom_fields.custom_field, name="custom_field"),
    path("<int:pk>/archive/", custom_fields.archive, name="custom_field_archive"),
    path("<int:pk>/restore/", custom_fields.restore, name="custom_field_restore"),
]
