"""The page that removes the demo, below /setup/."""

from django.urls import path

from crm.demo import remove_views

urlpatterns = [
    path("start-fresh/", remove_views.start_fresh, name="start_fresh"),
]
