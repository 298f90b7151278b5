"""The project package as an installed app: template tags, commands, static files, the ground
migration.
"""

from typing import Any

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate


def grant_after_migrate(sender: AppConfig, **kwargs: Any) -> None:
    from crm.lib.db import append_only

    append_only.grant()


class CrmConfig(AppConfig):
    name = "crm"
    label = "crm"

    def ready(self) -> None:
        # Signals come after the migrations of all apps, but only for apps with models: one of them
        # is enough.
        post_migrate.connect(grant_after_migrate, sender=apps.get_app_config("audit"))
