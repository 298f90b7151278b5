"""Every URL of the product. Default deny: LoginRequiredMiddleware guards all but the few marked otherwise."""

from allauth.account.views import AccountInactiveView, LogoutView
from django.conf.urls.i18n import urlpatterns as i18n_urls
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.views.generic import RedirectView

from crm import views
from crm.accounts import views as accounts
from crm.notifications import views as notifications

for pattern in i18n_urls:
    pattern.callback = login_not_required(pattern.callback)  # type: ignore[type-var]  # the sign-in page offers both languages

to_login = login_not_required(RedirectView.as_view(pattern_name="account_login"))

urlpatterns = [
    path("", views.home, name="home"),
    path("healthz", views.healthz, name="healthz"),
    path("pulse", views.pulse, name="pulse"),
    path("accounts/login/", views.sign_in, name="account_login"),
    path("accounts/logout/", LogoutView.as_view(), name="account_logout"),
    path("accounts/inactive/", AccountInactiveView.as_view(), name="account_inactive"),
    # Nobody signs up or resets a password by themselves yet; allauth asks for these names.
    path("accounts/signup/", to_login, name="account_signup"),
    path("accounts/password/reset/", to_login, name="account_reset_password"),
    path("accounts/demo/", accounts.demo_sign_in, name="demo_sign_in"),
    path("join/<int:pk>/<str:signature>/", accounts.join, name="join"),
    path("i18n/", include(i18n_urls)),
    path("preferences/", accounts.preferences, name="preferences"),
    path("preferences/leave/", accounts.leave_take, name="leave_take"),
    path("preferences/leave/<int:pk>/end/", accounts.leave_end, name="leave_end"),
    path("notices/", notifications.notice_list, name="notice_list"),
    path("notices/read/", notifications.mark_read, name="notice_mark_read"),
    path("", include("crm.setup.people_urls")),
    path("alignment/", include("crm.dashboard.urls")),
    path("setup/", include("crm.setup.urls")),
    path("", include("leads.urls")),
]
