from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "crm.api"
    label = "api"

    def ready(self) -> None:
        from crm.api import schema  # noqa: F401  # tells drf-spectacular how keys are sent
