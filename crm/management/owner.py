"""Commands that need the rights of the owner of the tables; the product runs as another role."""

from django.conf import settings
from django.db import connection


def connect_as_owner() -> None:
    """Connect as the role of DATABASE_OWNER_URL from here on, where it is set."""
    # The open connection keeps its role; the next query opens one with the new settings.
    if settings.OWNER_DATABASE:
        connection.close()
        connection.settings_dict.update(settings.OWNER_DATABASE)
