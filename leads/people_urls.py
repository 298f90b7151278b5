"""URLs of people and teams."""

from django.urls import path

from leads.views.settings import access, people, person, teams

urlpatterns = [
    path("people/", people.people_list, name="people"),
    path("people/invite/", access.people_invite, name="people_invite"),
    path("people/<int:pk>/", person.person_page, name="person"),
    path("people/<int:pk>/edit/", person.person_edit, name="person_edit"),
    path("people/<int:pk>/place/", person.person_place, name="person_place"),
    path("people/<int:pk>/leave/", person.person_leave, name="person_leave"),
    path(
        "people/<int:pk>/leave/<int:leave>/end/", person.person_leave_end, name="person_leave_end"
    ),
    path("people/<int:pk>/link/", access.person_link, name="person_link"),
    path("people/<int:pk>/link/revoke/", access.person_revoke, name="person_revoke"),
    path("people/<int:pk>/sessions/end/", access.person_sessions, name="person_sessions"),
    path(
        "people/<int:pk>/second-factor/reset/",
        access.person_second_factor,
        name="person_second_factor",
    ),
    path("people/<int:pk>/hand-over/", access.person_hand_over, name="person_hand_over"),
    path("people/<int:pk>/deactivate/", access.person_deactivate, name="person_deactivate"),
    path("people/<int:pk>/reactivate/", access.person_reactivate, name="person_reactivate"),
    path("teams/", teams.team_list, name="team_list"),
    path("teams/<int:pk>/", teams.team_page, name="team"),
    path("teams/<int:pk>/archive/", teams.team_archive, name="team_archive"),
    path("teams/<int:pk>/restore/", teams.team_restore, name="team_restore"),
]
