"""URLs of calendars."""

from django.urls import path

from sla.views import calendars, deadline_tester, special_days, weekly_hours

urlpatterns = [
    path("", calendars.calendar_list, name="calendars"),
    path("new/", calendars.calendar_new, name="calendar_new"),
    path("tester/", deadline_tester.calendar_tester, name="calendar_tester"),
    path("<int:pk>/", calendars.calendar_page, name="calendar"),
    path("<int:pk>/edit/", calendars.calendar_edit, name="calendar_edit"),
    path("<int:pk>/hours/", weekly_hours.calendar_week, name="calendar_week"),
    path("<int:pk>/days/", special_days.calendar_day, name="calendar_day"),
    path("<int:pk>/holidays/", special_days.calendar_holidays, name="calendar_holidays"),
    path("<int:pk>/archive/", calendars.calendar_archive, name="calendar_archive"),
    path("<int:pk>/restore/", calendars.calendar_restore, name="calendar_restore"),
]
