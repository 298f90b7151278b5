"""The editor of a draft.

Buttons that add and remove rows only show the form anew; saving over a newer draft shows both
values and the person chooses.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.forms.utils import ErrorDict
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from crm.accounts.request import Request, deny_unless
from crm.lib import edit_conflicts
from crm.lib.edit_conflicts import ASK, THEIRS, Difference
from crm.lib.errors import DomainError
from crm.lib.forms import add_domain_error
from sla.agreements import drafts, permissions
from sla.calendars import hours_text, work_calendars
from sla.forms import commitments, draft_data
from sla.forms.commitments import Promises, restructure
from sla.forms.terms import TermsForm, choices_of
from sla.models import AgreementVersion
from sla.states import SIDE_OF, Metric
from sla.text import labels
from sla.views.agreements import fetch

OURS = (
    "csrfmiddlewaretoken",
    "revision",
    "compared",
    "do",
)  # what the form says of itself, not of the draft


@dataclass
class Editor:
    """The forms over one draft. ``next_id``: the row that a button was about."""

    version: AgreementVersion
    form: TermsForm
    promises: Promises
    names: labels.Labels
    next_id: str = ""

    @classmethod
    def of(
        cls, version: AgreementVersion, data: QueryDict | None = None, *, wish: str = ""
    ) -> Editor:
        names = labels.collect()
        choices = {kind: choices_of(names[kind]) for kind in commitments.CONDITIONS}
        day = hours_text.day_minutes(work_calendars.windows_of(version.calendar))
        quiet, next_id = data is None or bool(wish), ""
        rows: MultiValueDict[str, Any] = (
            commitments.as_data(drafts.commitments_of(version)) if data is None else data
        )
        if wish:
            next_id = restructure(rows, wish)
        form = TermsForm(data, version=version, names=names)
        if quiet:
            form._errors = ErrorDict()  # type: ignore[attr-defined]  # shown as it stands, judged when it is saved
        return cls(
            version, form, Promises(rows, choices=choices, day=day, quiet=quiet), names, next_id
        )

    def is_valid(self) -> bool:
        return all([self.form.is_valid(), self.promises.is_valid()])

    def flat(self) -> draft_data.Flat:
        return self.form.flat() | draft_data.promises(self.promises.promises())


@require_http_methods(["GET", "HEAD", "POST"])
def agreement_edit(request: Request, pk: int) -> HttpResponse:
    """Change a draft."""
    version = fetch(pk)
    deny_unless(permissions.can_write(request.user, version))
    if version.state != "draft":
        if request.method == "POST":
            raise drafts.TextIsClosed
        return redirect("agreement_version", pk=version.pk)
    if request.method != "POST":
        was = draft_data.texts(draft_data.of_version(version))
        return _show(request, Editor.of(version), revision=version.revision, was=was)
    if wish := request.POST.get("do", ""):
        return _reshaped(request, version, wish)
    return _save(request, version)


def _reshaped(request: Request, version: AgreementVersion, wish: str) -> HttpResponse:
    editor = Editor.of(version, request.POST.copy(), wish=wish)
    return _show(
        request,
        editor,
        revision=edit_conflicts.version_on_screen(request.POST, "revision"),
        was=edit_conflicts.texts_at_first(request.POST),
    )


def _save(request: Request, version: AgreementVersion) -> HttpResponse:
    posted = request.POST
    editor, revision, was = (
        Editor.of(version, posted.copy()),
        edit_conflicts.version_on_screen(posted, "revision"),
        edit_conflicts.texts_at_first(posted),
    )
    if not editor.is_valid():
        return _show(request, editor, revision=revision, was=was, status=422)
    mine = editor.flat()
    if "compared" in posted:
        differences = _differences(version, mine, posted)
        if [each for each in differences if each.choice == ASK]:
            return _compare(request, editor, differences, status=422)
        mine = _with_choices(mine, draft_data.of_version(version), differences)
    try:
        drafts.edit(
            version, by=request.user, at=request.now, seen=revision, **draft_data.for_edit(mine)
        )
    except drafts.EditedMeanwhile as error:
        editor.version = version = fetch(version.pk)
        if differences := _differences(version, editor.flat(), posted):
            return _compare(request, editor, differences, status=409, message=error.message)
    except DomainError as error:
        return _show(
            request, editor, revision=revision, was=was, status=add_domain_error(editor.form, error)
        )
    messages.success(request, _("Saved."))
    return redirect("agreement_version", pk=version.pk)


def _differences(
    version: AgreementVersion, mine: draft_data.Flat, posted: QueryDict
) -> list[Difference]:
    """Also what only the saved draft has: a commitment that somebody added meanwhile."""
    saved = draft_data.texts(draft_data.of_version(version))
    typed = draft_data.texts(mine)
    everything = typed | {name: "" for name in saved if name not in typed}
    was = edit_conflicts.texts_at_first(posted)
    if was:
        was = {name: was.get(name, "") for name in everything}
    return edit_conflicts.compare(was, everything, saved, edit_conflicts.choices(posted))


def _with_choices(
    mine: draft_data.Flat, saved: draft_data.Flat, differences: list[Difference]
) -> draft_data.Flat:
    """What was typed, with the saved value wherever that was chosen."""
    found = dict(mine)
    for each in differences:
        if each.choice != THEIRS:
            continue
        if each.field in saved:
            found[each.field] = saved[each.field]
        else:
            found.pop(each.field, None)
    return found


def _compare(
    request: Request,
    editor: Editor,
    differences: list[Difference],
    *,
    status: int,
    message: object = "",
) -> HttpResponse:
    """Only what differs, each with both values; the rest of what was typed goes along unseen."""
    names = editor.names
    rows = [
        {
            "name": f"keep.{each.field}",
            "label": draft_data.label(each.field),
            "mine": draft_data.say(each.field, each.mine, names),
            "theirs": draft_data.say(each.field, each.theirs, names),
            "choice": each.choice,
        }
        for each in differences
    ]
    posted = request.POST
    unseen = [
        (name, value)
        for name in posted
        if name not in OURS and not name.startswith("keep.")
        for value in posted.getlist(name)
    ]
    context = {
        "version": editor.version,
        "rows": rows,
        "unseen": unseen,
        "message": message,
        "is_open": status == 422,
    }
    return render(request, "sla/agreement_compare.html", context, status=status)


def _show(
    request: Request, editor: Editor, *, revision: int, was: dict[str, str], status: int = 200
) -> HttpResponse:
    metrics = [(metric, SIDE_OF[metric]) for metric in Metric]
    context = {
        "version": editor.version,
        "form": editor.form,
        "promises": editor.promises,
        "promise_errors": [] if status == 200 else editor.promises.errors(),
        "addable": {
            side: [m for m, of in metrics if of == side] for side in ("marketing", "sales")
        },
        "revision": revision,
        "was": json.dumps(was, ensure_ascii=False),
        "next_id": editor.next_id,
        "capacity": _capacity(editor.form["capacity"].value(), editor.promises),
    }
    return render(request, "sla/agreement_edit.html", context, status=status)


@require_POST
def agreement_capacity(request: Request, pk: int) -> HttpResponse:
    """Whether sales can work what marketing promises, as it is typed now: a fragment."""
    version = fetch(pk)
    deny_unless(permissions.can_write(request.user, version))
    editor = Editor.of(version, request.POST.copy(), wish="look")
    found = _capacity(editor.form["capacity"].value(), editor.promises)
    return render(request, "sla/_agreement_capacity.html", {"capacity": found})


def _capacity(raw: Any, promises: Promises) -> dict[str, int] | None:
    """The volume promised and what sales can work, where the first is more."""
    volumes = [
        row.form["target"].value()
        for row in promises.marketing
        if row.metric == Metric.MQL_VOLUME and not row.varies
    ]
    found = [
        int(Decimal(str(text))) for text in (raw, *volumes) if str(text or "").strip().isdecimal()
    ]
    if len(found) < 2 or not str(raw or "").strip().isdecimal() or found[0] >= max(found[1:]):
        return None
    return {"volume": max(found[1:]), "capacity": found[0]}
