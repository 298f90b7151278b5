"""Compile the variants of the Spanish catalogue: "lead" for "prospecto", "SLA" for "ANS"."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand

from crm.lib.wording import variants


class Command(BaseCommand):
    help = "Compile the variants of the Spanish catalogue; for developers, see `make messages`."
    # It reads and writes files only, so it runs without a database or complete settings.
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        crm = apps.get_app_config("crm")
        variants.compile_catalogues(Path(crm.path) / "locale")
