"""Shorter intervals for the background work of a product under test."""

from django.apps import AppConfig

SECONDS = {"sweep-deadlines": 2.0, "deliver-messages": 2.0, "work-on-imports": 1.0}


class Quick(AppConfig):
    name = "tests.harness"
    label = "quick"

    def ready(self) -> None:
        from crm.celery import app

        for name, seconds in SECONDS.items():
            entry = app.conf.beat_schedule[name]
            entry["schedule"] = seconds
            entry["options"]["expires"] = seconds
