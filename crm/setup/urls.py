"""URLs of the set-up and of the settings that it leaves."""

from django.urls import path

from crm.setup import wizard_views

urlpatterns = [
    path("", wizard_views.checklist, name="setup"),
    path("first/", wizard_views.first, name="setup_first"),
    path("organisation/", wizard_views.organisation, name="setup_organisation"),
    path("holidays/", wizard_views.holidays, name="setup_holidays"),
    path("hours/", wizard_views.working_hours, name="setup_hours"),
    path("teams/", wizard_views.teams, name="setup_teams"),
    path("persona/", wizard_views.persona, name="setup_persona"),
    path("agreement/", wizard_views.agreement, name="setup_agreement"),
    path("agreement/sign/", wizard_views.sign, name="setup_sign"),
    path("test/", wizard_views.test_lead, name="setup_test"),
    path("test/now/", wizard_views.test_lead_now, name="setup_test_now"),
    path("test/remove/", wizard_views.test_lead_remove, name="setup_test_remove"),
    path("skip/<slug:key>/", wizard_views.skip, name="setup_skip"),
    path("end/", wizard_views.end, name="setup_end"),
]
