"""All URLs of the product.

SignInRequired guards every view except those that are marked with login_not_required.
"""

from allauth.account.views import AccountInactiveView, LogoutView
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.views.generic import RedirectView

from crm import errors, views
from crm.accounts import views as accounts
from crm.accounts.sign_in import views as sign_in
from crm.alignment.api import Funnel
from crm.api import views as api
from crm.api.endpoint import mount
from crm.notifications import views as notifications
from crm.operation import views as operation
from crm.second_factor.views import proof

to_login = login_not_required(RedirectView.as_view(pattern_name="account_login"))

handler400 = errors.bad_request
handler403 = errors.forbidden
handler404 = errors.missing
handler500 = errors.broken

urlpatterns = [
    path("", views.home, name="home"),
    # Django tries one path after the other: those that are asked for most often come first.
    path("pulse", views.pulse, name="pulse"),
    path("api/v1/funnel/", mount(Funnel), name="api_funnel"),
    path("api/v1/", include("crm.api.urls")),
    path("notices/", notifications.notice_list, name="notice_list"),
    path("", include("leads.urls")),
    path("first-steps/dismiss/", views.first_steps_dismiss, name="first_steps_dismiss"),
    path("healthz", operation.healthz, name="healthz"),
    path("readyz", operation.readyz, name="readyz"),
    path("metrics", operation.prometheus, name="metrics"),
    path("accounts/login/", views.sign_in, name="account_login"),
    path("help/", views.help_index, name="help"),
    path("help/<slug:topic>/", views.help_topic, name="help_topic"),
    path("accounts/logout/", LogoutView.as_view(), name="account_logout"),
    path("accounts/inactive/", AccountInactiveView.as_view(), name="account_inactive"),
    # There is no sign-up, but allauth needs a URL with this name.
    path("accounts/signup/", to_login, name="account_signup"),
    path("accounts/password/", accounts.change_password, name="account_change_password"),
    path(
        "accounts/password/reset/", notifications.forgotten_password, name="account_reset_password"
    ),
    path(
        "accounts/password/reset/sent/",
        notifications.forgotten_password_sent,
        name="account_reset_password_done",
    ),
    path(
        "accounts/password/new/<int:person>/<str:token>/",
        accounts.new_password,
        name="account_reset_password_from_key",
    ),
    path(
        "accounts/password/new/done/",
        accounts.new_password_done,
        name="account_reset_password_from_key_done",
    ),
    path("accounts/demo/", accounts.demo_sign_in, name="demo_sign_in"),
    path("join/<int:pk>/<str:signature>/", accounts.join, name="join"),
    # The step of the sign-in after the password; allauth finds it by this name.
    path("accounts/login/code/", proof.sign_in, name="mfa_authenticate"),
    path("i18n/setlang/", accounts.choose_language, name="set_language"),
    path("preferences/", accounts.preferences, name="preferences"),
    path("preferences/leave/", accounts.leave_take, name="leave_take"),
    path("preferences/leave/<int:pk>/end/", accounts.leave_end, name="leave_end"),
    path("preferences/zone/", accounts.choose_zone, name="choose_zone"),
    path("preferences/sessions/", sign_in.session_list, name="session_list"),
    path("preferences/sessions/<int:pk>/end/", sign_in.session_end, name="session_end"),
    path("preferences/sessions/end-others/", sign_in.session_end_others, name="session_end_others"),
    path("preferences/second-factor/", include("crm.second_factor.urls")),
    path("preferences/keys/", api.key_list, name="api_keys"),
    path("preferences/keys/<int:pk>/revoke/", api.key_revoke, name="api_key_revoke"),
    path("notices/read/", notifications.mark_read, name="notice_mark_read"),
    path("notices/<int:pk>/open/", notifications.open_notice, name="notice_open"),
    path("", include("leads.people_urls")),
    path("agreement/", include("sla.agreement_urls")),
    path("alignment/", include("crm.alignment.urls")),
    path("calendars/", include("sla.calendar_urls")),
    path("personas/results/", include("crm.alignment.persona_urls")),
    path("personas/fields/", include("leads.custom_field_urls")),
    path("personas/", include("personas.urls")),
    path("setup/", include("crm.demo.urls")),
    path("setup/operation/", include("crm.operation.urls")),
    path("setup/", include("crm.setup.urls")),
]
