"""URLs of second factors, but for the step of the sign-in (crm.urls)."""

from django.urls import path

from crm.second_factor.views import proof, settings

urlpatterns = [
    path("", settings.overview, name="second_factor"),
    path("app/", settings.add_app, name="second_factor_app"),
    path("passkey/", settings.add_passkey, name="second_factor_passkey"),
    path("<int:pk>/remove/", settings.remove, name="second_factor_remove"),
    path("codes/", settings.recovery_codes, name="second_factor_codes"),
    path("codes/file/", settings.recovery_codes_file, name="second_factor_codes_file"),
    path("codes/renew/", settings.renew_recovery_codes, name="second_factor_renew"),
    path("confirm/", proof.confirm, name="second_factor_confirm"),
]
