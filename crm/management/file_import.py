"""Import a file from the command line exactly as the browser does.

The same upload, the same suggested columns and the same form with its questions; an option answers
a question. The import stands in the list of imports and can be undone there.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from django.forms import BoundField
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.accounts.models import Membership, Team, User
from crm.lib import catalogue, clock
from crm.lib.errors import DomainError
from crm.lib.files import csv
from crm.lib.files.layout import UPLOAD_LIMITS, UnusableFile
from crm.lib.text import fold
from leads.forms.imports import ColumnsForm
from leads.imports import companies, notes, runs
from leads.imports.history import command_line
from leads.imports.rejects import rows as rejected_rows
from leads.imports.states import IMPORT_WORK, ImportState, RowKind
from leads.imports.worker import Worker
from leads.models import ImportRun, Source, ValuableActionKind

BREAK = 0.5  # seconds, while another import has its turn
MEGABYTE = 1_000_000
# The option that answers a field of the form.
OPTIONS = {
    "month_first": "--day-first / --month-first",
    "decimal": "--decimal",
    "system": "--system",
    "source": "--source",
    "first_action": "--first-action",
}
CATALOGUES: dict[str, type[Source | ValuableActionKind]] = {
    "source": Source,
    "first_action": ValuableActionKind,
}


class NeedsAnswer(DomainError):
    """The file cannot be read without an answer that no option gives."""

    code = "needs_answer"


class NoPerson(DomainError):
    """No person of the team can own the import."""

    code = "no_person"


class NeedsTeam(DomainError):
    code = "needs_team"
    message = gettext_lazy("There is more than one marketing team, or none: name it with --team.")


class Failed(DomainError):
    """The import stopped half-way."""

    code = "import_failed"


def team_called(name: str | None) -> Team:
    """Return the marketing team, the only one without a name. Raises NoSuchTeam, NeedsTeam."""
    team = command_line.marketing_team(name)
    if team is None:
        raise NeedsTeam
    return team


def person_of(team: Team, email: str | None) -> User:
    """Return the person of ``team`` who imports: the one with this address, else its first lead.

    Raises NoPerson.
    """
    rows = Membership.objects.filter(team=team, user__is_active=True).select_related("user")
    people = [row.user for row in rows.order_by("-is_lead", "pk")]
    if email is not None:
        people = [person for person in people if person.email == email.strip().lower()]
    if not people:
        text = _("Nobody of “%(team)s” can stand for the import: name a person with --by.")
        raise NoPerson(text % {"team": team})
    return people[0]


def carry_out(
    path: Path,
    *,
    team: Team,
    by: User,
    options: Mapping[str, Any],
    rejects: Path,
) -> ImportRun:
    """Import the file at ``path`` for ``team``; rejected rows go to ``rejects``.

    Raises UnusableFile, NeedsAnswer or Failed; before the import itself, nothing of it stays.
    """
    if rejects.resolve() == path.resolve():
        raise UnusableFile(_("The rejects cannot go into the file they are from."))
    with translation.override(by.language):
        run = _uploaded(path, team=team, by=by, at=clock.now())
        try:
            _match(run, options, by=by, at=clock.now())
            _work(run)
            if run.state != ImportState.CHECKED:
                raise UnusableFile(run.problem)
        except DomainError:
            run.refresh_from_db()
            runs.discard(run, by=by, at=clock.now())
            raise
        runs.start(run, by=by, at=clock.now())
        _work(run)
        if run.state != ImportState.DONE:
            raise Failed(run.problem)
        _write_rejects(run, rejects)
    return run


def _uploaded(path: Path, *, team: Team, by: User, at: datetime) -> ImportRun:
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        details = {"path": path, "reason": error.strerror}
        raise UnusableFile(_("%(path)s cannot be read: %(reason)s.") % details) from None
    if size > UPLOAD_LIMITS.size:
        text = _("The file is larger than %(most)d MB: split it.")
        raise UnusableFile(text % {"most": UPLOAD_LIMITS.size // MEGABYTE})
    return runs.upload(
        path,
        path.name,
        size=size,
        sha256=sha256,
        team=team,
        by=by,
        at=at,
        # Who runs the command is not known; the person only stands for it.
        sees_team_only=True,
    )


def _match(run: ImportRun, options: Mapping[str, Any], *, by: User, at: datetime) -> None:
    """Take the columns as suggested and answer the questions. Raises NeedsAnswer."""
    form = ColumnsForm(_answers(run, options), run=run)
    if not form.is_valid():
        raise NeedsAnswer("\n".join(_problems(form)))
    runs.match(run, form.targets, by=by, at=at, **form.chosen)


def _answers(run: ImportRun, options: Mapping[str, Any]) -> dict[str, str]:
    """Return what a browser would send: the form as it is shown, and the options."""
    form = ColumnsForm(run=run)
    # The questions follow from the columns, which an unsent form has as suggested.
    sent: dict[str, str] = {}
    for name in form.fields:
        value = form[name].value()
        sent[name] = "" if value is None else str(value)
    for name, value in options.items():
        if value in (None, ""):
            continue
        if name in CATALOGUES:
            value = _in_catalogue(name, value)
        elif name == "month_first":
            value = int(value)
        sent[name] = str(value)
    return sent


def _in_catalogue(name: str, text: str) -> int:
    """Return the id of the entry that a person names by code or name. Raises NeedsAnswer."""
    rows = list(catalogue.in_use(CATALOGUES[name]))
    for row in rows:
        if fold(text) in {fold(row.code), *map(fold, row.name.values())}:
            return row.pk
    known = ", ".join(row.code for row in rows)
    values = {"option": OPTIONS[name], "text": text, "known": known}
    raise NeedsAnswer(_("%(option)s: there is no “%(text)s”; there are: %(known)s.") % values)


def _problems(form: ColumnsForm) -> list[str]:
    """Return the errors of the form, each with the option that answers it."""
    lines = []
    for name, errors in form.errors.items():
        text = " ".join(map(str, errors))
        if name in form.fields:
            text = f"{form[name].label}: {text}"
        if name in OPTIONS:
            examples = ", ".join(_examples(form[name]))
            text = f"{text} {OPTIONS[name]}"
            if examples:
                text = f"{text} ({examples})"
        lines.append(text)
    return lines


def _examples(field: BoundField) -> Sequence[str]:
    """Return the readings to choose from, in words."""
    choices = getattr(field.field, "choices", ())
    return [str(label) for value, label in choices if value != ""]


def _work(run: ImportRun) -> None:
    """Work on ``run`` until it leaves the hands of the workers."""
    worker = Worker(only=run.pk)
    try:
        while run.state in IMPORT_WORK:
            # Another import may have its turn, or another worker has taken this one.
            if not worker.step():
                time.sleep(BREAK)
            run.refresh_from_db()
    finally:
        worker.close()


def _write_rejects(run: ImportRun, path: Path) -> None:
    lines = rejected_rows.lines(run)
    with csv.Writer(path, next(lines)) as writer:
        for line in lines:
            writer.write(line)


def report_text(run: ImportRun, by: User, rejects: Path) -> str:
    """Return the report in the words and the language of the person who imports."""
    with translation.override(by.language):
        return "\n".join(_report(run, by, rejects))


def _report(run: ImportRun, by: User, rejects: Path) -> list[str]:
    lines: list[tuple[str, object]] = [(_("file"), run.name), (_("rows read"), run.rows_total)]
    lines += [(str(kind.label), run.done.get(kind, 0)) for kind in RowKind]
    if ImportRun.objects.filter(pk=run.pk, rejects__isnull=False).exists():
        lines.append((_("  written to"), rejects))
    for state, count in companies.counts(run).items():
        text = _("data of known companies: %(state)s") % {"state": state.label}
        lines.append((text, count))
    lines += [(_("marketing team"), run.team), (_("imported by"), by)]
    width = max(len(str(label)) for label, _value in lines)
    shown = [f"{label!s:<{width}}  {value}" for label, value in lines]
    row_notes = notes.of_import(run, by)
    shown += [f"{each.field}: {each.text}: {each.count}" for each in row_notes.counts]
    for change in companies.report(run).first:
        row = _("row %(row)d") % {"row": change.row}
        shown.append(f"  {row}: {change.company}: {change.field}: {change.text}")
    return shown
