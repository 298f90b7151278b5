"""The project package as an installed app.

It holds template tags, commands, static files and the migration of database functions.
"""

from typing import Any

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate


def grant_after_migrate(sender: AppConfig, **kwargs: Any) -> None:
    from crm.lib.db import rights

    rights.grant()


class CrmConfig(AppConfig):
    name = "crm"
    label = "crm"

    def ready(self) -> None:
        # Django sends the signal once for each app with models, after all migrations: one is
        # enough.
        post_migrate.connect(grant_after_migrate, sender=apps.get_app_config("audit"))
