"""Writing a draft: the form, over which two people may meet, and publishing or discarding it."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from crm.accounts.request import Request, require_permission
from crm.lib.errors import DomainError
from crm.lib.forms import add_domain_error
from leads.records import custom_fields
from personas import drafts, permissions
from personas.criteria import Unfit, operand_of
from personas.fields import NOBODY_KNOWS, Fields, operators
from personas.forms import conflicts
from personas.forms import draft_data as documents
from personas.forms.conflicts import Pair
from personas.forms.draft_data import CRITERIA, Typed
from personas.forms.personas import DraftForm
from personas.models import Persona, PersonaVersion
from personas.states import VersionState
from personas.views.personas import fetch, show


@require_POST
@require_permission(permissions.can_edit)
def start(request: Request, pk: int) -> HttpResponse:
    """Open the draft, or begin one with what the published version says."""
    drafts.start(fetch(pk), by=request.user, at=request.now)
    return redirect("persona_edit", pk=pk)


def draft_of(persona: Persona) -> PersonaVersion | None:
    """The open draft with its criteria."""
    rows = persona.versions.filter(state=VersionState.DRAFT).select_related("persona", "changed_by")
    return rows.prefetch_related("criteria").first()


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission(permissions.can_edit)
def edit(request: Request, pk: int) -> HttpResponse:
    """The whole document as a form.

    Rows are added, moved and dropped without saving; over a newer revision both are shown and the
    person chooses.
    """
    persona = fetch(pk)
    draft, facts = draft_of(persona), custom_fields.criterion_fields()
    if draft is None:
        if request.method == "POST":
            return show(request, pk, status=409, refusal=drafts.NotADraft.message)
        return redirect("persona", pk=pk)
    if request.method != "POST":
        typed = documents.of_version(draft)
        return _form(
            request, draft, DraftForm(typed, facts), was=json.dumps(documents.units(typed))
        )
    typed, was = documents.read(request.POST), request.POST.get("was", "")
    if "do" in request.POST:
        place = documents.act(typed, request.POST["do"])
        form = DraftForm(typed, facts)
        return _form(request, draft, form, was=was, revision=_revision(request.POST), place=place)
    return _save(request, draft, typed, facts)


def _save(request: Request, draft: PersonaVersion, typed: Typed, facts: Fields) -> HttpResponse:
    """Save what was typed, or show it again with what is wrong, or beside what somebody else saved
    meanwhile.
    """
    revision, was = _revision(request.POST), request.POST.get("was", "")
    if "compared" in request.POST:
        saved = documents.of_version(draft)
        pairs = conflicts.pairs(was, typed, saved, conflicts.kept(request.POST), facts)
        if any(not pair.choice for pair in pairs):
            return _both(request, draft, typed, pairs, was=was, status=422)
        typed = documents.joined(typed, saved, {pair.unit: pair.is_mine for pair in pairs})
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
        fresh = draft_of(draft.persona)
        if fresh is not None:
            pairs = conflicts.pairs(was, typed, documents.of_version(fresh), {}, facts)
            return _both(request, fresh, typed, pairs, was=was, status=409)
        return show(request, draft.persona_id, status=409, refusal=drafts.NotADraft.message)
    except DomainError as error:
        status = add_domain_error(form, error)
        return _form(request, draft, form, was=was, revision=revision, status=status)
    messages.success(request, _("The draft is saved."))
    if "stay" in request.POST:
        return redirect("persona_edit", pk=draft.persona_id)
    return redirect(f"{reverse('persona', args=[draft.persona_id])}?version={draft.number}")


def _revision(posted: QueryDict) -> int:
    """The revision that was on the screen; 0, which no draft has, where that cannot be read."""
    raw = posted.get("revision", "")
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 9 else 0


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
    """The form; ``place``: the row that was just added or moved."""
    context = {
        "persona": draft.persona,
        "draft": draft,
        "form": form,
        "was": was,
        "revision": draft.revision if revision is None else revision,
        "place": place,
        "is_unsaved": request.method == "POST",
        "can_edit_fields": permissions.can_edit_fields(request.user),
    }
    return render(request, "personas/persona_edit.html", context, status=status)


def _both(
    request: Request,
    draft: PersonaVersion,
    typed: Typed,
    pairs: list[Pair],
    *,
    was: str,
    status: int,
) -> HttpResponse:
    """What differs, with both values; everything that was typed goes along unseen."""
    hidden = [
        (name, each)
        for name, value in documents.flat(typed).items()
        for each in (value if isinstance(value, list) else [value])
    ]
    context: dict[str, Any] = {
        "persona": draft.persona,
        "draft": draft,
        "pairs": pairs,
        "hidden": hidden,
        "was": was,
    }
    context["is_new"] = status == 409
    return render(request, "personas/persona_compare.html", context, status=status)


@require_POST
@require_permission(permissions.can_edit)
def reading(request: Request, pk: int) -> HttpResponse:
    """One criterion as it is being typed: controls that fit its field, and how the machine reads
    it. Saves nothing.
    """
    persona, typed, facts = (
        fetch(pk),
        documents.read(request.POST),
        custom_fields.criterion_fields(),
    )
    raw = request.POST.get("number", "")
    if not (raw.isascii() and raw.isdigit() and int(raw[:4]) < len(typed.criteria)):
        raise Http404
    row = typed.criteria[int(raw)]
    known = facts.get(row["field"])
    fitting = operators(known) if known else ("said",)
    if row["operator"] not in fitting:
        row["operator"] = str(fitting[0])
    if request.htmx.target == f"{CRITERIA}-{int(raw)}-rule" and not _fits(row, facts):
        row[
            "operand"
        ] = []  # another field or question was chosen: what was compared before means nothing to it
    return render(
        request,
        "personas/_rule.html",
        {
            "persona": persona,
            "row": DraftForm(typed, facts).rules()[int(raw)],
            "form": None,
            "key": CRITERIA,
        },
    )


def _fits(row: dict[str, Any], facts: Fields) -> bool:
    """Whether what is typed can be compared with the field as it is asked now."""
    try:
        operand_of(facts.get(row["field"], NOBODY_KNOWS), row["operator"], row["operand"])
    except Unfit:
        return False
    return True


@require_POST
@require_permission(permissions.can_publish)
def publish(request: Request, pk: int) -> HttpResponse:
    """Put the draft in force and tell the leads of both sides."""
    persona = fetch(pk)
    draft = draft_of(persona)
    try:
        if draft is None:
            raise drafts.NotADraft
        revision, facts = _revision(request.POST), custom_fields.criterion_fields()
        done = drafts.publish(
            draft, revision=revision, fields=facts, by=request.user, at=request.now
        )
    except DomainError as error:
        number = draft.number if draft else None
        return show(request, pk, number=number, status=error.status, refusal=error.message)
    words = {"name": persona, "number": done.number}
    messages.success(
        request, _("Version %(number)s of “%(name)s” is published. It judges from now on.") % words
    )
    return redirect("persona", pk=pk)


@require_POST
@require_permission(permissions.can_edit)
def discard(request: Request, pk: int) -> HttpResponse:
    """Remove the draft."""
    draft = draft_of(fetch(pk))
    if draft is not None:
        drafts.discard(draft, by=request.user, at=request.now)
        messages.success(request, _("The draft is discarded."))
    return redirect("persona", pk=pk)
