"""Every URL of the product. Default deny: LoginRequiredMiddleware guards all but the few marked otherwise."""

from django.conf.urls.i18n import urlpatterns as i18n_urls
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path

from crm import views
from crm.accounts import views as accounts
from crm.notifications import views as notifications

for pattern in i18n_urls:
    pattern.callback = login_not_required(pattern.callback)  # the sign-in page offers both languages

urlpatterns = [
    path("", views.home, name="home"),
    path("healthz", views.healthz, name="healthz"),
    path("pulse", views.pulse, name="pulse"),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/demo/", accounts.demo_sign_in, name="demo_sign_in"),
    path("i18n/", include(i18n_urls)),
    path("preferences/", accounts.preferences, name="preferences"),
    path("notices/", notifications.notice_list, name="notice_list"),
    path("notices/read/", notifications.mark_read, name="notice_mark_read"),
    path("alignment/", include("crm.dashboard.urls")),
    path("", include("leads.urls")),
]
