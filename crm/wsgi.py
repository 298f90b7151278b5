"""WSGI entry: `gunicorn crm.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")
application = get_wsgi_application()

from crm.setup import code  # noqa: E402  # its models need the application above

code.announce()
