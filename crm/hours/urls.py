"""URLs of calendars."""

from django.urls import path

from crm.hours import tester_views, views

urlpatterns = [
    path("", views.calendar_list, name="calendars"),
    path("new/", views.calendar_new, name="calendar_new"),
    path("tester/", tester_views.calendar_tester, name="calendar_tester"),
    path("<int:pk>/", views.calendar_page, name="calendar"),
    path("<int:pk>/edit/", views.calendar_edit, name="calendar_edit"),
    path("<int:pk>/hours/", views.calendar_week, name="calendar_week"),
    path("<int:pk>/days/", views.calendar_day, name="calendar_day"),
    path("<int:pk>/holidays/", views.calendar_holidays, name="calendar_holidays"),
    path("<int:pk>/archive/", views.calendar_archive, name="calendar_archive"),
    path("<int:pk>/restore/", views.calendar_restore, name="calendar_restore"),
]
