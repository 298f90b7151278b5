"""The results of personas, below /personas/results/."""

from django.urls import path

from crm.alignment import persona_results

urlpatterns = [
    path("", persona_results.persona_results, name="persona_results"),
]
