"""The pages of a draft: its form, what two people changed at once, publishing and discarding."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from crm.accounts.request import Request, require_permission
from crm.lib import edit_conflicts
from crm.lib.bilingual import LANGUAGES
from crm.lib.errors import DomainError
from crm.lib.forms import add_domain_error
from crm.lib.input.numbers import whole
from leads.records import custom_fields
from personas import drafts, permissions
from personas.criteria import Unfit, operand_of
from personas.fields import NO_FIELD, Fields, operators
from personas.forms import conflicts, draft_data
from personas.forms.conflicts import PartOfBoth
from personas.forms.draft import DraftForm
from personas.forms.draft_data import CRITERIA, DraftData
from personas.models import Persona, PersonaVersion
from personas.states import Operator, VersionState
from personas.views.personas import fetch, show


@require_POST
@require_permission(permissions.can_edit)
def start(request: Request, pk: int) -> HttpResponse:
    """Open the draft, or begin one with the text of the published version."""
    drafts.start(fetch(pk), by=request.user, at=request.now)
    return redirect("persona_edit", pk=pk)


def draft_of(persona: Persona) -> PersonaVersion | None:
    """Return the open draft with its criteria."""
    drafts_of = persona.versions.filter(state=VersionState.DRAFT)
    # The pages name the persona, who saved last, and every criterion.
    rows = drafts_of.select_related("persona", "changed_by")
    return rows.prefetch_related("criteria").first()


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission(permissions.can_edit)
def edit(request: Request, pk: int) -> HttpResponse:
    """Show and save the whole document as a form.

    Rows are added, moved and dropped without saving. Where somebody else saved a newer revision,
    both are shown and the person chooses.
    """
    persona = fetch(pk)
    draft = draft_of(persona)
    posted = request.POST
    if draft is None:
        if request.method == "POST":
            return _show_without_draft(request, pk, draft_data.read(posted))
        return redirect("persona", pk=pk)
    facts = custom_fields.criterion_fields()
    if request.method != "POST":
        typed = draft_data.of_version(draft)
        was = json.dumps(draft_data.units(typed))
        return _form(request, draft, DraftForm(typed, facts), was=was)
    typed = draft_data.read(posted)
    # The first button of the form is an invisible "save": Enter in a text field presses the
    # first one, and would otherwise add or move a row.
    if "do" not in posted:
        return _save(request, draft, typed, facts)
    place = draft_data.act(typed, posted["do"])
    # ``was`` and the revision stay those of the first look: a newer revision that somebody saved
    # in between must still be noticed when this one is saved.
    return _form(
        request,
        draft,
        DraftForm(typed, facts),
        was=posted.get("was", ""),
        revision=_revision(request, draft),
        place=place,
    )


def _revision(request: Request, draft: PersonaVersion) -> int:
    """Return the revision that the page showed; UNKNOWN_VERSION of another draft or of none.

    A draft that was begun after that one was discarded has revisions from 1 on again.
    """
    posted = request.POST
    if posted.get("draft") != str(draft.pk):
        return edit_conflicts.UNKNOWN_VERSION
    return edit_conflicts.version_on_screen(posted, "revision")


def _save(request: Request, draft: PersonaVersion, typed: DraftData, facts: Fields) -> HttpResponse:
    """Save the typed document.

    Show it again with its errors, or beside the one that somebody else saved in the meantime.
    """
    posted = request.POST
    revision = _revision(request, draft)
    was = posted.get("was", "")
    if "compared" in posted:
        parts = _differing_parts(request, typed, draft, facts)
        if any(not part.choice for part in parts):
            return _both(request, draft, typed, parts, was=was, status=422)
        saved = draft_data.of_version(draft)
        is_mine = {part.unit: part.is_mine for part in parts}
        typed = draft_data.joined(typed, saved, is_mine)
    form = DraftForm(typed, facts, is_checked=True)
    if not form.is_valid():
        return _form(request, draft, form, was=was, revision=revision, status=422)
    try:
        drafts.edit(
            draft,
            typed.content,
            form.criteria,
            revision=revision,
            fields=facts,
            by=request.user,
            at=request.now,
        )
    except drafts.ChangedMeanwhile:
        return _both_after_change(request, draft, typed, facts)
    except DomainError as error:
        status = add_domain_error(form, error)
        return _form(request, draft, form, was=was, revision=revision, status=status)
    messages.success(request, _("The draft is saved."))
    if "stay" in posted:
        return redirect("persona_edit", pk=draft.persona_id)
    address = reverse("persona", args=[draft.persona_id])
    # By number, because the page shows the published version by default.
    return redirect(f"{address}?version={draft.number}")


def _differing_parts(
    request: Request,
    typed: DraftData,
    draft: PersonaVersion,
    facts: Fields,
    *,
    is_chosen: bool = True,
) -> list[PartOfBoth]:
    """Return the parts in which the typed document differs from the saved one.

    Without ``is_chosen`` the choices that were posted do not count.
    """
    posted = request.POST
    saved = draft_data.of_version(draft)
    at_first = edit_conflicts.shown_at_first(posted)
    chosen = {}
    if is_chosen:
        chosen = edit_conflicts.choices(posted)
    return conflicts.parts(at_first, typed, saved, chosen, facts)


def _both_after_change(
    request: Request, draft: PersonaVersion, typed: DraftData, facts: Fields
) -> HttpResponse:
    """Show what was typed beside the draft that somebody else saved in the meantime."""
    # Read again: ``draft`` was read before the lock that noticed the newer revision.
    fresh = draft_of(draft.persona)
    if fresh is None:
        return _show_without_draft(request, draft.persona_id, typed)
    # Choices of an earlier comparison were made about another text.
    parts = _differing_parts(request, typed, fresh, facts, is_chosen=False)
    was = request.POST.get("was", "")
    return _both(request, fresh, typed, parts, was=was, status=409)


def _show_without_draft(request: Request, pk: int, typed: DraftData) -> HttpResponse:
    """Show the persona, whose draft is gone, with the texts that were typed for it."""
    texts = []
    for name, value in draft_data.flat(typed).items():
        language = name.rpartition("-")[2]
        if language in LANGUAGES and value:
            texts.append(value)
    refusal = drafts.NotADraft.message
    return show(request, pk, status=409, refusal=refusal, typed="\n\n".join(texts))


def _form(
    request: Request,
    draft: PersonaVersion,
    form: DraftForm,
    *,
    was: str,
    revision: int | None = None,
    status: int = 200,
    place: str = "",
) -> HttpResponse:
    """Render the form. ``place`` is the row that was just added or moved."""
    if revision is None:
        revision = draft.revision
    context = {
        "persona": draft.persona,
        "draft": draft,
        "form": form,
        "was": was,
        "revision": revision,
        "place": place,
        "is_unsaved": request.method == "POST",
        "can_edit_fields": permissions.can_edit_fields(request.user),
    }
    return render(request, "personas/persona_edit.html", context, status=status)


def _both(
    request: Request,
    draft: PersonaVersion,
    typed: DraftData,
    parts: list[PartOfBoth],
    *,
    was: str,
    status: int,
) -> HttpResponse:
    """Show the parts that differ; everything that was typed goes along in hidden fields."""
    context: dict[str, Any] = {
        "persona": draft.persona,
        "draft": draft,
        "pairs": parts,
        "hidden": list(_hidden(typed)),
        "was": was,
        "is_new": status == 409,
    }
    return render(request, "personas/persona_compare.html", context, status=status)


def _hidden(typed: DraftData) -> Iterator[tuple[str, str]]:
    """Yield name and value of each hidden field; a list needs several fields of one name."""
    for name, value in draft_data.flat(typed).items():
        if isinstance(value, list):
            for each in value:
                yield name, each
        else:
            yield name, value


@require_POST
@require_permission(permissions.can_edit)
def reading(request: Request, pk: int) -> HttpResponse:
    """Show one criterion while it is typed; save nothing.

    The controls fit its field, and a sentence says how the machine reads it.
    """
    persona = fetch(pk)
    typed = draft_data.read(request.POST)
    facts = custom_fields.criterion_fields()
    number = _number_of_criterion(request.POST.get("number", ""), typed)
    row = typed.criteria[number]
    field = facts.get(row["field"])
    fitting: tuple[str, ...] = (Operator.SAID,)
    if field:
        fitting = operators(field)
    if row["operator"] not in fitting:
        row["operator"] = str(fitting[0])
    # The whole rule is asked for when another field or operator was chosen, and then the old
    # operand may not fit. While the operand is typed, only the sentence below it is asked for,
    # and an unfinished operand must stay.
    is_whole_rule = request.htmx.target == f"{CRITERIA}-{number}-rule"
    if is_whole_rule and not _fits(row, facts):
        row["operand"] = []
    rows = DraftForm(typed, facts).rules()
    context = {
        "persona": persona,
        "row": rows[number],
        "form": None,
        "key": CRITERIA,
    }
    return render(request, "personas/_rule.html", context)


def _number_of_criterion(raw: str, typed: DraftData) -> int:
    """Return the number of a typed criterion. Raise Http404 where there is none."""
    number = whole(raw)
    if number is None or number >= len(typed.criteria):
        raise Http404
    return number


def _fits(row: dict[str, Any], facts: Fields) -> bool:
    """Return whether the typed operand can be compared with the field."""
    field = facts.get(row["field"], NO_FIELD)
    try:
        operand_of(field, row["operator"], row["operand"])
    except Unfit:
        return False
    return True


@require_POST
@require_permission(permissions.can_publish)
def publish(request: Request, pk: int) -> HttpResponse:
    """Put the draft in force and notify the leads of both sides."""
    persona = fetch(pk)
    draft = draft_of(persona)
    try:
        if draft is None:
            raise drafts.NotADraft
        published = drafts.publish(
            draft,
            revision=_revision(request, draft),
            fields=custom_fields.criterion_fields(),
            by=request.user,
            at=request.now,
        )
    except DomainError as error:
        # The refused draft is shown, so that the message stands beside what it is about.
        number = None
        if draft is not None:
            number = draft.number
        return show(request, pk, number=number, status=error.status, refusal=error.message)
    text = _("Version %(number)s of “%(name)s” is published. It judges from now on.")
    messages.success(request, text % {"name": persona, "number": published.number})
    return redirect("persona", pk=pk)


@require_POST
@require_permission(permissions.can_edit)
def discard(request: Request, pk: int) -> HttpResponse:
    """Remove the draft that the page showed."""
    draft = draft_of(fetch(pk))
    # A second click finds no draft; what was asked for is done, so it is no error.
    if draft is None:
        return redirect("persona", pk=pk)
    try:
        drafts.discard(draft, revision=_revision(request, draft), by=request.user, at=request.now)
    except DomainError as error:
        return show(request, pk, number=draft.number, status=error.status, refusal=error.message)
    messages.success(request, _("The draft is discarded."))
    return redirect("persona", pk=pk)
