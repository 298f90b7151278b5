"""The kinds of act on many leads, and the results for each lead."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class BulkKind(models.TextChoices):
    """What is done with each lead."""

    HAND_OFF = "hand_off", _("Hand off")
    ASSIGN = "assign", _("Assign")
    ARCHIVE = "archive", _("Archive")


class BulkResult(models.TextChoices):
    """The result for one lead."""

    DONE = "done", _("Done")
    SKIPPED = "skipped", _("Skipped")
