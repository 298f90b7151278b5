"""URLs of the set-up, whose pages are the settings later."""

from django.urls import path

from crm.setup.views import (
    agreement,
    calendar,
    checklist,
    first_admin,
    organisation,
    persona,
    teams,
    test_lead,
)

urlpatterns = [
    path("", checklist.checklist, name="setup"),
    path("first/", first_admin.first, name="setup_first"),
    path("organisation/", organisation.organisation, name="setup_organisation"),
    path("holidays/", calendar.holidays, name="setup_holidays"),
    path("hours/", calendar.working_hours, name="setup_hours"),
    path("teams/", teams.teams, name="setup_teams"),
    path("persona/", persona.persona, name="setup_persona"),
    path("agreement/", agreement.agreement, name="setup_agreement"),
    path("agreement/sign/", agreement.sign, name="setup_sign"),
    path("test/", test_lead.test_lead, name="setup_test"),
    path("test/now/", test_lead.test_lead_now, name="setup_test_now"),
    path("test/remove/", test_lead.test_lead_remove, name="setup_test_remove"),
    path("skip/<slug:key>/", checklist.skip, name="setup_skip"),
    path("end/", checklist.end, name="setup_end"),
]
