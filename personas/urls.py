"""Addresses of personas, below /personas/."""

from django.urls import path

from personas.views import draft, personas

urlpatterns = [
    path("", personas.personas, name="personas"),
    path("new/", personas.persona_new, name="persona_new"),
    path("<int:pk>/", personas.persona, name="persona"),
    path("<int:pk>/versions/", personas.persona_versions, name="persona_versions"),
    path("<int:pk>/rename/", personas.persona_rename, name="persona_rename"),
    path("<int:pk>/archive/", personas.persona_archive, name="persona_archive"),
    path("<int:pk>/restore/", personas.persona_restore, name="persona_restore"),
    path("<int:pk>/draft/", draft.start, name="persona_draft"),
    path("<int:pk>/edit/", draft.edit, name="persona_edit"),
    path("<int:pk>/reading/", draft.reading, name="persona_reading"),
    path("<int:pk>/publish/", draft.publish, name="persona_publish"),
    path("<int:pk>/discard/", draft.discard, name="persona_discard"),
]
