"""Addresses of the alignment page, below /alignment/."""

from django.urls import path

from crm.dashboard import views

urlpatterns = [
    path("", views.alignment, name="alignment"),
    path("leads/", views.alignment_leads, name="alignment_leads"),
]
