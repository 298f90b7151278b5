"""URLs of people and teams."""

from django.urls import path

from crm.setup import people_views, teams_views

urlpatterns = [
    path("people/", people_views.people_list, name="people"),
    path("people/invite/", people_views.people_invite, name="people_invite"),
    path("people/<int:pk>/", people_views.person_page, name="person"),
    path("people/<int:pk>/edit/", people_views.person_edit, name="person_edit"),
    path("people/<int:pk>/place/", people_views.person_place, name="person_place"),
    path("people/<int:pk>/leave/", people_views.person_leave, name="person_leave"),
    path("people/<int:pk>/leave/<int:leave>/end/", people_views.person_leave_end, name="person_leave_end"),
    path("people/<int:pk>/link/", people_views.person_link, name="person_link"),
    path("people/<int:pk>/link/revoke/", people_views.person_revoke, name="person_revoke"),
    path("people/<int:pk>/sessions/end/", people_views.person_sessions, name="person_sessions"),
    path("people/<int:pk>/hand-over/", people_views.person_hand_over, name="person_hand_over"),
    path("people/<int:pk>/deactivate/", people_views.person_deactivate, name="person_deactivate"),
    path("people/<int:pk>/reactivate/", people_views.person_reactivate, name="person_reactivate"),
    path("teams/", teams_views.team_list, name="team_list"),
    path("teams/<int:pk>/", teams_views.team_page, name="team"),
    path("teams/<int:pk>/archive/", teams_views.team_archive, name="team_archive"),
    path("teams/<int:pk>/restore/", teams_views.team_restore, name="team_restore"),
]
