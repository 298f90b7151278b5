"""The states of an import, the moves between them, and the kinds of rows."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.lib.db.state_machine import Moves


class ImportState(models.TextChoices):
    """The state of an import. Checking, running and undoing are done by a worker."""

    DRAFT = "draft", _("Not finished")
    CHECKING = "checking", _("Being checked")
    CHECKED = "checked", _("Checked")
    RUNNING = "running", _("Running")
    DONE = "done", pgettext_lazy("import", "Imported")
    UNDOING = "undoing", _("Being undone")
    UNDONE = "undone", _("Undone")
    DISCARDED = "discarded", _("Discarded")
    FAILED = "failed", _("Failed")


R = ImportState
IMPORT_WORK = (R.CHECKING, R.RUNNING, R.UNDOING)
IMPORT_MOVES: Moves = {
    R.DRAFT: frozenset({R.CHECKING, R.DISCARDED}),
    # Back to draft: the file cannot be read to its end.
    R.CHECKING: frozenset({R.CHECKED, R.DRAFT, R.DISCARDED}),
    # Back to draft: the file is read another way, and the check no longer holds.
    R.CHECKED: frozenset({R.CHECKING, R.RUNNING, R.DRAFT, R.DISCARDED}),
    R.RUNNING: frozenset({R.DONE, R.FAILED}),
    R.FAILED: frozenset({R.RUNNING, R.UNDOING}),
    R.DONE: frozenset({R.UNDOING}),
    R.UNDOING: frozenset({R.UNDONE}),
    R.UNDONE: frozenset(),
    R.DISCARDED: frozenset(),
}


class RowKind(models.TextChoices):
    """The result of one row of an imported file."""

    NEW = "new", pgettext_lazy("one row", "New")
    KNOWN = "known", pgettext_lazy("one row", "Known already")
    DUPLICATE = "duplicate", _("Twice in the file")
    WRONG = "wrong", _("Wrong")


class ChangeState(models.TextChoices):
    """The result for a fact that a row has of a known company.

    PLANNED: to be written when all rows are in. LEFT: not reverted by the undo, because something
    newer depends on it.
    """

    PLANNED = "planned", _("Planned")
    FILLED = "filled", _("Filled")
    KEPT = "kept", _("Kept")
    TAKEN_BACK = "taken_back", _("Taken back")
    LEFT = "left", _("Left")
