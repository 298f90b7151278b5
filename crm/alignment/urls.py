"""Addresses of the alignment page, below /alignment/."""

from django.urls import path

from crm.alignment import views

urlpatterns = [
    path("", views.alignment, name="alignment"),
    path("<slug:panel>.csv", views.alignment_csv, name="alignment_csv"),
    path("leads/", views.alignment_leads, name="alignment_leads"),
]
