"""Settings of a product under test: it works in the background more often, so that tests wait less.

With BEATS=usual it keeps its own pace. Each process tells the database its number, and MUTANT takes
one safety mechanism out.
"""

import os

from crm.settings import *  # noqa: F403
from crm.settings import DATABASES, INSTALLED_APPS

# Children of a worker's pool carry the number of the worker.
DATABASES["default"]["OPTIONS"]["application_name"] = f"relevo {os.getpid()}"
if os.environ.get("BEATS") != "usual":
    INSTALLED_APPS = [*INSTALLED_APPS, "tests.harness.quick_apps.Quick"]
if os.environ.get("MUTANT"):
    INSTALLED_APPS = [*INSTALLED_APPS, "tests.faults.mutants.apps.Mutants"]
