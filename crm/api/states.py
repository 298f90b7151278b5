"""Scopes and lifetimes of keys."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Scope(models.TextChoices):
    READ = "read", _("Read what I can see")
    LEADS = "leads:write", _("Log and change leads")
    HANDOFFS = "handoffs:write", _("Hand off, accept, reject and work handoffs")
    LEAVES = "leaves:write", _("Take and end my leaves")


# Days.
LIFETIMES = (30, 90, 365)
