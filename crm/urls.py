"""Every URL of the product. Default deny: LoginRequiredMiddleware guards all but the few marked otherwise."""

from allauth.account.views import AccountInactiveView, LoginView, LogoutView
from django.conf.urls.i18n import urlpatterns as i18n_urls
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.views.generic import RedirectView

from crm import views
from crm.accounts import views as accounts
from crm.api import views as api
from crm.api.endpoint import mount
from crm.dashboard.api import Funnel
from crm.notifications import views as notifications

for pattern in i18n_urls:
    pattern.callback = login_not_required(pattern.callback)  # type: ignore[type-var]  # the sign-in page offers both languages

to_login = login_not_required(RedirectView.as_view(pattern_name="account_login"))

urlpatterns = [
    path("", views.home, name="home"),
    path("healthz", views.healthz, name="healthz"),
    path("pulse", views.pulse, name="pulse"),
    path("accounts/login/", LoginView.as_view(), name="account_login"),
    path("accounts/logout/", LogoutView.as_view(), name="account_logout"),
    path("accounts/inactive/", AccountInactiveView.as_view(), name="account_inactive"),
    # Nobody signs up or resets a password by themselves yet; allauth asks for these names.
    path("accounts/signup/", to_login, name="account_signup"),
    path("accounts/password/reset/", to_login, name="account_reset_password"),
    path("accounts/demo/", accounts.demo_sign_in, name="demo_sign_in"),
    path("i18n/", include(i18n_urls)),
    path("preferences/", accounts.preferences, name="preferences"),
    path("preferences/keys/", api.key_list, name="api_keys"),
    path("preferences/keys/<int:pk>/revoke/", api.key_revoke, name="api_key_revoke"),
    path("api/v1/funnel/", mount(Funnel), name="api_funnel"),
    path("api/v1/", include("crm.api.urls")),
    path("notices/", notifications.notice_list, name="notice_list"),
    path("notices/read/", notifications.mark_read, name="notice_mark_read"),
    path("alignment/", include("crm.dashboard.urls")),
    path("", include("leads.urls")),
]
