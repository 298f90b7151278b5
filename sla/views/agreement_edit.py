"""The pages of the editor of a draft.

Buttons that add and remove rows only show the form again. Saving over a newer draft shows both
values, and the person chooses.
"""

from __future__ import annotations

import json

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from crm.accounts.request import Request, add_notes, deny_unless
from crm.lib import edit_conflicts
from crm.lib.edit_conflicts import ASK, CHOICE, THEIRS, Difference
from crm.lib.errors import DomainError
from crm.lib.forms import add_domain_error
from sla.agreements import drafts, permissions
from sla.forms import draft_data
from sla.forms.agreement_editor import AgreementEditor
from sla.models import AgreementVersion
from sla.states import SIDE_OF, AgreementState, Metric
from sla.views.agreements import fetch
from sla.views.form_page import form_methods

# Fields of the page itself, not of the draft.
PAGE_FIELDS = ("csrfmiddlewaretoken", "revision", "compared", "do")


@form_methods
def agreement_edit(request: Request, pk: int) -> HttpResponse:
    """Change a draft."""
    version = fetch(pk)
    deny_unless(permissions.can_write(request.user, version))
    # A GET is an old link, and leads to the page; a POST would change closed text.
    if version.state != AgreementState.DRAFT:
        if request.method == "POST":
            raise drafts.TextIsClosed
        return redirect("agreement_version", pk=version.pk)
    if request.method != "POST":
        before = draft_data.texts(draft_data.of_version(version))
        editor = AgreementEditor.of(version)
        return _show(
            request,
            editor,
            revision=version.revision,
            before=before,
        )
    action = request.POST.get("do", "")
    if action:
        editor = AgreementEditor.of(version, request.POST.copy(), action=action)
        return _show_again(request, editor)
    return _save(request, version)


def _save(request: Request, version: AgreementVersion) -> HttpResponse:
    posted = request.POST
    editor = AgreementEditor.of(version, posted.copy())
    if not editor.is_valid():
        return _show_again(request, editor, status=422)
    mine = editor.flat()
    # The second time around: the person has seen both values.
    if "compared" in posted:
        differences = _differences(version, mine, posted)
        if any(each.choice == ASK for each in differences):
            return _compare(request, editor, differences, status=422)
        mine = _with_choices(mine, draft_data.of_version(version), differences)
    arguments = draft_data.for_edit(mine)
    # After a comparison this is the newer revision, which was shown there.
    seen = edit_conflicts.version_on_screen(posted, "revision")
    try:
        drafts.edit(
            version,
            by=request.user,
            at=request.now,
            seen=seen,
            **arguments,
        )
    except drafts.EditedMeanwhile as error:
        editor.version = version = fetch(version.pk)
        differences = _differences(version, editor.flat(), posted)
        # Without a difference the other person saved the very same text.
        if differences:
            return _compare(
                request,
                editor,
                differences,
                status=409,
                message=error.message,
            )
    except DomainError as error:
        status = add_domain_error(editor.form, error)
        return _show_again(request, editor, status=status)
    add_notes(request, *editor.rows.forms)
    messages.success(request, _("Saved."))
    return redirect("agreement_version", pk=version.pk)


def _differences(
    version: AgreementVersion,
    mine: draft_data.Flat,
    posted: QueryDict,
) -> list[Difference]:
    """Return what differs between the screen and the stored draft.

    Also what only the stored draft has: a commitment that was added meanwhile.
    """
    saved = draft_data.texts(draft_data.of_version(version))
    typed = draft_data.texts(mine)
    for name in saved:
        typed.setdefault(name, "")
    before = edit_conflicts.texts_at_first(posted)
    if before:
        before = {name: before.get(name, "") for name in typed}
    return edit_conflicts.compare(before, typed, saved, edit_conflicts.choices(posted))


def _with_choices(
    mine: draft_data.Flat,
    saved: draft_data.Flat,
    differences: list[Difference],
) -> draft_data.Flat:
    """Return what was typed, with the saved value wherever that was chosen."""
    merged = dict(mine)
    for difference in differences:
        if difference.choice != THEIRS:
            continue
        name = difference.field
        if name in saved:
            merged[name] = saved[name]
        else:
            merged.pop(name, None)
    return merged


def _compare(
    request: Request,
    editor: AgreementEditor,
    differences: list[Difference],
    *,
    status: int,
    message: object = "",
) -> HttpResponse:
    """Show what differs, with both values; the rest of what was typed goes along hidden."""
    rows = []
    for each in differences:
        rows.append(
            {
                "name": f"{CHOICE}{each.field}",
                "label": draft_data.label(each.field),
                "mine": draft_data.value_text(each.field, each.mine, editor.names),
                "theirs": draft_data.value_text(each.field, each.theirs, editor.names),
                "choice": each.choice,
            }
        )
    context = {
        "version": editor.version,
        "rows": rows,
        "hidden": _hidden_fields(request.POST),
        "message": message,
        "is_open": status == 422,
    }
    return render(request, "sla/agreement_compare.html", context, status=status)


def _hidden_fields(posted: QueryDict) -> list[tuple[str, str]]:
    fields = []
    for name in posted:
        if name not in PAGE_FIELDS and not name.startswith(CHOICE):
            fields += [(name, str(value)) for value in posted.getlist(name)]
    return fields


def _show_again(
    request: Request,
    editor: AgreementEditor,
    *,
    status: int = 200,
) -> HttpResponse:
    """Show the editor with what was posted, on the revision that the person saw at first."""
    revision = edit_conflicts.version_on_screen(request.POST, "revision")
    before = edit_conflicts.texts_at_first(request.POST)
    return _show(
        request,
        editor,
        revision=revision,
        before=before,
        status=status,
    )


def _show(
    request: Request,
    editor: AgreementEditor,
    *,
    revision: int,
    before: dict[str, str],
    status: int = 200,
) -> HttpResponse:
    context = {
        "version": editor.version,
        "form": editor.form,
        "commitments": editor.rows,
        "commitment_errors": [] if status == 200 else editor.rows.errors(),
        "addable": {side: _metrics_of(side) for side in ("marketing", "sales")},
        "revision": revision,
        "was": json.dumps(before, ensure_ascii=False),
        "next_id": editor.next_id,
        "capacity": editor.missing_capacity(),
    }
    return render(request, "sla/agreement_edit.html", context, status=status)


def _metrics_of(side: str) -> list[Metric]:
    return [metric for metric in Metric if SIDE_OF[metric] == side]


@require_POST
def agreement_capacity(request: Request, pk: int) -> HttpResponse:
    """Answer whether sales can work what marketing promises, as typed now: a fragment."""
    version = fetch(pk)
    deny_unless(permissions.can_write(request.user, version))
    # Any action shows the form without errors; this one changes no row.
    editor = AgreementEditor.of(version, request.POST.copy(), action="look")
    capacity = editor.missing_capacity()
    return render(request, "sla/_agreement_capacity.html", {"capacity": capacity})
