"""The project package as an installed app.

It holds template tags, commands, static files and the migration of database functions.
"""

from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.core.checks import Tags, Warning, register
from django.db.models.signals import post_migrate


def grant_after_migrate(sender: AppConfig, **kwargs: Any) -> None:
    from crm.lib.db import rights

    rights.grant()


@register(Tags.security, deploy=True)
def check_proxies(app_configs: object, **kwargs: Any) -> list[Warning]:
    """Warn where https is brought by a proxy that the settings do not know of."""
    if not settings.HTTPS or settings.RELEVO_PROXIES:
        return []
    text = "BASE_URL is https and RELEVO_PROXIES is 0: everybody counts as the proxy's one address."
    return [Warning(text, hint="Set RELEVO_PROXIES to the number of proxies.", id="relevo.W001")]


class CrmConfig(AppConfig):
    name = "crm"
    label = "crm"

    def ready(self) -> None:
        # Django sends the signal once for each app with models, after all migrations: one is
        # enough.
        post_migrate.connect(grant_after_migrate, sender=apps.get_app_config("audit"))
