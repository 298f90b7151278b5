"""What the pages of an import show of it, compared before an act on one of them."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from crm.lib.errors import Conflict
from crm.lib.input import fingerprints
from leads.models import ImportRun

# The parts that the pages show, by the columns that hold them.
PARTS: dict[str, tuple[str, ...]] = {
    "state": ("state", "problem"),
    "reading": ("reading", "header"),
    "columns": ("columns", "system", "source_id", "first_action_id", "answers"),
    "rows": ("checked", "done", "rows_total"),
}
LABELS = {
    "state": _("its state"),
    "reading": _("how the file is read"),
    "columns": _("what the columns become"),
    "rows": _("its numbers of rows"),
}


class ImportMovedOn(Conflict):
    code = "import_moved_on"
    message = _("This import has moved on in the meantime. Look at it again.")


def fingerprint(run: ImportRun) -> str:
    """Return the fingerprint of what a page of ``run`` shows."""
    return fingerprints.of_parts(_parts(run))


def _parts(run: ImportRun) -> dict[str, Any]:
    return {part: [getattr(run, name) for name in names] for part, names in PARTS.items()}


def lock_as_shown(run: ImportRun, shown: str | None) -> None:
    """Lock ``run`` and read it again; raise ImportMovedOn unless ``shown`` is its fingerprint.

    None: a program asks, which shows no page. It then acts on what it has read.
    """
    if shown is None:
        return
    rows = ImportRun.objects.select_for_update(no_key=True).defer("duplicates")
    run.refresh_from_db(from_queryset=rows)
    if shown != fingerprint(run):
        raise moved_on(run, shown)


def moved_on(run: ImportRun, shown: str) -> ImportMovedOn:
    """Return the error that names what is not as in the fingerprint ``shown``."""
    if not shown:
        return ImportMovedOn(fingerprints.NOT_SENT)
    changed = fingerprints.changed(shown, _parts(run))
    # A text that is no fingerprint of an import may name other parts.
    names = [str(LABELS[part]) for part in changed if part in LABELS]
    if not names:
        return ImportMovedOn()
    text = _("%(message)s Changed since you opened the page: %(parts)s.")
    return ImportMovedOn(text % {"message": ImportMovedOn.message, "parts": ", ".join(names)})
